"""Stations' hot state in Redis, watched for all who wait by one task: a look at the stamps."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from redis.asyncio import Redis

from runtime import lifetime
from runtime.stores import STORE_ERRORS
from stations.state import keys
from stations.state.stamps import STAMP_SIZE, unpack_state

log = logging.getLogger(__name__)

EVERY = 0.2  # seconds between two looks
PER_STATION = 0.001  # seconds more between looks for each station that is waited for
CHUNK = 200

State = dict | None
Fits = Callable[[dict], bool]


class States:
    """`wait` until a station's snapshot fits; `read` it now."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: dict[str, list[tuple[Fits, asyncio.Future]]] = {}
        self._stamps: dict[str, bytes] = {}
        self._last: dict[str, dict] = {}
        self._task: asyncio.Task | None = None

    async def read(self, stations: Iterable[str]) -> dict[str, State]:
        """Snapshots by identity, None where there is none. Raises RedisError."""
        wanted = list(stations)
        found: dict[str, State] = {}
        for start in range(0, len(wanted), CHUNK):
            names = wanted[start : start + CHUNK]
            values = await self._redis.mget([keys.state_key(name) for name in names])
            for name, value in zip(names, values, strict=True):
                found[name] = unpack_state(value)[1] if value else None
        return found

    async def wait(self, station: str, fits: Fits, seconds: float) -> State:
        """The first snapshot that fits, or None when the time is over."""
        future = asyncio.get_running_loop().create_future()
        entry = (fits, future)
        self._waiting.setdefault(station, []).append(entry)
        self._stamps.pop(station, None)  # whatever it is, it is new to this one
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="scenario-states")
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            there = self._waiting[station]
            there.remove(entry)
            if not there:
                self._waiting.pop(station)
                self._stamps.pop(station, None)
                self._last.pop(station, None)

    def last(self, station: str) -> State:
        """The newest snapshot that the watch has seen."""
        return self._last.get(station)

    async def close(self) -> None:
        if self._task is not None:
            await lifetime.end([self._task])

    async def _watch(self) -> None:
        while self._waiting:
            began = time.monotonic()
            try:
                await self._look(list(self._waiting))
            except STORE_ERRORS as failure:
                log.warning("the stations' states are not read, Redis is away: %s", failure)
                await asyncio.sleep(1)
            pause = max(EVERY, PER_STATION * len(self._waiting)) - (time.monotonic() - began)
            await asyncio.sleep(max(0.02, pause))

    async def _look(self, stations: list[str]) -> None:
        for start in range(0, len(stations), CHUNK):
            names = stations[start : start + CHUNK]
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.getrange(keys.state_key(name), 0, STAMP_SIZE - 1)
            stamps = await pipe.execute()
            pairs = zip(names, stamps, strict=True)
            moved = {name: stamp for name, stamp in pairs if self._stamps.get(name) != stamp}
            if moved:
                self._tell(await self.read(moved), moved)

    def _tell(self, states: dict[str, State], stamps: dict[str, bytes]) -> None:
        for name, state in states.items():
            if name not in self._waiting:
                continue
            self._stamps[name] = stamps[name]
            if state is None:
                continue
            self._last[name] = state
            for fits, future in self._waiting[name]:
                if not future.done() and fits(state):
                    future.set_result(state)

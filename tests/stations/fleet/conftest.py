"""Fixtures of the fleet's tests: clean Redis and collection, a list for the recorder's place."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings

from benchmarks.processes import free_port

PATIENCE = 60.0  # seconds: for what comes at once on a machine that has nothing else to do


class KeptFrames:
    """Stands where messaging's Recorder does; keeps what it is given."""

    def __init__(self, root: Path = Path("/nonexistent")) -> None:
        self.root = root
        self.frames: list[tuple[str, int, object]] = []
        self.sessions: list[dict] = []
        self.states: list[tuple[str, bytes]] = []
        self.numbers: dict[str, int] = {}

    def record(self, station: str, run: int, frame: object) -> None:
        self.frames.append((station, run, frame))
        self.numbers[station] = max(self.numbers.get(station, 0) + 1, (run << 40) + 1)

    def session(self, run: int, update: dict) -> None:
        self.sessions.append(update)

    def state(self, station: str, run: int, state: bytes, updates: list[dict]) -> None:
        self.states.append((station, state))
        self.sessions += updates

    def number(self, station: str) -> int:
        return self.numbers.get(station, 0)

    def go_on(self, station: str, number: int) -> None:
        self.numbers[station] = max(self.numbers.get(station, 0), number)

    def hold_until(self, settled: object) -> None: ...

    def spare(self, in_a_rush: object) -> None: ...

    def stats(self) -> dict:
        return {"recorded": len(self.frames)}

    async def start(self) -> None: ...

    async def stop(self, timeout: float = 10.0) -> None: ...


@pytest.fixture
def kept() -> KeptFrames:
    return KeptFrames()


@pytest.fixture
def store():
    """The session's real Redis, emptied before the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client


@pytest.fixture
async def aredis(store):
    """An asyncio client of the same Redis."""
    from redis.asyncio import Redis

    client = Redis.from_url(settings.REDIS_URL)
    yield client
    await client.aclose()


class OwnRedis:
    """A redis-server that a test may stop and start again, empty, on the same port."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        program = Path(sys.executable).parent / "redis-server"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [str(program), *options, "--dir", str(self._directory)], stdout=subprocess.DEVNULL
        )
        limit = time.monotonic() + PATIENCE
        with redis.Redis.from_url(self.url) as client:
            while time.monotonic() < limit:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.02)
        raise RuntimeError("redis-server did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def own_redis(tmp_path):
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def states(db, store):
    """The collection `station_state` on the real SecantusDB, emptied before the test."""
    from stations.state.snapshots import state_collection

    collection = state_collection()
    collection.delete_many({})
    return collection


async def until(condition, seconds: float = PATIENCE):
    """Wait until `condition()` is true; fail the test after `seconds`: not a promise of speed."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110 - the conditions have no event
            await asyncio.sleep(0.01)
    return found


@pytest.fixture
def dialing_row(queue, kept):
    """dialing_row(row): the dialer of a station whose row is good, which dials at once."""
    from tests.stations.fleet.dialers import dialer_of_row

    made = []

    def make(row):
        assert not row.problems()
        made.append(dialer_of_row(row, queue, kept))
        made[-1].connect()
        return made[-1]

    yield make
    for dialer in made:
        dialer.drop()


@pytest.fixture
async def sink():
    from tests.stations.fleet.sink import Sink

    async with Sink() as sink:
        yield sink


@pytest.fixture
async def queue():
    from stations.link.dialing import DialQueue

    queue = DialQueue(timeout=2)
    yield queue
    await queue.close()


@pytest.fixture
async def station(sink, queue, kept):
    """The dialer of a 1.6 station that is not dialing yet."""
    from tests.stations.fleet.dialers import make_dialer

    dialer = make_dialer("CP-1", sink, queue, kept)
    yield dialer
    dialer.disconnect()
    dialer.drop()


@pytest.fixture
async def layers():
    """Channel layers keep connections of the loop they were used on."""
    from channels.layers import channel_layers

    yield
    for layer in channel_layers.backends.values():
        await layer.close_pools() if hasattr(layer, "close_pools") else await layer.flush()
    channel_layers.backends.clear()


@pytest.fixture
async def worker(transactional_db, store, layers, sink):
    from tests.stations.fleet.running import RunningWorker

    running = RunningWorker()
    yield running
    if not running.task.done():
        await running.stop()

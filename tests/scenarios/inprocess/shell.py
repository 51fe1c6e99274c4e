"""A station of the core and a CSMS on PyPI `ocpp`, joined in memory, and the engine's services.

Here stands what in the platform are worker, sockets, stores and runner; the station, the CSMS's
library, the engine and the wire watch are the real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import msgspec

from chargepoint.config import SUBPROTOCOLS, ConnectorConfig, StationConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Close, Cut, Dial, Frame, Noted, Received, Send
from chargepoint.versions import make_station
from messaging.records import FrameRecord, id_at
from messaging.rows import Row
from scenarios.engine.clock import Clock
from scenarios.engine.commander import Commander
from scenarios.engine.strand import Subject
from scenarios.engine.stream import Stream
from scenarios.rules.patterns import Frame as Seen
from stations.link.speaking import NothingChosen, chosen_config
from stations.orders.commands import CommandFailed
from tests.system.csms import SIDES

HOP = 0.002  # seconds from one side to the other
BATCH = 0.1  # seconds that records wait for others, as in the worker
REDIAL = 1.0
NAME = "CP-1"
OUTLETS = (
    ConnectorConfig(1, 1, "Type2", 3, 22_000), ConnectorConfig(2, 2, "Type2", 3, 22_000),
)  # fmt: skip
# What leaves a CSMS: (frame, its text) -> [(seconds later, text), ...].
Breaking = Callable[[list, "Link"], list[tuple[float, str]]]


class Link:
    """One connection, as the CSMS's library knows it; `asked`: id -> action of the station's."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.inbox: asyncio.Queue[str] = asyncio.Queue()
        self.asked: dict[str, str] = {}
        self.said = 0  # frames of the CSMS
        self.task: asyncio.Task | None = None
        self.side: Any = None

    async def recv(self) -> str:
        return await self.inbox.get()

    async def send(self, text: str) -> None:
        self.said += 1
        for later, changed in self.shell.breaking(json.loads(text), self):
            self.shell.loop.call_later(HOP + later, self.shell.hear, self, changed)

    def take(self, text: str) -> None:
        with contextlib.suppress(ValueError):
            match json.loads(text):
                case [2, str(uid), str(action), _]:
                    self.asked[uid] = action
        self.shell.loop.call_later(HOP, self.inbox.put_nowait, text)


class Shell:
    """What carries out a station's effects, keeps its log and tells its state."""

    def __init__(
        self, version: str, breaking: Breaking, clock: Clock, choice: str | None = None, **more: Any
    ) -> None:
        self.loop, self.clock, self.breaking = asyncio.get_running_loop(), clock, breaking
        self.choice = SUBPROTOCOLS[version] if choice is None else choice
        self.config = StationConfig(NAME, version, connectors=OUTLETS, default_id_tag="TAG-1",
                                    serial="S1", firmware="1.0", **more)  # fmt: skip
        self.seeds = itertools.count(1)
        self.station = make_station(self.config, None, clock.time(), next(self.seeds))
        self.stream = Stream(clock)
        self.log: list[FrameRecord] = []
        self._batch: list[Row] = []
        self.link: Link | None = None
        self.links: list[Link] = []
        self.error = ""
        self.running = self.wanted = False
        self._timer: asyncio.TimerHandle | None = None
        self._dialing: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[Callable, asyncio.Future]] = []

    # --- effects -----------------------------------------------------------------------------

    def perform(self, effects: list) -> None:
        for effect in effects:
            match effect:
                case Send(frame):
                    self._record(frame)
                    if self.link is not None:
                        self.link.take(frame.text)
                case Received(frame) | Noted(frame):
                    self._record(frame)
                case Close(code, reason, after):
                    self._lose(code, reason, REDIAL if after is None else after)
                case Cut():
                    self._lose(1006, "", None)
                case Dial(pause):
                    self._dial(pause)
        self._arm()
        self._tell()

    def _record(self, frame: Frame) -> None:
        moment = round(frame.time * 1e6)
        if self.log:
            moment = max(moment, int(self.log[-1].id[:14], 16) + 1)
        made = FrameRecord(
            f"{id_at(moment / 1e6)}{len(self.log):08x}", NAME, 1, len(self.log), frame.time,
            frame.direction, frame.kind, frame.action, frame.unique_id, frame.text,
            frame.latency, frame.error, frame.mark,
        )  # fmt: skip
        self.log.append(made)
        if not self._batch:
            self.loop.call_later(BATCH, self._ship)
        self._batch.append(Row(made))

    def _ship(self) -> None:
        batch, self._batch = self._batch, []
        self.stream.offer(batch)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.station.deadline
        if due is not None and self.running:
            self._timer = self.loop.call_later(max(0.0, due - self.clock.time()), self._wake)

    def _wake(self) -> None:
        if self.running:
            self.perform(self.station.wake(self.clock.time()))

    # --- the link ----------------------------------------------------------------------------

    def _dial(self, pause: float) -> None:
        if self._dialing is not None:
            self._dialing.cancel()
        self._dialing = self.loop.call_later(pause, self._made)

    def _made(self) -> None:
        if not (self.running and self.wanted) or self.link is not None:
            return
        wanted = SUBPROTOCOLS[self.config.version]
        try:
            if self.choice != wanted:
                chosen_config(self.config, (), [self.choice])
        except NothingChosen as refusal:
            self.error = str(refusal)
            self._dial(REDIAL)
            return
        self.error = ""
        link = self.link = Link(self)
        self.links.append(link)
        link.side = SIDES[wanted](NAME, link)
        link.task = self.loop.create_task(link.side.start())
        self.perform(self.station.connected_to(self.clock.time()))

    def _lose(self, code: int, reason: str, redial: float | None) -> None:
        link, self.link = self.link, None
        if link is not None:
            link.task.cancel()
        self.perform(self.station.disconnected(self.clock.time(), code, reason))
        if redial is not None:
            self._dial(redial)

    def hear(self, link: Link, text: str) -> None:
        if link is self.link:
            self.perform(self.station.received(text, self.clock.time()))

    # --- commands ----------------------------------------------------------------------------

    def switch(self, running: bool) -> bool:
        if running == self.running:
            return False
        if running:
            saved = self.station.snapshot()["saved"]
            self.station = make_station(self.config, saved, self.clock.time(), next(self.seeds))
            self.running = self.wanted = True
            self._dial(0.0)
            self._arm()
        else:
            self.perform(self.station.power_off(self.clock.time()))
            self.running = False
        self._tell()
        return True

    def command(self, name: str, args: dict) -> dict:
        match name:
            case "disconnect":
                self.wanted = False
                self._lose(1000, "", None)
                return {}
            case "connect":
                self.wanted = True
                self._dial(0.0)
                return {}
        try:
            result, effects = self.station.command(name, args, self.clock.time())
        except CommandRejected as refusal:
            raise CommandFailed(refusal.code, refusal.message) from None
        self.perform(effects)
        return result

    def configure(self, overrides: dict) -> None:
        changed = {**self.config.configuration, **overrides}
        kept = {name: value for name, value in changed.items() if value is not None}
        self.config = msgspec.structs.replace(self.config, configuration=kept)
        self.perform(self.station.reconfigure(self.config, self.clock.time()))

    # --- state -------------------------------------------------------------------------------

    def snapshot(self) -> dict:
        found = json.loads(json.dumps(self.station.snapshot(), default=str))
        if not self.running:
            found["connected"] = False
        return found | {"link": {"error": self.error}}

    def _tell(self) -> None:
        if self._waiting:
            state = self.snapshot()
            for fits, future in self._waiting:
                if not future.done() and fits(state):
                    future.set_result(state)

    async def wait(self, station: str, fits: Callable, seconds: float) -> dict | None:
        """As States.wait; meters move by themselves, so it looks now and then."""
        future = self.loop.create_future()
        entry = (fits, future)
        self._waiting.append(entry)
        until = self.clock.monotonic() + seconds
        try:
            while not future.done() and self.clock.monotonic() < until:
                self._tell()
                await asyncio.wait([future], timeout=0.2)
            return future.result() if future.done() else None
        finally:
            self._waiting.remove(entry)

    async def read(self, stations: list[str]) -> dict[str, dict | None]:
        return dict.fromkeys(stations, self.snapshot())

    # --- services ----------------------------------------------------------------------------

    async def frames(self, station: str, after: str, pattern: Any) -> list[Seen]:
        return [Seen.of_record(made) for made in self.log if made.id > after]

    async def last_boot(self, station: str) -> str:
        boots = [made.id for made in self.log
                 if (made.direction, made.action) == ("sent", "BootNotification")]  # fmt: skip
        return f"{int(boots[-1][:14], 16) - 1:014x}" if boots else ""

    async def subjects(self, stations: list[str]) -> dict[str, Subject]:
        return {NAME: Subject(NAME, self.config.version, [1, 2], "TAG-1")}

    def end(self) -> None:
        self.running = False
        for link in self.links:
            link.task.cancel()


class Desk(Commander):
    """Commands go to the station at once."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell

    async def command(self, station: str, name: str, args: dict, timeout: float) -> dict:
        await asyncio.sleep(HOP)
        return self._shell.command(name, args)

    async def switch(self, station: str, running: bool) -> bool:
        await asyncio.sleep(HOP)
        return self._shell.switch(running)

    async def configure(self, station: str, overrides: dict) -> None:
        self._shell.configure(overrides)


class NoRecords:
    """A run without a store keeps none."""

    async def insert(self, execution: str, runner: str, logs: list) -> None:
        pass

    async def write(self, runner: str, logs: list) -> bool:
        return True

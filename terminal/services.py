"""What a scenario's run needs, from stations of this process: no Redis, no log in a store.

The engine is the runner's own (scenarios/engine); these take the places of its ways to the
platform's stations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from chargepoint.core.commands import CommandRejected
from messaging.records import FrameRecord
from messaging.rows import Row
from scenarios.engine.clock import Clock as EngineClock
from scenarios.engine.recording import StationLog
from scenarios.engine.strand import Services, Subject
from scenarios.engine.stream import Stream
from scenarios.rules.patterns import Frame, Pattern
from scenarios.web import Hosts
from stations.models import Station
from stations.orders.commands import CommandFailed
from terminal import relinking
from terminal.ground import Ground
from terminal.haste import Hurried
from terminal.hearing import Heard, Hearing

State = dict[str, Any] | None


def services_of(ground: Ground, hearing: Hearing, hosts: Hosts | None = None) -> Services:
    """For scenarios.engine.execution.Run. hosts: where a step may lead a station to."""
    clock = ground.host.clock if isinstance(ground.host.clock, Hurried) else EngineClock()
    stream = Stream(clock)
    hearing.taps.append(lambda station, heard: _offer(stream, station, heard))

    async def subjects(identities: list[str]) -> dict[str, Subject]:
        return {i: _subject(ground.rows[i]) for i in identities if i in ground.rows}

    return Services(
        stream, Past(hearing), States(ground, hearing), Commander(ground, hosts or Hosts()),
        records=Records(), subjects=subjects, clock=clock, at_once=True,
    )  # fmt: skip


def _offer(stream: Stream, station: str, heard: Heard) -> None:
    stream.offer([Row(_record(station, heard))])


def _record(station: str, heard: Heard) -> FrameRecord:
    f = heard.frame
    return FrameRecord(
        heard.id, station, 0, heard.number, f.time, f.direction, f.kind, f.action, f.unique_id,
        f.text, f.latency, f.error, f.mark,
    )  # fmt: skip


def _subject(row: Station) -> Subject:
    outlets = [connector["id"] for connector in row.connectors]
    return Subject(
        row.identity, row.ocpp_version, outlets, row.default_id_tag, row.ev_max_power_w,
        row.csms_url,
    )  # fmt: skip


class Past:
    """In the place of scenarios.engine.past.Past: what this process has heard."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    async def frames(self, station: str, after: str, pattern: Pattern | None) -> list[Frame]:
        """Frames of a station with ids above `after`, of those kept; only those that the pattern
        may fit, where one is given."""
        heard = (h for h in self._hearing.since(station, 0) if h.id > after)
        return [
            frame
            for frame in (Frame.of_record(_record(station, each)) for each in heard)
            if pattern is None or _may_be(pattern, frame)
        ]

    async def last_boot(self, station: str) -> str:
        """The record id just before the station's last BootNotification request; "" where there
        was none."""
        boots = [
            heard.id for heard in self._hearing.since(station, 0)
            if heard.frame.action == "BootNotification" and heard.frame.kind == "Call"
        ]  # fmt: skip
        return f"{int(boots[-1][:14], 16) - 1:014x}" if boots else ""


def _may_be(pattern: Pattern, frame: Frame) -> bool:
    wanted = {action for action, _ in pattern.actions}
    right_way = not pattern.direction or frame.direction == pattern.direction
    return right_way and (not wanted or frame.action in wanted)


class States:
    """In the place of scenarios.engine.states.States: the stations themselves are asked."""

    def __init__(self, ground: Ground, hearing: Hearing) -> None:
        self._ground, self._hearing = ground, hearing

    async def read(self, stations: Iterable[str]) -> dict[str, State]:
        return {name: self._ground.state(name) for name in stations}

    async def wait(self, station: str, fits: Callable[[dict], bool], seconds: float) -> State:
        """The state of a station as soon as it fits, or None after `seconds`."""

        def fitting() -> State:
            state = self._ground.state(station)
            return state if state is not None and fits(state) else None

        try:
            return await self._hearing.until(fitting, seconds)
        except TimeoutError:
            return None

    def last(self, station: str) -> State:
        return self._ground.state(station)


class Commander:
    """In the place of scenarios.engine.commander.Commander."""

    def __init__(self, ground: Ground, hosts: Hosts) -> None:
        self._ground, self._hosts = ground, hosts

    async def command(self, station: str, name: str, args: dict, timeout: float) -> dict[str, Any]:
        try:
            return self._ground.order(station, name, args)
        except CommandRejected as refusal:
            raise CommandFailed(refusal.code, refusal.message) from None

    async def relink(self, station: str, changes: Mapping[str, Any]) -> None:
        """See terminal.relinking. Raises CommandFailed."""
        relinking.change(self._ground.rows[station], changes, self._hosts)
        await self._ground.relink(station)

    async def switch(self, station: str, running: bool) -> bool:
        return await self._ground.switch(station, running)

    async def configure(self, station: str, overrides: Mapping[str, str | None]) -> None:
        """Set configuration overrides of a station that runs here; None takes one away.

        Raises ValidationError, and changes nothing, where its row does not take them.
        """
        row = self._ground.rows[station]
        before = row.configuration
        changed = {**before, **overrides}
        row.configuration = {name: v for name, v in changed.items() if v is not None}
        try:
            row.clean()
        except ValidationError:
            row.configuration = before
            raise
        self._ground.reconfigure(station)


class Records:
    """In the place of scenarios.engine.recording.Records: the logs are what is kept."""

    async def insert(self, execution: str, runner: str, logs: list[StationLog]) -> None: ...

    async def write(self, runner: str, logs: list[StationLog]) -> bool:
        return True

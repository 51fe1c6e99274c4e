"""Runs act by act under load: workers come, leave and are drained, and shards are divided; or
their hosts are drained, cut off, die and leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import NotInTime
from chaos.audit.evidence import CALL, Said, read_frame
from chaos.platform import Platform
from chaos.record import CLOSED, SENT, TOLD, Seen, read
from chaos.run import Plan, Run

SHARDS_FIRST = 8
SETTLING = 300.0  # seconds for the shards to be spread evenly
STEP = 0.2
DRAINED = "worker-2"
AWAY = 20.0  # seconds that a host which others have replaced is still away
ALONE = "32 shards become 64, of one worker"


@dataclass(frozen=True)
class Act:
    """One thing that an operator does. `do` is given the platform and returns when it is done."""

    name: str
    do: Callable[[Platform], None]


@dataclass(frozen=True)
class Change:
    """A station that changed its link: seconds from the old one's end to the first frame on the
    new one."""

    station: str
    gap: float


@dataclass
class Figures:
    """What one act did to those that it was done under. `began`, `well`: monotonic seconds.

    asked, answered: Calls of the CSMS; slowest: seconds to an answer. boots: BootNotifications.
    """

    name: str
    began: float
    well: float
    changes: list[Change]
    asked: int = 0
    answered: int = 0
    slowest: float = 0.0
    boots: int = 0


def _workers(number: int) -> Callable[[Platform], None]:
    return lambda platform: set_workers(platform, number)


def _shards(number: int) -> Callable[[Platform], None]:
    return lambda platform: platform.divide(number)


def set_workers(platform: Platform, number: int) -> None:
    """Workers that are too many have ended in order when this returns."""
    platform.set_workers(number)
    platform.await_retired()


def drain(platform: Platform) -> None:
    """SIGTERM; it leaves in order, and others have its shards before it comes back."""
    platform.terminate(DRAINED)
    platform.await_end(DRAINED)
    await_spread(platform, platform.workers - 1)
    platform.bring_up(DRAINED)


ACTS = (
    Act("one worker becomes three", _workers(3)),
    Act("8 shards become 16", _shards(16)),
    Act("a worker is drained by SIGTERM and comes back", drain),
    Act("16 shards become 32", _shards(32)),
    Act("three workers become one", _workers(1)),
    Act(ALONE, _shards(64)),
)


def cut_off(platform: Platform) -> None:
    """Neither stores nor CSMS: others have its stations while its worker lives on."""
    platform.hosts.cut_off(DRAINED)
    await_others(platform)
    platform.pause(AWAY)
    platform.hosts.heal(DRAINED)


def die(platform: Platform) -> None:
    """With what it had not handed on, which others find in its journal."""
    platform.kill(DRAINED)
    await_others(platform)
    platform.pause(AWAY)
    platform.bring_up(DRAINED)


def leave(platform: Platform) -> None:
    """In order, and its disk is thrown away."""
    leaving = f"worker-{platform.workers}"
    set_workers(platform, platform.workers - 1)
    platform.hosts.lose_disk(leaving)


ON_HOSTS = (
    Act("a host is drained and comes back", drain),
    Act("a host is cut off, others have its stations, it is back", cut_off),
    Act("a host dies, others have its stations, it is back", die),
    Act("a fourth host, with a disk of its own", _workers(4)),
    Act("the fourth leaves for good, its disk too", leave),
)


class ScaleRun(Run):
    """Beside what is audited as always, every act's figures."""

    def __init__(
        self, plan: Plan, directory: Path, say: Callable[[str], None], acts: tuple[Act, ...] = ACTS
    ) -> None:
        super().__init__(plan, directory, say)
        self.acts = acts

    def _rounds(self) -> None:
        hold = self.plan.minutes * 60 / len(self.acts)
        began = time.monotonic()
        windows: list[tuple[str, float, float]] = []
        for act in self.acts:
            self.platform.pause(hold)
            since = time.monotonic()
            act.do(self.platform)
            try:
                await_spread(self.platform, self.platform.workers)
            except NotInTime as late:
                self.outcome.broken.append(f"{act.name}: {late}")
            took = self._recovered(act.name, since)
            windows.append((act.name, since, time.monotonic()))
            self.say(f"{time.strftime('%H:%M:%S')} {act.name}: well after {took:.1f} s")
        self.platform.pause(hold)
        self.outcome.minutes = (time.monotonic() - began) / 60
        self._windows = windows

    def _audit(self) -> None:
        super()._audit()
        seen = {name: list(read(self.directory / "record", name)) for name in self.fleet.all}
        self.outcome.acts = [figures(name, *when, seen) for name, *when in self._windows]
        self.outcome.broken += moved_for_nothing(self.outcome.acts)


def moved_for_nothing(acts: list[Figures]) -> list[str]:
    """Where one worker has all shards before and after a division, no link may change."""
    return [
        f"{act.name}: a link was changed of {change.station}"
        for act in acts
        if act.name == ALONE
        for change in act.changes
    ]


def await_others(platform: Platform) -> None:
    """Until the shards of the one that is away are spread over the others."""
    await_spread(platform, platform.workers - 1, away=f"{DRAINED}-")


def await_spread(platform: Platform, workers: int, away: str = " ") -> None:
    """Until every shard has a worker that runs its stations, and each has its part.

    away: how the id of a worker begins that is not counted though it may still be listed.
    """
    limit = time.monotonic() + SETTLING
    while time.monotonic() < limit:
        held = {w: n for w, n in platform.shards().items() if not w.startswith(away)}
        number = int(platform.redis.get("ocpp:fleet:shards") or SHARDS_FIRST)
        share = -(-number // workers)
        if len(held) == workers and sum(held.values()) == number and max(held.values()) <= share:
            return
        platform.pause(STEP)
    raise NotInTime(f"the shards are not spread over {workers} workers: {platform.shards()}")


# --- what a window brought -----------------------------------------------------------------------


def figures(name: str, began: float, well: float, seen: dict[str, list[Seen]]) -> Figures:
    """Of one window, from what the CSMS saw; `seen`: by station, in its order."""
    found = Figures(name, began, well, [])
    for station, rows in seen.items():
        found.changes += [
            Change(station, gap) for at, gap in changes(rows) if began <= at <= well
        ]
        frames = [read_frame(row) for row in rows if row.kind in (SENT, TOLD)]
        _ask(found, [frame for frame in frames if began <= frame.mono])
    return found


def changes(rows: Iterable[Seen]) -> Iterator[tuple[float, float]]:
    """(when, gap) of each change of a link: when a new one spoke first, and how long nobody was
    there before that. 0 where the old one had not ended."""
    ends: dict[int, float] = {}
    last = 0
    for row in rows:
        if row.kind == CLOSED:
            ends[row.link] = row.mono
        elif row.kind == SENT and row.link > last:
            if last:
                yield row.mono, row.mono - ends.get(last, row.mono)
            last = row.link


def _ask(found: Figures, frames: list[Said]) -> None:
    asked: dict[str, float] = {}
    for frame in frames:
        if frame.by_station:
            if frame.action == "BootNotification" and frame.mono <= found.well:
                found.boots += 1
            if frame.kind != CALL and frame.uid in asked:
                found.answered += 1
                found.slowest = max(found.slowest, frame.mono - asked.pop(frame.uid))
        elif frame.kind == CALL and frame.mono <= found.well:
            asked[frame.uid] = frame.mono
            found.asked += 1


def lines(acts: list[Figures]) -> Iterator[str]:
    """A Markdown table."""
    yield (
        "| act, under load | s until all is well | links changed | gap, s: median | longest "
        "| boots | Calls of the CSMS | answered | slowest, s |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for act in acts:
        gaps = sorted(change.gap for change in act.changes)
        middle, longest = (f"{gaps[len(gaps) // 2]:.2f}", f"{gaps[-1]:.2f}") if gaps else ("-", "-")
        yield (
            f"| {act.name} | {act.well - act.began:.1f} | {len(gaps)} | {middle} | {longest} "
            f"| {act.boots} | {act.asked} | {act.answered} | {act.slowest:.2f} |"
        )
    yield ""


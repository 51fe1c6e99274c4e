"""One fleet on one sink, as its users run it: a start, then Heartbeats, then meter values too.

Nothing is kept hot for it (compare `processes.awake`): what a machine that is mostly idle pays for
waking up is part of what the fleet's users pay.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.child import Child
from benchmarks.processes import wait_until
from benchmarks.trees import Cost

EVERY = 5  # seconds between a station's Heartbeats, and between its MeterValues
SETTLE = 5.0  # seconds for the first words, buffers and allocators to come to rest
SPREAD = 5.0  # seconds over which the sink's RemoteStartTransactions are spread
BOOT_PATIENCE = 180.0
KIB = 1024


class Fleet(Protocol):
    """Somebody's stations. `costs`: by part; the sum of them is the whole tree."""

    name: str

    def launch(self, url: str, stations: int) -> None:
        """Be ready for the order; nothing has connected yet."""

    def order(self) -> None:
        """Have all of them connect to the sink and boot."""

    def costs(self, memory: bool = False) -> dict[str, Cost]: ...

    def close(self) -> None: ...


@dataclass
class Window:
    """A stretch of steady traffic. `late`: what was due and did not come, as sentences."""

    pairs: int
    seconds: float
    cpu: dict[str, float]  # by part, seconds
    late: list[str] = field(default_factory=list)

    def per_thousand(self, part: str = "") -> float:
        """CPU milliseconds of 1,000 request-response pairs; of the whole tree or of one part."""
        spent = self.cpu.get(part, 0.0) if part else sum(self.cpu.values())
        return spent / self.pairs * 1e6 if self.pairs else float("nan")

    def core(self, part: str) -> float:
        """Share of one core."""
        return self.cpu.get(part, 0.0) / self.seconds


@dataclass
class Outcome:
    """What one fleet took. Seconds are the sink's; memory in bytes by part."""

    name: str
    stations: int
    answered: float = 0.0  # from the order until whoever took it has answered
    from_order: float = 0.0  # to the last boot
    from_connect: float = 0.0  # from the first upgrade to the last boot
    base: dict[str, Cost] = field(default_factory=dict)
    full: dict[str, Cost] = field(default_factory=dict)
    beats: Window | None = None
    meters: Window | None = None
    boots: str = ""  # what is wrong with them

    @property
    def late(self) -> list[str]:
        """What the sink did not see though it was due, as sentences."""
        windows = [window for window in (self.beats, self.meters) if window]
        late = [sentence for window in windows for sentence in window.late]
        return [self.boots, *late] if self.boots else late

    def kib(self, part: str = "") -> float:
        """Unique memory of a station: what the tree, or a part of it, has grown by."""
        parts = [part] if part else list(self.full)
        nothing = Cost()
        grown = sum((self.full[p] - self.base.get(p, nothing) for p in parts), nothing)
        return grown.pss / self.stations / KIB


class Trial:
    """Takes one fleet through everything; windows of `window` seconds."""

    def __init__(self, sink: Child, window: float, say=print) -> None:
        self.sink, self.window, self.say = sink, window, say

    def run(self, fleet: Fleet, stations: int) -> Outcome:
        outcome = Outcome(fleet.name, stations)
        url = f"ws://127.0.0.1:{self.sink.ask('listen', interval=EVERY)}/ocpp"
        try:
            fleet.launch(url, stations)
            time.sleep(SETTLE)
            outcome.base = fleet.costs(memory=True)
            self._start(fleet, outcome)
            outcome.beats = self._watch(fleet, stations, ["Heartbeat"])
            outcome.full = fleet.costs(memory=True)
            self._charge(stations)
            outcome.meters = self._watch(fleet, stations, ["Heartbeat", "MeterValues"])
        finally:
            fleet.close()
        return outcome

    def _start(self, fleet: Fleet, outcome: Outcome) -> None:
        self.sink.ask("reset")
        began = time.time()
        fleet.order()
        outcome.answered = time.time() - began
        wait_until(
            lambda: fleet.costs() and self._boots() >= outcome.stations, BOOT_PATIENCE,
            f"{outcome.stations} stations have booted", 0.1,
        )  # fmt: skip
        stats, said = self.sink.ask("stats"), self.sink.ask("said", action="BootNotification")
        if (said["stations"], said["least"], said["most"]) != (outcome.stations, 1, 1):
            outcome.boots = f"not each of them has booted once: {said}"
        outcome.from_order = stats["last_boot"] - began
        outcome.from_connect = stats["last_boot"] - stats["first_connect"]
        name, order, connect = fleet.name, outcome.from_order, outcome.from_connect
        self.say(
            f"  {name}, {outcome.stations:,}: last boot {order:.1f} s after the order "
            f"(answered in {outcome.answered:.1f}), {connect:.1f} after the first connect"
        )
        time.sleep(SETTLE + EVERY)

    def _boots(self) -> int:
        return self.sink.ask("stats")["calls"].get("BootNotification", 0)

    def _all(self, action: str) -> bool:
        return self.sink.ask("said", action=action)["least"] >= 1

    def _charge(self, stations: int) -> None:
        """A transaction at connector 1 of every station, by the CSMS."""
        self.sink.ask("mark")
        order = {"connectorId": 1, "idTag": "BENCH"}
        self.sink.ask("call", action="RemoteStartTransaction", payload=order, over=SPREAD)
        wait_until(
            lambda: self._all("StartTransaction"), 60,
            f"{stations} charge: {self.sink.ask('said', action='StartTransaction')}", 0.2,
        )  # fmt: skip
        time.sleep(SETTLE + EVERY)

    def _watch(self, fleet: Fleet, stations: int, due: list[str]) -> Window:
        self.sink.ask("mark")
        total, began = self.sink.ask("stats")["total"], time.monotonic()
        before = fleet.costs()
        time.sleep(self.window)
        after, seconds = fleet.costs(), time.monotonic() - began
        pairs = self.sink.ask("stats")["total"] - total
        said = {action: self.sink.ask("said", action=action) for action in due}
        # A part that was not there before the window counts whole.
        cpu = {part: cost.cpu - before.get(part, Cost()).cpu for part, cost in after.items()}
        window = Window(pairs, seconds, cpu)
        for action, found in said.items():
            window.late += self._late(action, found, stations, seconds)
        return window

    @staticmethod
    def _late(action: str, found: dict[str, int], stations: int, seconds: float) -> list[str]:
        """Whether each station said it as often as was due, but for one at the window's edge."""
        each = int(seconds // EVERY)
        told = f"{action}: {found['total']:,} of {each * stations:,} due"
        sentences = []
        if found["stations"] < stations:
            sentences.append(f"{found['stations']:,} of {stations:,} stations are connected")
        if found["least"] < each - 1:
            sentences.append(f"{told}; one station said {found['least']} of {each}")
        elif found["total"] < (each - 0.5) * stations:
            sentences.append(told)
        return sentences

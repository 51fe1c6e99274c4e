"""One tree's core, under orders: a station of each version, and a CSMS in memory.

Run by its path with a tree as working directory and PYTHONPATH, so that `chargepoint` is the
tree's own; it uses only what both trees have. Orders as in benchmarks.child, by their `do`:

    cpu     CPU seconds of a pair, in a run of `pairs`
    count   {"steps": bytecodes, "calls": functions of Python} of a pair: the same in every run

`version`, and `what`: "Heartbeat" or "reading". A pair is a Call of the station and its answer,
from the timer that makes it to the effects of the answer.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.effects import Send
from chargepoint.versions import make_station

START = 1_790_000_000.0
OUTLETS = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))
READING = {"1.6": "MeterValues", "2.0.1": "TransactionEvent", "2.1": "TransactionEvent"}
NEVER = 10 * 365 * 86_400  # seconds
SETTINGS = {"MeterValueSampleInterval": "1", "SampledDataCtrlr.TxUpdatedInterval": "1"}
ROUND_TRIP = 0.01  # seconds until the CSMS has answered
WARM = 20  # pairs before those that are measured


class Life:
    """A station that does one thing a second: it beats, or it sends meter values.

    A reading is a MeterValues in 1.6 and a TransactionEvent of the kind Updated in 2.x, of the
    measurands that a new station has: nine values each.
    """

    def __init__(self, version: str, what: str) -> None:
        self.what = what
        self.wanted = what if what == "Heartbeat" else READING[version]
        self.interval = 1 if what == "Heartbeat" else NEVER
        self.token = "idTagInfo" if version == "1.6" else "idTokenInfo"
        config = StationConfig(
            "CP1", version, connectors=OUTLETS, default_id_tag="BENCH", meter_variance=0.02,
            configuration=SETTINGS,
        )  # fmt: skip
        self.now = START
        self.station = make_station(config, None, self.now, rng_seed=1)
        self.answered = 0
        self._perform(self.station.connected_to(self.now))

    def run(self, pairs: int) -> None:
        """So many pairs of what is measured, and whatever comes between them."""
        until = self.answered + pairs
        while self.answered < until:
            self.now = self.station.deadline
            self._perform(self.station.wake(self.now))

    def begin(self) -> None:
        if self.what == "reading":
            self._command("start-transaction")

    def end(self) -> None:
        if self.what == "reading":
            self._command("stop-transaction")

    def _command(self, name: str) -> None:
        self._perform(self.station.command(name, {"connector": 1}, self.now)[1])

    def _perform(self, effects: list[Any]) -> None:
        for effect in effects:
            if type(effect) is not Send or effect.frame.kind != "Call":
                continue
            frame = effect.frame
            if frame.action == self.wanted:
                self.answered += 1
            text = f'[3,"{frame.unique_id}",{self._answer(frame.action)}]'
            self.now += ROUND_TRIP
            self._perform(self.station.received(text, self.now))

    def _answer(self, action: str) -> str:
        if action in ("BootNotification", "Heartbeat"):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now))
            more = f',"status":"Accepted","interval":{self.interval}' if action[0] == "B" else ""
            return f'{{"currentTime":"{stamp}"{more}}}'
        if action == "StartTransaction":
            return '{"transactionId":7,"idTagInfo":{"status":"Accepted"}}'
        if action == "Authorize":
            return f'{{"{self.token}":{{"status":"Accepted"}}}}'
        return "{}"


def cpu(life: Life, pairs: int) -> float:
    """CPU seconds of a pair."""
    life.begin()
    life.run(WARM)
    gc.collect()
    began = time.process_time()
    life.run(pairs)
    spent = time.process_time() - began
    life.end()
    return spent / pairs


def count(life: Life, pairs: int) -> dict[str, float]:
    """What a pair executes, the CSMS in this file left out."""
    steps = calls = 0

    def step(frame: FrameType, event: str, _: Any) -> Callable:
        nonlocal steps
        steps += event == "opcode"
        return step

    def call(frame: FrameType, event: str, _: Any) -> Callable | None:
        nonlocal calls
        if frame.f_code.co_filename == __file__:
            return None
        calls += 1
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return step

    life.begin()
    life.run(WARM)
    sys.settrace(call)
    try:
        life.run(pairs)
    finally:
        sys.settrace(None)
    life.end()
    return {"steps": steps / pairs, "calls": calls / pairs}


def main() -> None:
    gc.set_threshold(20_000, 20, 100)  # as the worker has it
    lives: dict[tuple[str, str], Life] = {}
    for line in sys.stdin:
        order = json.loads(line)
        place = order["version"], order["what"]
        life = lives.get(place)
        if life is None:
            life = lives[place] = Life(*place)
        measure = {"cpu": cpu, "count": count}[order["do"]]
        print(json.dumps({"result": measure(life, order["pairs"])}), flush=True)


if __name__ == "__main__":
    main()

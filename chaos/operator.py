"""A person at the stations, in a process of the platform's own code: `python -m chaos.operator`.

Looks at the stations' states and does what they suggest: a free one is plugged in and started, one
that has charged for a while is stopped, or its cable pulled, one that is done is unplugged.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from typing import Any

ROUND = 1.0  # seconds between two looks
SESSION = (8.0, 25.0)
LEAVING = 4.0  # until a car that is done is driven away
FORGOTTEN = (60.0, 90.0)  # seconds after which a session of the CSMS's or a scenario's is stopped
ABANDONED = 30.0  # the same of a car that the station's own driver should have taken
PULLED = 0.25  # share of the sessions that a pulled cable ends


class Operator:
    def __init__(self, local: list[str], others: list[str], seed: int) -> None:
        self.local, self.others = set(local), others
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.working = threading.Event()
        self.ending = False
        self.looked = 0
        self.busy = 0  # stations that are not idle, at the last look
        self._since: dict[tuple[str, Any], float] = {}
        self._patience: dict[tuple[str, Any], float] = {}

    def run(self) -> None:
        while True:
            self.working.wait()
            began = time.monotonic()
            try:
                self.round()
            except Exception as fault:  # noqa: BLE001 - a store is away; that is the point here
                self.counts[f"a look failed: {type(fault).__name__}"] += 1
            time.sleep(max(0.05, ROUND - (time.monotonic() - began)))

    def round(self) -> None:
        from stations.state import snapshots

        names = [*self.local, *self.others]
        states = snapshots.read_states_sync(names)
        busy = 0
        for name in names:
            state = states.get(name)
            if state is None:
                busy += 1
                continue
            busy += not self.attend(name, state)
            if not self.working.is_set():
                return
        self.busy, self.looked = busy, self.looked + 1

    def attend(self, name: str, state: dict[str, Any]) -> bool:
        """Do what the state suggests; True where the station is idle."""
        outlet = state["connectors"][0]
        transaction, car = outlet["transaction"], outlet["soc"] is not None
        queue = state["saved"].get("queue")
        if transaction is not None:
            span = SESSION if name in self.local else FORGOTTEN
            if self.ending or self.waited(name, transaction, span):
                self.finish(name)
            return False
        if car:
            patience = LEAVING if self.ending or name in self.local else ABANDONED
            if self.waited(name, "car", (patience, patience)):
                self.do(name, "unplug", connector=1)
            return False
        self.forget(name)
        if name in self.local and not self.ending and outlet["status"] == "Available":
            self.begin(name)
        return not queue

    def begin(self, name: str) -> None:
        from chaos.fleet import CAR

        # Half of them plug in first; for the others the station's own driver does.
        if self.chance.random() < 0.5:
            self.do(name, "plug", connector=1, ev=CAR)
        self.do(name, "start-transaction", connector=1)

    def finish(self, name: str) -> None:
        if not self.ending and self.chance.random() < PULLED:
            self.do(name, "unplug", connector=1)
        else:
            self.do(name, "stop-transaction", connector=1)

    def waited(self, name: str, what: Any, span: tuple[float, float]) -> bool:
        """Whether this has been so for as long as was drawn when it was first seen."""
        key, now = (name, what), time.monotonic()
        since = self._since.setdefault(key, now)
        return now - since >= self._patience.setdefault(key, self.chance.uniform(*span))

    def forget(self, name: str) -> None:
        for table in (self._since, self._patience):
            for key in [key for key in table if key[0] == name]:
                del table[key]

    def do(self, name: str, command: str, **args: Any) -> None:
        from stations.orders.commands import CommandFailed, send_command_sync

        try:
            send_command_sync(name, command, args, timeout=5)
            self.counts[command] += 1
        except CommandFailed as failure:
            self.counts[f"{command}: {failure.code}"] += 1

    def order(self, do: str, given: dict[str, Any]) -> Any:
        match do:
            case "work":
                self.working.set()
            case "rest":
                self.working.clear()
            case "end":
                self.ending = True
            case "go on":
                self.ending = False
            case "stop stations":
                return self.stop_stations()
            case "idle":
                return {"busy": self.busy, "looked": self.looked}
            case "counts":
                return dict(self.counts)
            case _:
                raise ValueError(f"unknown order {do}")
        return None

    def stop_stations(self) -> int:
        from stations.configuration import changes

        return changes.set_running([*self.local, *self.others], False)


def main() -> None:
    import django

    from benchmarks.child import reply

    django.setup()
    operator: Operator | None = None
    for line in sys.stdin:
        order = json.loads(line)
        do = order.pop("do")
        try:
            if do == "begin":
                operator = Operator(order["local"], order["others"], order["seed"])
                threading.Thread(target=operator.run, daemon=True).start()
                reply()
            else:
                reply(operator.order(do, order))
        except Exception as fault:  # noqa: BLE001 - told to the parent, which decides
            reply(error=f"{type(fault).__name__}: {fault}")


if __name__ == "__main__":
    main()

"""Charging sessions of the core, for the curves of the pages: time is a number, nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chargepoint.config import StationConfig
from chargepoint.effects import Close, Dial, Send
from chargepoint.versions import make_station

BEGIN = 1_795_000_000.0  # unix seconds
EVERY = 30.0  # seconds between two points of a curve
_ACCEPTED = {"status": "Accepted"}
_BOOT = {"currentTime": "2026-11-17T10:26:40Z", "interval": 3600, **_ACCEPTED}
_ANSWERS: dict[str, dict[str, Any]] = {
    "BootNotification": _BOOT, "Heartbeat": {"currentTime": _BOOT["currentTime"]},
}  # fmt: skip
_ANSWERS_16 = {
    "Authorize": {"idTagInfo": _ACCEPTED}, "StopTransaction": {},
    "StartTransaction": {"transactionId": 1, "idTagInfo": _ACCEPTED}, "DataTransfer": _ACCEPTED,
}  # fmt: skip
_ANSWERS_2 = {
    "Authorize": {"idTokenInfo": _ACCEPTED}, "TransactionEvent": {"idTokenInfo": _ACCEPTED},
    "NotifyEVChargingNeeds": _ACCEPTED,
}  # fmt: skip


class Played:
    """A station whose CSMS accepts all, and the time that passes for it."""

    def __init__(self, config: StationConfig, seed: int = 7) -> None:
        self.now = BEGIN
        self._answers = _ANSWERS | (_ANSWERS_16 if config.version == "1.6" else _ANSWERS_2)
        self.station = make_station(config, None, self.now, seed)
        self._take(self.station.connected_to(self.now))

    def _take(self, effects: Iterable[Any]) -> None:
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            if isinstance(effect, Send):
                frame = json.loads(effect.frame.text)
                if frame[0] == 2:
                    answer = [3, frame[1], self._answers.get(frame[2], {})]
                    waiting += self.station.received(json.dumps(answer), self.now)
            elif isinstance(effect, Close | Dial):
                raise RuntimeError("the station left in the midst of its session")

    def command(self, name: str, **args: Any) -> None:
        _, effects = self.station.command(name, args, self.now)
        self._take(effects)

    def pass_to(self, moment: float) -> None:
        """Do all that is due until then, in its order."""
        while (due := self.station.deadline) is not None and due <= moment:
            self.now = max(self.now, due)
            self._take(self.station.wake(self.now))
        self.now = moment
        self._take(self.station.wake(self.now))

    def power_w(self) -> dict[int, float]:
        """Of each connector."""
        return {row["id"]: row["power_w"] for row in self.station.snapshot()["connectors"]}


def curves(
    config: StationConfig, cars: Mapping[int, tuple[float, Mapping[str, Any]]], seconds: float
) -> dict[int, list[tuple[float, float]]]:
    """{connector: [(minutes, kW)]} of cars that come after so many seconds.

    cars: {connector: (seconds, the car as a command describes it)}.
    """
    played = Played(config)
    lines: dict[int, list[tuple[float, float]]] = {number: [] for number in cars}
    waiting = sorted((after, number) for number, (after, _) in cars.items())
    passed = 0.0
    while passed <= seconds:
        while waiting and waiting[0][0] <= passed:
            _, number = waiting.pop(0)
            played.command("plug", connector=number, ev=dict(cars[number][1]))
            played.command("start-transaction", connector=number)
        power = played.power_w()
        for number, line in lines.items():
            line.append((passed / 60, power[number] / 1000))
        passed += EVERY
        played.pass_to(BEGIN + passed)
    return lines

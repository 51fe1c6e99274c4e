"""What the CSMS has offered to cars, and whether each keeps to it (K15 to K17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OFFERED_W = 7000.0  # to each car, for want of a grid that would be short of it
SECONDS = 86_400
_TOLERANCE_W = 1.0
_VOLTS, _PHASES = 230.0, 3


class EvSchedules:
    """By EVSE. Payloads are those of the wire, in OCPP's own names."""

    def __init__(self) -> None:
        self._asking: set[int] = set()
        self._offered: dict[int, list[Mapping[str, Any]]] = {}
        self._proposed: dict[int, list[Mapping[str, Any]]] = {}

    def asks(self, evse: int) -> None:
        """Its car has told its needs, and is owed a schedule."""
        self._asking.add(evse)

    def is_owed(self, evse: int) -> bool:
        return evse in self._asking

    def offer(self, evse: int, transaction: str, number: int, begin: str) -> dict[str, Any]:
        """SetChargingProfile; `number`: a profile of this id is replaced."""
        self._asking.discard(evse)
        schedule = {
            "id": number, "startSchedule": begin, "duration": SECONDS, "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": OFFERED_W}],
        }  # fmt: skip
        return {"evseId": evse, "chargingProfile": {
            "id": number, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute", "transactionId": transaction,
            "chargingSchedule": [schedule],
        }}  # fmt: skip

    def propose(self, payload: Mapping[str, Any]) -> None:
        """This SetChargingProfile is on its way: a car may keep to it before its answer is read.

        It may break its schema still, and is then not sent.
        """
        match payload:
            case {"evseId": int(evse), "chargingProfile": {
                "chargingProfilePurpose": "TxProfile", "chargingSchedule": list(schedules),
            }}:  # fmt: skip
                self._proposed[evse] = schedules

    def settle(self, payload: Mapping[str, Any], accepted: bool) -> None:
        """The station has answered it."""
        proposed = self._proposed.pop(payload["evseId"], None)
        if proposed is not None and accepted:
            self._offered[payload["evseId"]] = proposed

    def keeps(self, evse: int, schedule: Mapping[str, Any]) -> bool:
        """Whether a car's schedule (of NotifyEVChargingSchedule) stays within one that was offered.

        Where nothing was offered, there is nothing to keep to.
        """
        known = [*self._proposed.get(evse, ()), *self._offered.get(evse, ())]
        return not known or any(_within(schedule, each) for each in known)


def _within(schedule: Mapping[str, Any], offered: Mapping[str, Any]) -> bool:
    asked = list(_periods(schedule))
    starts = {start for start, _ in asked} | {start for start, _ in _periods(offered)}
    return all(
        _at(start, asked) <= _at(start, _periods(offered)) + _TOLERANCE_W for start in starts
    )


def _periods(schedule: Mapping[str, Any]) -> Iterable[tuple[int, float]]:
    """(second of its beginning, watts); a period without a limit (2.1) has none."""
    for period in schedule["chargingSchedulePeriod"]:
        limit = float(period.get("limit", "inf"))
        if schedule["chargingRateUnit"] == "A":
            limit *= _VOLTS * period.get("numberPhases", _PHASES)
        yield period["startPeriod"], limit


def _at(second: int, periods: Iterable[tuple[int, float]]) -> float:
    """What the period at that second allows; before the first: nothing is drawn."""
    return next((limit for start, limit in reversed(list(periods)) if start <= second), 0.0)

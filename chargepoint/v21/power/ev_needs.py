"""Functional block K in 2.1: an EV tells which schedule it has chosen."""

from typing import Any

from chargepoint.v201.charging.ev_needs import EvNeeds


class EvNeeds21(EvNeeds):
    """Block of Station21."""

    __slots__ = ()

    def choice_told(self, schedule: int) -> dict[str, Any]:
        return {"selectedChargingScheduleId": schedule}

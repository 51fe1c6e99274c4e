"""Functional block Q, Q05-Q06: an external system tells an EVSE what to take or to give."""

from typing import Any

from chargepoint.core.commands import CommandRejected
from chargepoint.v201.charging.external_limits import ExternalLimits


class ExternalSetpoint(ExternalLimits):
    """Block of Station21."""

    __slots__ = ()

    def do_charging_limit(
        self, now: float, limit: Any = None, unit: str = "W", evse: int = 0,
        source: str = "EMS", critical: bool = False, setpoint: float | None = None,
    ) -> dict:  # fmt: skip
        """As in 2.0.1; a `setpoint` is for EVs whose profile is ExternalSetpoint or ExternalLimits.

        `setpoint` is in `unit`, below 0 for energy that flows back. Raises CommandRejected for
        values out of bounds.
        """
        if setpoint is None:
            return super().do_charging_limit(now, limit, unit, evse, source, critical)
        self._check_limit(limit, unit, evse, source)
        if not abs(setpoint) < 1e9:
            raise CommandRejected("invalid_arguments", "setpoint is a number of W or A.")
        period = {"setpoint": float(setpoint), "operationMode": "ExternalSetpoint"}
        if limit is not None:
            period["limit"] = float(limit)
        return self.limit_outside(now, period, unit, evse, source, critical)

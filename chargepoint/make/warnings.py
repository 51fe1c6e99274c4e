"""1.6: errors that a make tells without being Faulted, and those that it tells of connector 0."""

from __future__ import annotations

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.effects import SOON
from chargepoint.hardware.connector import NO_ERROR, Connector


class Warnings(Block):
    """It keeps nothing: an error is the connector's."""

    __slots__ = ()

    KEEPS = False

    @answers(topics.WARNED)
    def warned(
        self, outlet: Connector, code: str, info: str, vendor: str, now: float
    ) -> dict[str, Any] | None:
        """Tell one that the make only warns of, or its end; None for what is a fault."""
        warns = code in self.core.config.make.faults.warnings
        over = code == NO_ERROR and outlet.error_code != NO_ERROR and not outlet.faulted
        if not (warns or over) or outlet.faulted:
            return None
        outlet.warn(code, info, vendor)
        what = "warning is over" if over else f"warns of {code}"
        self.core.remark(f"connector {outlet.id}: {what}", now)
        if self.core.online:
            self.core.tell(topics.SEND_STATUS, outlet, now)
        self.core.changed(SOON)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @hears(topics.FAULTED)
    def fault_changed(self, outlet: Connector, now: float) -> None:
        """4.9: the errors of connector 0 are the station's."""
        if self.core.config.make.faults.connector_0 and self.core.online:
            self._tell_station(now)

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        """After a boot also what was wrong before it."""
        if rebooted and self.core.config.make.faults.connector_0 and self._broken():
            self._tell_station(now)

    def _broken(self) -> list[Connector]:
        return [outlet for outlet in self.core.connectors.values() if outlet.faulted]

    def _tell_station(self, now: float) -> None:
        broken = self._broken()
        more = {"status": "Faulted", "errorCode": broken[0].error_code} if broken else None
        self.core.block("status").send_station_status(now, more)

"""The statuses of the connectors, as the CSMS knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector

if TYPE_CHECKING:
    from chargepoint.core.station import Station


class Statuses:
    """reported  number of the connector -> status that the CSMS knows"""

    __slots__ = ("core", "reported")

    def __init__(self, core: Station) -> None:
        self.core = core
        self.reported: dict[int, str] = {}

    def restore(self, saved: dict[str, Any]) -> None:
        self.reported = {int(k): v for k, v in saved.get("reported", {}).items()}

    def saved(self) -> dict[str, Any]:
        return {"reported": {str(k): v for k, v in self.reported.items()}}

    def report(self, connector: Connector, now: float) -> None:
        """Tell the CSMS the connector's status if it knows another one, and it need not last."""
        if not self.core.ask(topics.REPORT_WAITS, connector, now):
            self.report_now(connector, now)

    def report_now(self, connector: Connector, now: float) -> None:
        """Send the connector's status if it is another than the last one sent, without a minimum
        duration."""
        core = self.core
        core.changed(SOON)
        status = core.ask(topics.STATUS_OF, connector)
        if self.reported.get(connector.id) != status and core.online:
            self.reported[connector.id] = status
            core.tell(topics.SEND_STATUS, connector, now)
        core.tell(topics.REPORTED, connector, now)

    def report_all(self, now: float) -> None:
        for connector in self.core.connectors.values():
            self.report(connector, now)

    def told(self, number: int) -> str | None:
        """The status of a connector that the CSMS knows; None where it was told none."""
        return self.reported.get(number)

    def forget_reported(self, number: int | None = None) -> None:
        """The CSMS is told a connector's status again, without a number that of all."""
        if number is None:
            self.reported.clear()
        else:
            self.reported.pop(number, None)

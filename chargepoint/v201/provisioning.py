"""Functional block B: BootNotification, coming back online. Reset: see resets.py."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import answers
from chargepoint.v201.variable_requests import VariableRequests
from chargepoint.v201.variables import VARIABLES

_HEARTBEAT = next(v for v in VARIABLES if v.key == "OCPPCommCtrlr.HeartbeatInterval")


class Provisioning(VariableRequests):
    __slots__ = ()

    def boot_payload(self) -> dict[str, Any]:
        config = self.config
        # The lengths are the schema's; a longer name is cut rather than keeping the station out.
        station: dict[str, Any] = {
            "model": config.model[:20],
            "vendorName": config.vendor[:50],
        }
        if config.serial:
            station["serialNumber"] = config.serial[:25]
        if firmware := self.firmware_version():
            station["firmwareVersion"] = firmware[:50]
        modem = {"iccid": config.iccid[:20], "imsi": config.imsi[:20]}
        if any(modem.values()):
            station["modem"] = {name: value for name, value in modem.items() if value}
        return {"reason": self.boot_reason, "chargingStation": station}

    def boot_accepted(self, interval: float, now: float) -> None:
        if interval > 0:  # B01.FR.04
            self.model.set(_HEARTBEAT, str(min(int(interval), int(_HEARTBEAT.high))))

    @answers(core_topics.IGNORES_CLOCK)
    def ignores_clock(self) -> bool:
        """ClockCtrlr.TimeSource has the time of the CSMS's answers among its sources, or not."""
        return "Heartbeat" not in self.model.members("ClockCtrlr.TimeSource")

    def registered(self, now: float, rebooted: bool) -> None:
        # B01.FR.05 and B04.FR.01: all statuses after a boot or a long time away, else the news.
        since, self.offline_since = self.offline_since, None
        away = now - since if since is not None else 0.0
        if rebooted or away > self.model.integer("OCPPCommCtrlr.OfflineThreshold"):
            self.forget_reported()
        self.report_all(now)
        self.heed_clock(now, rebooted)
        self.tell_waiting(now, rebooted)
        self.tell_where_things_stand(now, rebooted)
        self.cars_waited(now, rebooted)

    def went_offline(self, now: float) -> None:
        self.offline_since = now

    def refuses_calls(self) -> tuple[str, str] | None:
        if self.registration == "Rejected":  # B03.FR.03
            return "SecurityError", "this station was rejected by the CSMS"
        return None

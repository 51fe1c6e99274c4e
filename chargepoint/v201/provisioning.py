"""Functional block B: BootNotification, coming back online. Reset: see resets.py."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.effects import PingInterval
from chargepoint.v201 import topics
from chargepoint.v201.variables.table import VARIABLES

_HEARTBEAT = next(v for v in VARIABLES if v.key == "OCPPCommCtrlr.HeartbeatInterval")


class Provisioning(Block):
    __slots__ = ("offline_since",)

    KEYS = ("offline_since",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.offline_since: float | None = saved.get("offline_since")

    def saved(self) -> dict[str, Any]:
        return {} if self.offline_since is None else {"offline_since": self.offline_since}

    @answers(core_topics.BOOT_PAYLOAD)
    def boot_payload(self) -> dict[str, Any]:
        """The payload of BootNotification (B01)."""
        config = self.core.config
        # The lengths are the schema's; a longer name is cut rather than keeping the station out.
        station: dict[str, Any] = {
            "model": config.model[:20],
            "vendorName": config.vendor[:50],
        }
        if config.serial:
            station["serialNumber"] = config.serial[:25]
        if firmware := self.core.firmware_now():
            station["firmwareVersion"] = firmware[:50]
        modem = {"iccid": config.iccid[:20], "imsi": config.imsi[:20]}
        if any(modem.values()):
            station["modem"] = {name: value for name, value in modem.items() if value}
        return {"reason": self.core.service.boot_reason, "chargingStation": station}

    @answers(core_topics.PING_INTERVAL)
    def ping_interval(self) -> float:
        return float(self.core.model.integer("OCPPCommCtrlr.WebSocketPingInterval"))

    @answers(core_topics.DEFAULT_INTERVAL)
    def default_interval(self) -> float:
        return float(self.core.model.integer("OCPPCommCtrlr.HeartbeatInterval"))

    @answers(core_topics.RETRY_POLICY)
    def retry_policy(self) -> tuple[int, float]:
        """(attempts, seconds between them) of TransactionEvent (E13)."""
        model = self.core.model
        return (
            model.integer("OCPPCommCtrlr.MessageAttempts[TransactionEvent]"),
            float(model.integer("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]")),
        )

    @hears(topics.VARIABLES_CHANGED)
    def heed_intervals(self, now: float) -> None:
        """Variables have changed: intervals of Heartbeat and of pings."""
        interval = self.default_interval()
        if interval != self.core.service.interval and self.core.booted:
            self.core.service.set_heartbeat(interval, now)
        if self.core.connected:
            self.core.put(PingInterval(self.ping_interval()))

    @hears(core_topics.BOOT_ACCEPTED)
    def boot_accepted(self, interval: float, now: float) -> None:
        if interval > 0:  # B01.FR.04
            self.core.model.set(_HEARTBEAT, str(min(int(interval), int(_HEARTBEAT.high))))

    @answers(core_topics.IGNORES_CLOCK)
    def ignores_clock(self) -> bool:
        """ClockCtrlr.TimeSource has the time of the CSMS's answers among its sources, or not."""
        return "Heartbeat" not in self.core.model.members("ClockCtrlr.TimeSource")

    @hears(core_topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        """The station was accepted: send statuses."""
        # B01.FR.05 and B04.FR.01: all statuses after a boot or a long time away, else the news.
        since, self.offline_since = self.offline_since, None
        away = now - since if since is not None else 0.0
        if rebooted or away > self.core.model.integer("OCPPCommCtrlr.OfflineThreshold"):
            self.core.statuses.forget_reported()
        self.core.statuses.report_all(now)

    @hears(core_topics.WENT_OFFLINE)
    def went_offline(self, now: float) -> None:
        self.offline_since = now

    @answers(core_topics.REFUSES_CALLS)
    def refuses_calls(self) -> tuple[str, str] | None:
        """(error code, description) for every Call of the CSMS, or None."""
        if self.core.registration == "Rejected":  # B03.FR.03
            return "SecurityError", "this station was rejected by the CSMS"
        return None

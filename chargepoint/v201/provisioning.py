"""Functional block B: BootNotification, coming back online, Reset."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.station import CommandRejected
from chargepoint.v201.variable_requests import VariableRequests
from chargepoint.v201.variables import VARIABLES

RESET_RETRY = 5.0  # seconds between the tries of a reset that fails
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
        return {"reason": self._boot_reason, "chargingStation": station}

    def boot_accepted(self, interval: float, now: float) -> None:
        if interval > 0:  # B01.FR.04
            self.model.set(_HEARTBEAT, str(min(int(interval), int(_HEARTBEAT.high))))

    def set_clock(self, text: str, now: float) -> None:
        """The time of the CSMS's answers, where ClockCtrlr.TimeSource has it among its sources."""
        if "Heartbeat" in self.model.members("ClockCtrlr.TimeSource"):
            super().set_clock(text, now)

    def resume(self, now: float) -> None:
        super().resume(now)
        self.reset_if_idle(now)

    def registered(self, now: float, rebooted: bool) -> None:
        # B01.FR.05 and B04.FR.01: all statuses after a boot or a long time away, else the news.
        since, self.offline_since = self.offline_since, None
        away = now - since if since is not None else 0.0
        if rebooted or away > self.model.integer("OCPPCommCtrlr.OfflineThreshold"):
            self._reported.clear()
        self.report_all(now)
        self.schedule_aligned(now)  # the clock may have moved
        self.security_registered(now, rebooted)
        self.tell_untold(now)
        if rebooted:
            self.update_booted(now)

    def went_offline(self, now: float) -> None:
        self.offline_since = now

    def refuses_calls(self) -> tuple[str, str] | None:
        if self.registration == "Rejected":  # B03.FR.03
            return "SecurityError", "this station was rejected by the CSMS"
        return None

    # --- Reset (B11, B12) --------------------------------------------------------------------

    def on_reset(self, payload: dict, now: float) -> dict:
        if "evseId" in payload:
            info = {"reasonCode": "UnsupportedRequest", "additionalInfo": "no reset of one EVSE"}
            return {"status": "Rejected", "statusInfo": info}
        match payload["type"]:
            case "OnIdle":
                return {"status": self.reset_on_idle("ScheduledReset", now)}
            case "Immediate":
                self.later(self.reset_now, "RemoteReset")
                return {"status": "Accepted"}
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}}

    def reset_on_idle(self, reason: str, now: float) -> str:
        """ "Accepted" (and reset after the answer) or "Scheduled"."""
        if any(outlet.transaction is not None for outlet in self.outlets.values()):
            self.reset_due = reason
            self.changed(URGENT)
            return "Scheduled"
        self.later(self.reset_now, "RemoteReset" if reason == "ScheduledReset" else reason)
        return "Accepted"

    def reset_if_idle(self, now: float) -> None:
        if self.reset_due is None:
            return
        if not any(outlet.transaction is not None for outlet in self.outlets.values()):
            # By a timer: this may be in the middle of any event, which is to end first.
            self.set_timer("reset", now)

    def at_reset(self, now: float) -> None:
        if self.reset_due is not None:
            self.reset_now(self.reset_due, now)

    def reset_now(self, reason: str, now: float) -> None:
        """Stop what is charging, and boot. The Ended events are kept and sent after the boot."""
        self.clear_timer("reset")
        self._end_all("ResetCommand", "ImmediateReset", now)
        if any(outlet.hardware.error_code == "ResetFailure" for outlet in self.outlets.values()):
            self._reset_failed(reason, now)
            return
        self.reset_tries = 0
        self.model.booted()
        self.reboot(now, reason)

    def _reset_failed(self, reason: str, now: float) -> None:
        """OCPPCommCtrlr.ResetRetries: try again, so often; then stay as it is."""
        if self.reset_tries < self.model.integer("OCPPCommCtrlr.ResetRetries"):
            self.reset_tries += 1
            self.reset_due = reason
            self.set_timer("reset", now + RESET_RETRY)
            self.changed(URGENT)
        else:
            self.reset_tries = 0
            self.report_all(now)

    def power_failed(self, now: float) -> None:
        super().power_failed(now)
        self._end_all("AbnormalCondition", "PowerLoss", now)

    def _end_all(self, trigger: str, reason: str, now: float) -> None:
        """Nobody charges or waits to charge any longer."""
        self.reset_due = None
        for outlet in self.outlets.values():
            if outlet.transaction is not None or outlet.token is not None:
                self.deauthorized(outlet, trigger, reason, now)
            if outlet.transaction is not None:
                self._end(outlet, trigger, now, None)

    def do_reset(self, now: float, kind: str = "Soft") -> dict:
        """Operator: "Soft" waits for the end of transactions, "Hard" does not."""
        if kind not in ("Soft", "Hard"):
            raise CommandRejected("invalid_arguments", "kind is Soft or Hard.")
        if kind == "Soft":
            status = self.reset_on_idle("LocalReset", now)
        else:
            status = "Accepted"
            self.later(self.reset_now, "LocalReset")
        self._run_later(now)
        return {"status": status}

"""TriggerMessage: the CSMS asks for a message of ours (1.6 3.13 and 5.17)."""

from typing import Any

from chargepoint.v16.measurands import sampled_values

TRIGGERED = "triggered"  # the context by which such a Call may be sent while Pending, too
_WHEN_NONE = ("Energy.Active.Import.Register",)


class Trigger:
    """Block of Station16."""

    __slots__ = ()

    def on_trigger_message(self, payload: dict, now: float) -> dict:
        wanted, number = payload["requestedMessage"], payload.get("connectorId")
        match wanted:
            case "BootNotification":
                self.later(self._trigger_boot)
            case "Heartbeat":
                self.later(self._trigger_heartbeat)
            case "StatusNotification" | "MeterValues":
                # There is no meter for the whole station; its status has the connectorId 0.
                whole = number == 0 and wanted == "StatusNotification"
                if number is not None and number not in self.connectors and not whole:
                    return {"status": "Rejected"}
                status = wanted == "StatusNotification"
                self.later(self._trigger_status if status else self._trigger_values, number)
            case "FirmwareStatusNotification":
                self.later(self.trigger_firmware_status)
            case "DiagnosticsStatusNotification":
                self.later(self.trigger_diagnostics_status)
            case _:
                return {"status": "NotImplemented"}
        return {"status": "Accepted"}

    def _trigger_boot(self, now: float) -> None:
        self.call("BootNotification", self.boot_payload(), now, TRIGGERED)

    def _trigger_heartbeat(self, now: float) -> None:
        self.call("Heartbeat", {}, now, TRIGGERED)

    def _trigger_status(self, number: int | None, now: float) -> None:
        if number in (None, 0):
            self.send_station_status(now, context=TRIGGERED)
        for outlet in self.connectors.values():
            if number in (None, outlet.id):
                payload = self.status_payload(outlet, now)
                self.call("StatusNotification", payload, now, TRIGGERED)

    def _trigger_values(self, number: int | None, now: float) -> None:
        measurands = self.keys.items("MeterValuesSampledData") or _WHEN_NONE
        for outlet in self.connectors.values():
            if number not in (None, outlet.id):
                continue
            values = sampled_values(self.reading(outlet, now), measurands, "Trigger")
            # SoC alone has no value without a car.
            values = values or sampled_values(self.reading(outlet, now), _WHEN_NONE, "Trigger")
            payload: dict[str, Any] = {
                "connectorId": outlet.id,
                "meterValue": [{"timestamp": self.stamp(now), "sampledValue": values}],
            }
            session = self.sessions.get(outlet.id)
            if session is not None and session.transaction_id is not None:
                payload["transactionId"] = session.transaction_id
            self.call("MeterValues", payload, now, TRIGGERED)

    # --- a boot that was asked for is no reboot ----------------------------------------------

    def got_boot_notification(self, payload: dict, context: Any, now: float) -> None:
        again = context == TRIGGERED and self.registration == "Accepted"
        if not again or payload["status"] != "Accepted":
            if payload["status"] != "Accepted":
                self.booted = False  # any more: the next link does not change that
            super().got_boot_notification(payload, context, now)
            return
        self.set_clock(payload["currentTime"], now)
        interval = float(payload["interval"])
        self.boot_accepted(interval, now)
        self.set_heartbeat(interval if interval > 0 else self.interval, now)

    def failed_boot_notification(self, code: str, context: Any, now: float) -> None:
        if context != TRIGGERED:
            super().failed_boot_notification(code, context, now)

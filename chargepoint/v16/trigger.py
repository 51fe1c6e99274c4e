"""TriggerMessage and ExtendedTriggerMessage: the CSMS asks for a message of ours (1.6 3.13, 5.17;
whitepaper L and N)."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, action, failed, got
from chargepoint.v16.configuration import Keys
from chargepoint.v16.metering import Metering
from chargepoint.v16.status import Status
from chargepoint.v16.topics import SIGNING_ASKED, STATUS_ASKED
from chargepoint.v16.transactions import Sessions

TRIGGERED = "triggered"  # the context by which such a Call may be sent while Pending, too
COMMON = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")
# What ExtendedTriggerMessage calls by another name than the message has.
_MESSAGE_OF = {
    "FirmwareStatusNotification": "SignedFirmwareStatusNotification",
    "SignChargePointCertificate": "SignCertificate",
}
_WHEN_NONE = ("Energy.Active.Import.Register",)


class Triggers(Block):
    """It keeps nothing."""

    __slots__ = ("keys", "metering", "sessions", "status")

    KEEPS = False

    def __init__(
        self, core: Any, keys: Keys, sessions: Sessions, metering: Metering, status: Status
    ) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions
        self.metering, self.status = metering, status

    @action("TriggerMessage")
    def on_trigger_message(self, payload: dict, now: float) -> dict:
        """TriggerMessage (5.17)."""
        wanted, number = payload["requestedMessage"], payload.get("connectorId")
        core = self.core
        if wanted in core.HABITS.off:
            return {"status": "NotImplemented"}
        match wanted:
            case "BootNotification":
                core.answers.later(self._trigger_boot)
            case "Heartbeat":
                core.answers.later(self._trigger_heartbeat)
            case "StatusNotification" | "MeterValues":
                # There is no meter for the whole station; its status has the connectorId 0.
                whole = number == 0 and wanted == "StatusNotification"
                if number is not None and number not in core.connectors and not whole:
                    return {"status": "Rejected"}
                status = wanted == "StatusNotification"
                core.answers.later(self._trigger_status if status else self._trigger_values, number)
            case "FirmwareStatusNotification" | "DiagnosticsStatusNotification":
                core.answers.later(core.tell, STATUS_ASKED, wanted)
            case _:
                return {"status": "NotImplemented"}
        return {"status": "Accepted"}

    @action("ExtendedTriggerMessage")
    def on_extended_trigger_message(self, payload: dict, now: float) -> dict:
        """ExtendedTriggerMessage (security white paper)."""
        wanted = payload["requestedMessage"]
        if _MESSAGE_OF.get(wanted, wanted) in self.core.HABITS.off:
            return {"status": "NotImplemented"}
        match wanted:
            case message if message in COMMON:
                return self.on_trigger_message(payload, now)
            case "LogStatusNotification":
                self.core.answers.later(self.core.tell, STATUS_ASKED, "LogStatusNotification")
            case "FirmwareStatusNotification":
                self.core.answers.later(
                    self.core.tell, STATUS_ASKED, "SignedFirmwareStatusNotification"
                )
            case "SignChargePointCertificate":
                self.core.tell(SIGNING_ASKED, TRIGGERED)
        return {"status": "Accepted"}

    def _trigger_boot(self, now: float) -> None:
        payload = self.core.ask(topics.BOOT_PAYLOAD)
        self.core.calls.make("BootNotification", payload, now, TRIGGERED, owner="triggers")

    def _trigger_heartbeat(self, now: float) -> None:
        self.core.calls.make("Heartbeat", {}, now, TRIGGERED)

    def _trigger_status(self, number: int | None, now: float) -> None:
        if number in (None, 0):
            self.status.send_station_status(now, context=TRIGGERED)
        for outlet in self.core.connectors.values():
            if number in (None, outlet.id):
                payload = self.status.status_payload(outlet, now)
                self.core.calls.make("StatusNotification", payload, now, TRIGGERED)

    def _trigger_values(self, number: int | None, now: float) -> None:
        measurands = self.keys.items("MeterValuesSampledData") or _WHEN_NONE
        core = self.core
        for outlet in core.connectors.values():
            if number not in (None, outlet.id):
                continue
            session = self.sessions.open.get(outlet.id)
            begun = None if session is None else session.meter_start
            sample = self.metering.reading(outlet, now)
            values = core.HABITS.sampled(sample, measurands, "Trigger", None, begun)
            if not values:  # SoC alone has no value without a car
                values = core.HABITS.sampled(sample, _WHEN_NONE, "Trigger", None, begun)
            key = "MeterValuesSampledData"
            values = self.metering.signed(values, outlet, key, "Trigger", sample, now)
            payload: dict[str, Any] = {
                "connectorId": outlet.id,
                "meterValue": [{"timestamp": core.clock.stamp(now), "sampledValue": values}],
            }
            if session is not None and session.transaction_id is not None:
                payload["transactionId"] = session.transaction_id
            core.calls.make("MeterValues", payload, now, TRIGGERED)

    # --- a boot that was asked for is no reboot ----------------------------------------------

    @got("BootNotification", own=True)
    def boot_answered(self, payload: dict, context: Any, now: float) -> None:
        """The answer to a BootNotification that was triggered: registration may change,
        transactions go on."""
        core = self.core
        if core.registration != "Accepted" or payload["status"] != "Accepted":
            core.service.booted_or_not(payload, context, now)
            return
        core.clock.follow(payload["currentTime"], now)
        interval = float(payload["interval"])
        core.tell(topics.BOOT_ACCEPTED, interval, now)
        core.service.set_heartbeat(interval if interval > 0 else core.service.interval, now)

    @failed("BootNotification", own=True)
    def boot_failed(self, code: str, context: Any, now: float) -> None:
        """It changes nothing."""

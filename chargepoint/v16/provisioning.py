"""What a charge point tells of itself as it boots, and its intervals (1.6 sections 4.2 and 4.6)."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.v16.configuration import Keys


class Provisioning(Block):
    """1.6 BootNotification."""

    __slots__ = ("keys",)

    def __init__(self, core: Any, keys: Keys) -> None:
        super().__init__(core)
        self.keys = keys

    @answers(topics.BOOT_PAYLOAD)
    def boot_payload(self) -> dict[str, Any]:
        """The payload of BootNotification (4.2); texts are cut at the schema's lengths."""
        config = self.core.config
        payload = {"chargePointVendor": config.vendor[:20], "chargePointModel": config.model[:20]}
        optional = {
            "chargePointSerialNumber": config.serial[:25],
            "firmwareVersion": self.core.firmware_now()[:50],
            "iccid": config.iccid[:20],
            "imsi": config.imsi[:20],
            "meterType": config.meter_type[:25],
            "meterSerialNumber": config.meter_serial[:25],
        }
        payload.update({name: value for name, value in optional.items() if value})
        return payload

    @hears(topics.BOOT_ACCEPTED)
    def boot_accepted(self, interval: float, now: float) -> None:
        # 4.2: the interval of the answer is the heartbeat interval from now on.
        if interval > 0:
            self.keys.put("HeartbeatInterval", str(int(interval)))

    @hears(topics.BOOT_REFUSED)
    def boot_refused(self, status: str, now: float) -> None:
        self.core.service.forget_boot()  # any more: the next link does not change that

    @answers(topics.REFUSES_CALLS)
    def refuses_calls(self) -> tuple[str, str] | None:
        """(error code, description) for every Call of the CSMS, or None."""
        # 4.2: a rejected charge point serves nothing until it is accepted. OCPP-J wants each Call
        # answered all the same; 2.0.1 B03.FR.03 has since named this code for it.
        if self.core.registration == "Rejected":
            return "SecurityError", "this charge point was rejected by the Central System"
        return None

    @answers(topics.DEFAULT_INTERVAL)
    def default_interval(self) -> float:
        return float(self.keys.integer("HeartbeatInterval"))

    @answers(topics.PING_INTERVAL)
    def ping_interval(self) -> float:
        return float(self.keys.integer("WebSocketPingInterval"))

"""DataTransfer, both ways (1.6 sections 4.3 and 5.6)."""

from chargepoint.core.block import Block, action, command
from chargepoint.core.commands import CommandRejected


class DataTransfer(Block):
    """It keeps nothing."""

    __slots__ = ()

    KEEPS = False

    @action("DataTransfer")
    def on_data_transfer(self, payload: dict, now: float) -> dict:
        """We know ourselves, and no message of ours; and the vendors whose blocks are there."""
        answer = self.core.answers.data_transfer(payload, now)
        ours = payload["vendorId"] == self.core.config.vendor
        return {"status": "UnknownMessageId"} if ours and "Unknown" in answer["status"] else answer

    @command("data-transfer")
    def do_data_transfer(
        self, now: float, vendor_id: str = "", message_id: str = "", data: str = ""
    ) -> dict:
        """Send DataTransfer (4.3). Raises CommandRejected without a connection, or for an id that
        is empty or too long."""
        if not 0 < len(vendor_id) <= 255 or len(message_id) > 50:
            message = "vendor_id has 1 to 255 characters, message_id at most 50."
            raise CommandRejected("invalid_arguments", message)
        if not self.core.connected:
            raise CommandRejected("not_connected", "Connect the station first.")
        payload = {"vendorId": vendor_id}
        if message_id:
            payload["messageId"] = message_id
        if data:
            payload["data"] = data
        self.core.calls.make("DataTransfer", payload, now)
        return {}

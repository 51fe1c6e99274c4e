"""Messages of 2.1 that are no part of a transaction and yet must reach the CSMS.

A settlement and a battery that went out are money: they are kept, over restarts too, until the
CSMS has answered. They do not wait in the queue of the transactions, which a CSMS that does not
know them would hold up.
"""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, failed, hears
from chargepoint.effects import URGENT

_AT_MOST = 100  # of a long time offline; the oldest go first


class Unsent(Block):
    """Block of Station21. unsent: [{"id", "action", "payload"}], None where all is delivered."""

    __slots__ = ("unsent",)

    GUEST = True

    KEYS = ("unsent",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.unsent: list[dict] | None = saved.get("unsent")

    def saved(self) -> dict[str, Any]:
        return {"unsent": [*self.unsent]} if self.unsent else {}

    def deliver(self, action: str, payload: dict[str, Any], now: float) -> None:
        """Send a message that is kept until it is answered, over restarts too; at most _AT_MOST
        wait."""
        entry = {"id": self.core.uuid(), "action": action, "payload": payload}
        self.unsent = [*(self.unsent or ()), entry][-_AT_MOST:]
        self.core.changed(URGENT)
        if self.core.online:
            self.core.calls.make(action, payload, now, entry["id"])

    def delivered(self, identity: str) -> dict[str, Any] | None:
        """It was answered, if only by an error: the payload, None if it is not known."""
        found = next((e for e in self.unsent or () if e["id"] == identity), None)
        self.unsent = [e for e in self.unsent or () if e is not found] or None
        self.core.changed(URGENT)
        return found and found["payload"]

    def undelivered(self, code: str, identity: str) -> None:
        """A lost link is no answer: it is sent again. A CSMS that refuses it has had it."""
        if code not in ("Disconnected", "Timeout"):
            self.delivered(identity)

    @hears(core_topics.IN_SERVICE)
    def deliver_again(self, now: float, rebooted: bool) -> None:
        for entry in self.unsent or ():
            self.core.calls.make(entry["action"], entry["payload"], now, entry["id"])

    @failed("BatterySwap")
    def failed_battery_swap(self, code: str, context: Any, now: float) -> None:
        self.undelivered(code, context)

    @failed("NotifySettlement")
    def failed_notify_settlement(self, code: str, context: Any, now: float) -> None:
        self.undelivered(code, context)

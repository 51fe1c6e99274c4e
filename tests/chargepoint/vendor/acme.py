"""A vendor's block as it would stand outside the package: each charging session wins a ticket."""

from typing import Any, ClassVar

from chargepoint.core.block import Block, command, hears, timer, transfers
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import SOON
from chargepoint.v201.reservation import Reservation
from chargepoint.v201.topics import ENDED

VENDOR = "com.acme"


class Lottery(Block):
    """tickets  won and not drawn yet"""

    __slots__ = ("tickets",)

    NAME: ClassVar[str] = "acme.lottery"
    GUEST = True
    KEYS = ("acme.tickets",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.tickets: int = saved.get("acme.tickets", 0)

    def resume(self, now: float) -> None:
        if self.tickets:
            self.core.timers.set("acme.draw", now + 3600.0)

    def saved(self) -> dict[str, Any]:
        return {"acme.tickets": self.tickets} if self.tickets else {}

    @hears(ENDED, wakes=True)
    def win(self, outlet: Any, transaction: Any, now: float) -> None:
        self.tickets += 1
        self.core.timers.set("acme.draw", now + 3600.0)
        self.core.changed(SOON)

    @timer("acme.draw")
    def draw(self, now: float) -> None:
        told = {"vendorId": VENDOR, "messageId": "Drawn", "data": str(self.tickets)}
        self.core.calls.make("DataTransfer", told, now)
        self.tickets = 0

    @transfers(VENDOR, "Tickets")
    def tell_tickets(self, payload: dict, now: float) -> dict:
        return {"status": "Accepted", "data": str(self.tickets)}

    @command("acme.give")
    def give(self, now: float, count: int = 1) -> dict:
        if count < 1:
            raise CommandRejected("invalid_arguments", "count is 1 or more.")
        self.tickets += count
        return {"tickets": self.tickets}


class Unmarked(Block):
    NAME = "lottery"
    __slots__ = ()


class Greedy(Block):
    """Wants an action that is somebody else's."""

    __slots__ = ()

    NAME = "acme.greedy"

    @transfers(VENDOR, "Tickets")
    def tell_tickets(self, payload: dict, now: float) -> dict:
        return {"status": "Rejected"}


class Generous(Reservation):
    """Reserves for everybody: takes the place of the standard's block."""

    __slots__ = ()

    REPLACES = "reservation"

    def kept_by_reservation(self, outlet: Any, token: dict, group: str) -> str:
        return ""


class Stranger(Block):
    __slots__ = ()

    REPLACES = "reservation"

"""Reservations of a connector, or of any of them by connector 0 (1.6 3.11, 5.2 and 5.13)."""

from typing import Any

from chargepoint.common.reserving import (
    FOR_ANOTHER,
    PERHAPS,
    Kept,
    arm_reservations,
    claimed_at,
    merged,
    reservations_in,
    saved_reservations,
)
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block, action, answers, hears, timer
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import INOPERATIVE_STATES, Event, State
from chargepoint.timing.times import seconds_of
from chargepoint.v16.authorization import Authorization
from chargepoint.v16.configuration import Keys
from chargepoint.v16.topics import (
    AUTHORIZATION_LOST,
    AUTHORIZED,
    FREED,
    KEPT_FROM,
    OUT_OF_SERVICE,
    RESERVATION_USED,
)


class Reservation(Block):
    """reservations  reservationId -> {"connector", "tag", "parent", "expires", "claimed"}, None
                  where there are none. expires: unix seconds by our clock; claimed: the
                  connector where its idTag was authorized and waits for the car, or 0
    """

    __slots__ = ("authorization", "keys", "reservations")

    GUEST = True
    KEYS = ("reservations",)

    def __init__(self, core: Any, keys: Keys, authorization: Authorization) -> None:
        super().__init__(core)
        self.keys, self.authorization = keys, authorization

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.reservations: Kept = reservations_in(saved)

    def resume(self, now: float) -> None:
        arm_reservations(self.core, self.reservations, now)

    def saved(self) -> dict[str, Any]:
        """`reservations` for the snapshot: {id: entry}."""
        return saved_reservations(self.reservations)

    @action("CancelReservation")
    def on_cancel_reservation(self, payload: dict, now: float) -> dict:
        """CancelReservation (1.6: 5.1; 2.x: H02)."""
        identity = payload["reservationId"]
        if identity not in (self.reservations or {}):
            return {"status": "Rejected"}
        self.core.answers.later(self.end_reservation, identity)
        return {"status": "Accepted"}

    @hears(topics.RECONFIGURED)
    def reconfigured(self, old: StationConfig, now: float) -> None:
        for entry in list((self.reservations or {}).values()):
            if entry["connector"] and entry["connector"] not in self.core.connectors:
                self.end_reservations_of(entry["connector"], now)

    @action("ReserveNow")
    def on_reserve_now(self, payload: dict, now: float) -> dict:
        """ReserveNow (5.13)."""
        number, identity = payload["connectorId"], payload["reservationId"]
        status = self._reservation_status(number, identity, payload["expiryDate"], now)
        if status == "Accepted":
            entry = {
                "connector": number,
                "tag": payload["idTag"],
                "parent": payload.get("parentIdTag", ""),
                "expires": seconds_of(payload["expiryDate"]) - self.core.clock.skew,
                "claimed": 0,
            }
            self.core.answers.later(self._reserve, identity, entry)
        return {"status": status}

    def _reservation_status(self, number: int, identity: int, expiry: str, now: float) -> str:
        expires = seconds_of(expiry)
        if self.core.registration != "Accepted" or self.core.timers.has("reset"):
            return "Rejected"
        if expires is None or expires - self.core.clock.skew <= now:
            return "Rejected"
        if number and number not in self.core.connectors:
            return "Rejected"
        if not number and not self.keys.flag("ReserveConnectorZeroSupported"):
            return "Rejected"
        old = (self.reservations or {}).get(identity)
        if old is not None and old["claimed"]:
            return "Occupied"  # its driver is there already
        return self._room_for(number, old)

    def _room_for(self, number: int, old: dict | None) -> str:
        """`old`: the reservation of the same id, which the new one replaces (5.13)."""
        mine = old["connector"] if old else None
        if number:
            outlets = [self.core.connectors[number]]
        else:
            outlets = list(self.core.connectors.values())
        kept = [e for e in (self.reservations or {}).values() if e is not old]
        zeros = sum(not e["connector"] and not e["claimed"] for e in kept)
        free = sum(c.state is State.AVAILABLE or c.id == mine for c in outlets)
        everywhere = sum(
            c.state is State.AVAILABLE or c.id == mine for c in self.core.connectors.values()
        )
        if free and everywhere > zeros:
            return "Accepted"
        if all(c.faulted for c in outlets):
            return "Faulted"
        if all(c.state in INOPERATIVE_STATES for c in outlets):
            return "Unavailable"
        return "Occupied"

    def _reserve(self, identity: int, entry: dict[str, Any], now: float) -> None:
        self.end_reservation(identity, now)
        self.reservations = self.reservations or {}
        self.reservations[identity] = entry
        self.core.timers.set(("reservation", identity), entry["expires"])
        if entry["connector"]:
            self.show_reserved(self.core.connectors[entry["connector"]], now)
        self.core.changed(URGENT)

    @timer("reservation")
    def expire(self, now: float, identity: int) -> None:
        self.end_reservation(identity, now)

    def end_reservation(self, identity: int, now: float) -> dict | None:
        """End a reservation; returns its entry, or None for an unknown id."""
        entry = (self.reservations or {}).pop(identity, None)
        if entry is None:
            return None
        self.reservations = self.reservations or None
        self.core.timers.clear(("reservation", identity))
        outlet = self.core.connectors.get(entry["connector"])
        if outlet is not None and outlet.can(Event.RESERVATION_ENDED):
            outlet.apply(Event.RESERVATION_ENDED, now)
            self.core.statuses.report(outlet, now)
        self.core.changed(URGENT)
        return entry

    @hears(OUT_OF_SERVICE)
    def end_reservations_of(self, number: int, now: float) -> None:
        """The connector (0: the station) went out of service or was removed."""
        for identity, entry in list((self.reservations or {}).items()):
            if entry["connector"] == number:
                self.end_reservation(identity, now)

    @hears(FREED)
    def show_reserved(self, outlet: Connector, now: float) -> None:
        """A free connector that is kept for somebody is Reserved."""
        entries = (self.reservations or {}).values()
        kept = any(e["connector"] == outlet.id and not e["claimed"] for e in entries)
        if kept and outlet.can(Event.RESERVED):
            # 4.9: only from Available does it become Reserved.
            self.core.statuses.report(outlet, now)
            outlet.apply(Event.RESERVED, now)
            self.core.statuses.report(outlet, now)

    # --- who may use a connector -------------------------------------------------------------

    @answers(KEPT_FROM)
    def kept_from(self, outlet: Connector, tag: str, parent: str = "") -> str:
        """"" where the idTag may use the connector, else FOR_ANOTHER or PERHAPS.

        `parent`: parentIdTag where the CSMS has just told it.
        """
        if self.reservations is None:
            return ""
        waiting = [e for e in self.reservations.values() if not e["claimed"]]
        own = [e for e in waiting if e["connector"] == outlet.id]
        zero = [e for e in waiting if not e["connector"]]
        if not own and (not zero or self._free_for_all() > len(zero)):
            return ""
        verdicts = {self._verdict(entry, tag, parent) for entry in own or zero}
        return merged(verdicts)

    def _free_for_all(self) -> int:
        named = {e["connector"] for e in self.reservations.values()}
        outlets = self.core.connectors.values()
        return sum(c.can(Event.AUTHORIZED) and c.id not in named for c in outlets)

    def _verdict(self, entry: dict, tag: str, parent: str) -> str:
        if entry["tag"].casefold() == tag.casefold():
            return ""
        if not entry["parent"]:
            return FOR_ANOTHER
        known = parent or self.authorization.parent_of(tag)
        if not known:
            return PERHAPS
        return "" if known.casefold() == entry["parent"].casefold() else FOR_ANOTHER

    @hears(AUTHORIZED)
    def claim(self, outlet: Connector, tag: str, parent: str, now: float) -> None:
        """The idTag was authorized here: what was reserved for it waits for its car."""
        for entry in (self.reservations or {}).values():
            fits = entry["connector"] in (0, outlet.id) and not entry["claimed"]
            if fits and self._verdict(entry, tag, parent) == "":
                entry["claimed"] = outlet.id
                return

    @hears(AUTHORIZATION_LOST)
    def unclaim(self, outlet: Connector, now: float) -> None:
        """The authorization has ended without a transaction: the reservation stands again."""
        for entry in (self.reservations or {}).values():
            if entry["claimed"] == outlet.id:
                entry["claimed"] = 0
        self.show_reserved(outlet, now)

    @answers(RESERVATION_USED)
    def use_reservation(self, outlet: Connector, now: float) -> int | None:
        """The reservationId that the transaction of the connector uses up."""
        identity = claimed_at(self.reservations, outlet.id)
        if identity is not None:
            self.end_reservation(identity, now)
        return identity

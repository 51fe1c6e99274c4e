"""Functional block H, reservation: of an EVSE, of a kind of connector, or of any EVSE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from chargepoint.core.block import Block, action, answers, hears, timer
from chargepoint.effects import URGENT
from chargepoint.hardware.states import INOPERATIVE_STATES, Event, State
from chargepoint.timing.times import seconds_of
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key
from chargepoint.v201.connector_types import fits_type
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization


_FREE = (State.AVAILABLE, State.RESERVED)


def _rejected(code: str, text: str) -> dict:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": text}}


class Reservation(Block):
    """Block of a 2.x station.

    reservations  id -> {"evse", "type", "token", "group", "expires", "claimed"}, None where there
                  are none. evse: 0 for any; type: "" for any; token, group: keys; expires: unix
                  seconds by our clock; claimed: the connector where its token waits for the car;
                  since: when it was made
    """

    __slots__ = ("authorization", "reservations")

    GUEST = True
    KEYS = ("reservations",)

    def __init__(self, core: Station, authorization: Authorization) -> None:
        super().__init__(core)
        self.authorization = authorization

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

    @action("ReserveNow")
    def on_reserve_now(self, payload: dict, now: float) -> dict:
        """ReserveNow (H01)."""
        evse, expires = payload.get("evseId", 0), seconds_of(payload["expiryDateTime"])
        if not self.core.model.flag("ReservationCtrlr.Enabled"):
            return _rejected("NotEnabled", "reservation is switched off")
        if expires is None or expires - self.core.clock.skew <= now:
            return _rejected("InvalidValue", "expiryDateTime is not in the future")
        if self.core.registration != "Accepted" or self.core.ask(topics.RESET_WAITS):
            return _rejected("NotEnabled", "the station is not in service")
        if not evse and not self.core.model.flag("ReservationCtrlr.NonEvseSpecific"):
            return _rejected("UnsupportedParam", "name an EVSE")  # H01.FR.19
        group = payload.get("groupIdToken")
        entry = {
            "evse": evse,
            "type": payload.get("connectorType", ""),
            "token": key(payload["idToken"]),
            "group": key(group) if group else "",
            "expires": expires - self.core.clock.skew,
            "claimed": 0,
            "since": now,
        }
        status = self._room_for(entry, payload["id"])
        if status == "Accepted":
            self.core.answers.later(self._reserve, payload["id"], entry)
        return status if isinstance(status, dict) else {"status": status}

    def _room_for(self, entry: dict, identity: int) -> str | dict:
        wanted = [o for o in self.core.outlets.values() if _fits(entry, o)]
        if not wanted:
            return _rejected("UnknownEvse", "there is no such EVSE or kind of connector")
        old = (self.reservations or {}).get(identity)
        if old is not None and old["claimed"]:
            return "Occupied"  # its driver is there already
        others = [e for e in (self.reservations or {}).values() if e is not old]
        free = self._free(others)
        # A place that others hold without having named it is not free for this one.
        loose = [e for e in others if not e["evse"] and not e["claimed"]]
        if any(not self._all_needed(o, loose, free) for o in wanted if o.evse in free):
            return "Accepted"
        if all(o.hardware.faulted for o in wanted):
            return "Faulted"
        if all(o.hardware.state in INOPERATIVE_STATES for o in wanted):
            return "Unavailable"
        return "Occupied"

    def _free(self, entries: list[dict]) -> set[int]:
        """EVSEs where nobody is, and that none of the reservations names."""
        named = {e["evse"] for e in entries if not e["claimed"]}
        busy = {o.evse for o in self.core.outlets.values() if o.hardware.state not in _FREE}
        return {o.evse for o in self.core.outlets.values()} - named - busy

    def _all_needed(self, outlet: Outlet, loose: list[dict], free: set[int]) -> bool:
        """Whether those who named no EVSE need all that is free, the outlet's included."""
        mine = [e for e in loose if _fits(e, outlet)]
        places = {o.evse for o in self.core.outlets.values() if any(_fits(e, o) for e in mine)}
        return bool(mine) and len(places & free) <= len(mine)

    def _reserve(self, identity: int, entry: dict[str, Any], now: float) -> None:
        self.end_reservation(identity, now)
        self.reservations = self.reservations or {}
        self.reservations[identity] = entry
        self.core.timers.set(("reservation", identity), entry["expires"])
        self.show_reservations(now)
        self.core.changed(URGENT)

    @timer("reservation")
    def at_reservation(self, now: float, identity: int) -> None:
        if self.end_reservation(identity, now):
            self._tell(identity, "Expired", now)  # H04.FR.01

    def _tell(self, identity: int, status: str, now: float) -> None:
        payload = {"reservationId": identity, "reservationUpdateStatus": status}
        self.core.calls.make("ReservationStatusUpdate", payload, now)

    def end_reservation(self, identity: int, now: float) -> bool:
        """End a reservation; False for an unknown id."""
        if (self.reservations or {}).pop(identity, None) is None:
            return False
        self.core.timers.clear(("reservation", identity))
        self.show_reservations(now)
        self.reservations = self.reservations or None
        self.core.changed(URGENT)
        return True

    def remove_reservation(self, identity: int, now: float) -> None:
        """The station ends it, and says so."""
        if self.end_reservation(identity, now):
            self._tell(identity, "Removed", now)

    @hears(topics.OUT_OF_USE)
    def end_broken_reservations(self, now: float) -> None:
        """A connector failed or went out of service: what no EVSE can serve any longer goes."""
        for identity, entry in list((self.reservations or {}).items()):
            wanted = [o.hardware for o in self.core.outlets.values() if _fits(entry, o)]
            if all(h.faulted or h.state in INOPERATIVE_STATES for h in wanted):
                self.remove_reservation(identity, now)

    @hears(topics.PLACES_CHANGED)
    def show_reservations(self, now: float) -> None:
        """H01.FR.15-20: what is kept for somebody is Reserved, and only that."""
        if self.reservations is None:
            return
        waiting = [e for e in self.reservations.values() if not e["claimed"]]
        named = {e["evse"] for e in waiting}
        loose = [e for e in waiting if not e["evse"]]
        free = self._free(waiting)
        for outlet in self.core.outlets.values():
            kept = outlet.evse in named or (
                outlet.evse in free and self._all_needed(outlet, loose, free)
            )
            event = Event.RESERVED if kept else Event.RESERVATION_ENDED
            if outlet.hardware.can(event):
                # A message each for what came before.
                self.core.statuses.report(outlet.hardware, now)
                outlet.hardware.apply(event, now)
                self.core.statuses.report(outlet.hardware, now)

    # --- who may use a connector (H03) -------------------------------------------------------

    @answers(topics.KEPT_FROM)
    def kept_by_reservation(self, outlet: Outlet, token: dict, group: str) -> str:
        """Why reservations keep a token from an outlet; empty where they do not."""
        if self.reservations is None:
            return ""
        waiting = [e for e in self.reservations.values() if not e["claimed"]]
        own = [e for e in waiting if e["evse"] == outlet.evse]
        loose = [e for e in waiting if not e["evse"] and _fits(e, outlet)]
        if not own and not self._all_needed(outlet, loose, self._usable(waiting)):
            return ""
        verdicts = {self._match(entry, token, group) for entry in own or loose}
        return merged(verdicts)

    def _usable(self, waiting: list[dict]) -> set[int]:
        named = {e["evse"] for e in waiting}
        return {o.evse for o in self.core.outlets.values() if self.authorization.free(o)} - named

    def _match(self, entry: dict, token: dict, group: str) -> str:
        if entry["token"] == key(token):
            return ""
        if not entry["group"]:
            return FOR_ANOTHER
        known = group or self.authorization.group_of(token)
        if not known:
            return PERHAPS
        return "" if known == entry["group"] else FOR_ANOTHER

    @hears(topics.ADMITTED)
    def claim_reservation(self, outlet: Outlet, token: dict, group: str) -> None:
        """The token was authorized here: what was reserved for it waits for its car."""
        for entry in (self.reservations or {}).values():
            fits = _fits(entry, outlet) and not entry["claimed"]
            if fits and self._match(entry, token, group) == "":
                entry["claimed"] = outlet.number
                return

    @hears(topics.ABANDONED)
    def unclaim_reservation(self, outlet: Outlet, now: float) -> None:
        """The authorization has ended without a transaction: the reservation stands again."""
        for identity, entry in list((self.reservations or {}).items()):
            if entry["claimed"] == outlet.number:
                entry["claimed"] = 0
                self.reservation_unused(identity, now)
        self.show_reservations(now)

    def reservation_unused(self, identity: int, now: float) -> None:
        """Hook: nobody plugged in after the token of the reservation was read."""

    @answers(topics.USES_RESERVATION)
    def use_reservation(self, outlet: Outlet, now: float) -> int | None:
        """The id of the reservation that the outlet's transaction uses up (H03.FR.01)."""
        entries = (self.reservations or {}).values()
        held = [e.get("since", now) for e in entries if e["claimed"] == outlet.number]
        if held:
            self.core.tell(topics.RESERVATION_USED, outlet, min(held))
        identity = claimed_at(self.reservations, outlet.number)
        if identity is not None:
            self.end_reservation(identity, now)
        return identity


def _fits(entry: dict, outlet: Outlet) -> bool:
    if entry["evse"] not in (0, outlet.evse):
        return False
    return not entry["type"] or fits_type(outlet.hardware.config.kind, entry["type"])

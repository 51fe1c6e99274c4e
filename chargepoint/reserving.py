"""What the reservations of every version share."""

from chargepoint.core.block import action

FOR_ANOTHER = "for another"  # kept for another idTag or token
PERHAPS = "perhaps"  # who asks may be of the reservation's group: ask the CSMS


def merged(verdicts: set[str]) -> str:
    """What several reservations of one place say together: "", FOR_ANOTHER or PERHAPS."""
    return "" if "" in verdicts else PERHAPS if PERHAPS in verdicts else FOR_ANOTHER


class Reservations:
    """Base of a version's block, which supplies end_reservation(identity, now).

    reservations  id -> {..., "expires", "claimed"}, None where there are none. expires: unix
                  seconds by our clock; claimed: the connector where it is about to be used, or 0
    """

    __slots__ = ()

    def restore_reservations(self, saved: dict) -> None:
        """Read reservations of a snapshot: {id as text: entry}."""
        kept = {int(identity): {**entry} for identity, entry in saved.items()}
        self.reservations = kept or None

    def arm_reservations(self, now: float) -> None:
        for identity, entry in (self.reservations or {}).items():
            self.core.timers.set(("reservation", identity), max(now, entry["expires"]))

    @action("CancelReservation")
    def on_cancel_reservation(self, payload: dict, now: float) -> dict:
        """CancelReservation (1.6: 5.1; 2.x: H02)."""
        identity = payload["reservationId"]
        if identity not in (self.reservations or {}):
            return {"status": "Rejected"}
        self.core.answers.later(self.end_reservation, identity)
        return {"status": "Accepted"}

    def use_reservation_of(self, number: int, now: float) -> int | None:
        """The id of the reservation that a transaction on the connector uses up."""
        for identity, entry in (self.reservations or {}).items():
            if entry["claimed"] == number:
                self.end_reservation(identity, now)
                return identity
        return None

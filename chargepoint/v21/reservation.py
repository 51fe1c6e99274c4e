"""Reservation as 2.1 ends it: one that was used without a transaction is over (H03)."""

from chargepoint.v201.reservation import Reservation


class Reservation21(Reservation):
    """Block of Station21."""

    __slots__ = ()

    def reservation_unused(self, identity: int, now: float) -> None:
        """A reservation ended without a transaction: ReservationStatusUpdate NoTransaction."""
        self.end_reservation(identity, now)
        self._tell(identity, "NoTransaction", now)

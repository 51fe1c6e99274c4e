"""What an energy register tells of what it has counted: a make's may begin anew, or count before
the losses."""

import msgspec


class Register(msgspec.Struct, frozen=True):
    """per_session    it is 0 at the begin of each transaction, and outside of one
    roll_over_wh   there it is 0 again; 0: never
    dc_efficiency  of DC outlets: what leaves the outlet over what the register counts
    """

    per_session: bool = False
    roll_over_wh: float = 0.0
    dc_efficiency: float = 1.0

    def told(self, wh: float, begun: float | None, dc: bool) -> float:
        """Wh that are told. wh: counted in all; begun: that, as the transaction began, None
        without one; dc: whether the outlet is."""
        if self.per_session:
            wh = 0.0 if begun is None else wh - begun
        if dc:
            wh /= self.dc_efficiency
        return wh % self.roll_over_wh if self.roll_over_wh else wh

    def counted(self, told: float, near: float, begun: float | None, dc: bool) -> float:
        """The other way: what it has counted in all where it has told so much, the nearest to
        `near` that there is."""
        before = 0.0
        if self.per_session:
            if begun is None:
                return near
            before = begun
        factor = self.dc_efficiency if dc else 1.0
        if self.roll_over_wh:
            rounds = round(((near - before) / factor - told) / self.roll_over_wh)
            told += max(0, rounds) * self.roll_over_wh
        return before + told * factor


PLAIN = Register()

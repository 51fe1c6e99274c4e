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
        if self.per_session:  # begun may have been rounded up
            wh = 0.0 if begun is None else max(0.0, wh - begun)
        if dc:
            wh /= self.dc_efficiency
        return wh % self.roll_over_wh if self.roll_over_wh else wh

    def whole(self, wh: float, begun: float | None, dc: bool) -> int:
        """As `told`, in whole Wh: as meterStart, meterStop and signed readings have it."""
        shown = round(self.told(wh, begun, dc))
        return 0 if self.over(shown) else shown

    def over(self, wh: float) -> bool:
        """Whether a number that was rounded is one that it never shows."""
        return 0.0 < self.roll_over_wh <= wh

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

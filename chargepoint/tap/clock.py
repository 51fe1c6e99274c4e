"""A station's clock that is wrong: off by some seconds, running fast or slow, or never set."""

from typing import Any


class Clock:
    """`skew` is what the clock showed beyond ours at `base`; it drifts by `ppm` since.

    csms     the CSMS's clock minus ours, as it was last told: where a good clock would be
    follows  set by the CSMS's time (BootNotification, Heartbeat)
    """

    __slots__ = ("base", "csms", "follows", "ppm", "skew")

    def __init__(
        self, skew: float, base: float, ppm: float, follows: bool, csms: float
    ) -> None:
        self.skew = skew
        self.base = base
        self.ppm = ppm
        self.follows = follows
        self.csms = csms

    def skew_at(self, now: float) -> float:
        return self.skew + (now - self.base) * self.ppm / 1e6

    def told(self, csms: float, now: float) -> float:
        """The CSMS has said its time: the skew from now on."""
        self.csms = csms
        if self.follows:
            self.skew, self.base = csms, now
        return self.skew_at(now)

    def until_shown(self, left: float) -> float:
        """How long it takes this clock to go `left` seconds on."""
        return left / (1.0 + self.ppm / 1e6)

    def shown(self, now: float) -> dict[str, Any]:
        """As users are shown it: seconds off the CSMS's time now, drift in ppm."""
        off = self.skew_at(now) - self.csms
        return {"off_seconds": round(off, 3), "ppm": self.ppm, "follow": self.follows}

    def to_saved(self) -> list[Any]:
        return [self.skew, self.base, self.ppm, self.follows, self.csms]

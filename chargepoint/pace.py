"""Block of every Station: how long it takes for what it does, drawn from a range of its make.

    reset      from the answer to Reset until the link ends
    restart    without a link, while it restarts; one EVSE: out of service for both
    firmware   to install firmware
    relink     from the answer to changed credentials until the link ends
    reconnect  from there to the next dial

A real station answers, finishes what it is at and goes; none is gone in the tick of its answer,
and a CSMS that waits a moment for that answer is right to.
"""


RESTART_SECONDS = 3.0  # where the configuration has no range


class Pace:
    """`config.delays`: name -> (least, most) in seconds."""

    __slots__ = ()

    def delay(self, name: str, usual: float) -> float:
        """Seconds, another at each time; `usual` where the configuration has no range."""
        span = self.config.delays.get(name)
        if span is None:
            return usual
        least, most = span
        return least + (most - least) * self.rng.random()

    def restart_seconds(self) -> float:
        return self.delay("restart", RESTART_SECONDS)

"""Reconnect delays: growing, with a random part (OCPP 2.0.1 part 4, 5.3; 1.6 leaves it open)."""

from collections.abc import Callable

FIRST = 1.0
LONGEST = 120.0
_DOUBLINGS_AT_MOST = 16


def usual_delay(attempt: int, random: float) -> float:
    """Seconds before the dial that follows `attempt` failed ones; 0: the link was just lost.

    Half of a doubling ceiling, and a random part of the other half. The jitter keeps a fleet from
    dialing in step after its CSMS was away. `random`: in [0, 1).
    """
    ceiling = min(LONGEST, FIRST * 2 ** min(attempt, _DOUBLINGS_AT_MOST))
    return ceiling / 2 + random * ceiling / 2


def configured_delay(
    attempt: int, random: float, minimum: int, doublings: int, spread: int
) -> float:
    """As usual_delay, by RetryBackOffWaitMinimum, ~RepeatTimes and ~RandomRange.

    The wait is doubled so many times and then stays; each has a random part of its own.
    """
    return minimum * 2.0 ** min(attempt, doublings, _DOUBLINGS_AT_MOST) + random * spread


class Backoff:
    """`delay`: attempt -> seconds. `attempt` counts the delays since the last reset."""

    __slots__ = ("_delay", "attempt")

    def __init__(self, delay: Callable[[int], float]) -> None:
        self._delay = delay
        self.attempt = 0

    def next_delay(self) -> float:
        """Seconds to wait now."""
        seconds = self._delay(self.attempt)
        self.attempt += 1
        return seconds

    def reset(self) -> None:
        self.attempt = 0

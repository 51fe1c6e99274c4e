"""Reconnect delays: exponential with jitter (OCPP 2.0.1 part 4, 5.3; 1.6 leaves it open)."""

from collections.abc import Callable

FIRST = 1.0
LONGEST = 120.0


class Backoff:
    """`random` returns a float in [0, 1). `attempt` counts the delays since the last reset."""

    __slots__ = ("_random", "attempt")

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self.attempt = 0

    def next_delay(self) -> float:
        """Seconds to wait: half of a doubling ceiling, and a random part of the other half.

        The jitter keeps a fleet from dialing in step after its CSMS was away.
        """
        ceiling = min(LONGEST, FIRST * 2 ** min(self.attempt, 16))
        self.attempt += 1
        return ceiling / 2 + self._random() * ceiling / 2

    def reset(self) -> None:
        self.attempt = 0

"""Whose turn it is to connect: in the order of asking, and to one CSMS at most so many a second."""

from __future__ import annotations

import heapq
import itertools
import json
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

OTHERS = "*"  # in the rates: every CSMS that is not named
MOST = 100_000.0  # a second
# Seconds of turns that may be made up for at once, after a late timer or a busy loop.
CATCH_UP = 0.1


class Asking(Protocol):
    """Who asks for a connection; one that is no longer wanted uses up no turn."""

    wanted: bool


T = TypeVar("T", bound=Asking)


@dataclass(frozen=True, slots=True)
class Rates:
    """New connections a second, of the whole fleet, by CSMS; 0 is no limit.

    named   "host" or "host:port" -> rate; a name without a port stands for all of its ports
    others  for each other CSMS
    """

    named: dict[str, float] = field(default_factory=dict)
    others: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Rates:
        """Of a number, or of JSON {"host:port": number, "*": number}; "" is no limit.

        Raises ValueError with the sentence to show.
        """
        text = text.strip()
        try:
            read = json.loads(text) if text else 0
        except ValueError:
            raise ValueError(f"{text!r} is neither a number nor JSON.") from None
        rates = read if isinstance(read, dict) else {OTHERS: read}
        named = {name.lower(): _rate(name, rate) for name, rate in rates.items()}
        return cls(named, named.pop(OTHERS, 0.0))

    def of(self, url: str) -> tuple[str, float]:
        """(which connections share it, the rate) for a ws:// or wss:// URL; ("", 0.0): none."""
        if not (self.named or self.others):
            return "", 0.0
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        whole = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        for name in (whole, host):
            if name in self.named:
                rate = self.named[name]
                return (name, rate) if rate else ("", 0.0)
        return (whole, self.others) if self.others else ("", 0.0)


NO_RATES = Rates()


class _Lane:
    """The connections to one CSMS that wait.

    due     when the next of them may be made
    resting whether it is among those that nobody waits in
    """

    __slots__ = ("due", "key", "rate", "resting", "waiting")

    def __init__(self, key: str, rate: float) -> None:
        self.key = key
        self.rate = rate
        self.due = -math.inf
        self.resting = False
        self.waiting: deque[tuple[float, Any]] = deque()  # since when, who


class Turns(Generic[T]):
    """Who waits for a connection. `now` is monotonic seconds in all of it.

    rates  of the whole fleet
    share  the part of the fleet that is here, 0 to 1: so much of each rate is ours
    """

    def __init__(self, rates: Rates = NO_RATES, share: Callable[[], float] = lambda: 1.0) -> None:
        self._rates = rates
        self._share = share
        # A lane in which somebody waits is in one of the two.
        self._ready: deque[_Lane] = deque()
        self._later: list[tuple[float, int, _Lane]] = []  # a heap
        # Others are kept until they are as good as new.
        self._resting: deque[_Lane] = deque()
        self._lanes: dict[str, _Lane] = {}
        self._waiting = 0
        self._number = itertools.count()

    def __len__(self) -> int:
        return self._waiting

    @property
    def paced(self) -> bool:
        """Whether there are rates, so that it matters where a connection leads."""
        return self._rates != NO_RATES

    def crowded(self, now: float) -> bool:
        """Whether anybody waits whose turn has come by the rates."""
        self._ripen(now)
        return bool(self._ready)

    def late(self, now: float) -> float:
        """For how many seconds the first of those has waited whose turn has come by the rates: for
        no longer than since that turn."""
        self._ripen(now)
        if not self._ready:
            return 0.0
        lane = self._ready[0]
        return now - max(lane.waiting[0][0], lane.due)

    def add(self, asking: T, url: str, now: float) -> None:
        """Have it wait for a connection to this URL (any, where they are not paced)."""
        self._forget_rested(now)
        key, rate = self._rates.of(url)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(key, rate)
        lane.waiting.append((now, asking))
        self._waiting += 1
        if len(lane.waiting) == 1:
            self._queue(lane, now)

    def take(self, now: float) -> T | None:
        """Whose turn it is; None: nobody's yet. One CSMS after the other, each in its order."""
        self._ripen(now)
        if not self._ready:
            return None
        lane = self._ready.popleft()
        asking = lane.waiting.popleft()[1]
        self._waiting -= 1
        if lane.rate and asking.wanted:
            own = lane.rate * max(self._share(), 1e-3)
            lane.due = max(lane.due, now - CATCH_UP) + 1 / own
        if lane.waiting:
            self._queue(lane, now)
        elif not lane.resting:
            lane.resting = True
            self._resting.append(lane)
        return asking

    def _queue(self, lane: _Lane, now: float) -> None:
        if lane.due <= now:
            self._ready.append(lane)
        else:
            heapq.heappush(self._later, (lane.due, next(self._number), lane))

    def _forget_rested(self, now: float) -> None:
        while self._resting:
            lane = self._resting[0]
            if not lane.waiting and lane.due > now - CATCH_UP:
                return
            self._resting.popleft().resting = False
            if not lane.waiting:
                del self._lanes[lane.key]

    def _ripen(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])

    def next_turn(self) -> float | None:
        """When the next turn by the rates comes; None where nobody waits for one."""
        return self._later[0][0] if self._later else None

    def clear(self) -> None:
        """Nobody waits any more."""
        self._ready.clear()
        self._later.clear()
        self._resting.clear()
        self._lanes.clear()
        self._waiting = 0


def _rate(name: str, rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise ValueError(f"{name}: the rate must be a number, not {rate!r}.")
    if not 0 <= rate <= MOST:
        raise ValueError(f"{name}: the rate must be from 0 (no limit) to {MOST:g} a second.")
    return float(rate)

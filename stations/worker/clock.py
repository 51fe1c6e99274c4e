"""The time of a worker and one heap of deadlines for everything that waits in it.

Thousands of stations each have a heartbeat, a call timeout, meter samples and a ping. A timer
handle for each would be created and cancelled with every message. Here an owner has at most one
live entry in a heap: a deadline that moves later costs nothing until the old entry comes up.
"""

import asyncio
import heapq
import logging
import time
from typing import Protocol

log = logging.getLogger(__name__)

# Owners served in one turn of the loop: at some 30 us each the loop is never held for long.
BATCH = 200
# Seconds between two rounds: deadlines close to one another share a turn of the loop, whose cost
# (a wake-up, a poll, cold caches) is above that of the station's own work. A station that is
# alone is served on time; of a thousand, one is up to this late.
ROUND = 0.025
TICKS = 10  # a second, at which what may wait is due for all stations at once (decision 28)
CATCH_UP = 0.05  # of the time that passes: an hour takes twenty


class Clock:
    """Unix seconds (UTC) that never run backwards within a process, nor leap where none passed.

    A wall clock that is set forward by an hour must not time out every Call and charge an hour's
    energy: it is caught up with slowly. An hour in which the machine slept has passed.
    """

    __slots__ = ("_followed", "_offset", "_slept")

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._followed = time.monotonic()
        self._slept = slept()

    def now(self) -> float:
        return time.monotonic() + self._offset

    def follow_wall_clock(self) -> None:
        """Catch up when the wall clock is ahead; never step back when it is behind."""
        moment, sleep = time.monotonic(), slept()
        ahead = time.time() - moment - self._offset
        most = max(0.0, sleep - self._slept) + CATCH_UP * (moment - self._followed)
        self._offset += min(max(0.0, ahead), most)
        self._followed, self._slept = moment, sleep


def slept() -> float:
    """Seconds that the machine was suspended since its start, give or take a constant."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class Waiting(Protocol):
    """What may stand in the heap."""

    armed: float | None  # time of this owner's live entry; written by Deadlines alone

    def due(self, now: float) -> float | None:
        """Do what is due at `now`; return the next deadline or None."""


class Deadlines:
    """A heap of (time, owner) with one loop timer for its head."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int, Waiting]] = []
        self._order = 0
        self._dead = 0  # entries whose owner has moved on
        self._handle: asyncio.TimerHandle | None = None
        self._wakes_at: float | None = None
        self._not_before = 0.0  # the end of the round under way

    def __len__(self) -> int:
        return len(self._heap) - self._dead

    def arm(self, owner: Waiting, deadline: float | None) -> None:
        """Have `owner.due` called at `deadline` (unix seconds) or up to ROUND after.

        An earlier entry of the same owner stays; when it comes up the owner says what is next.
        """
        armed = owner.armed
        if deadline is None or (armed is not None and armed <= deadline):
            return
        owner.armed = deadline
        if armed is not None:
            self._bury()
        self._order += 1
        heapq.heappush(self._heap, (deadline, self._order, owner))
        if self._wakes_at is None or deadline < self._wakes_at:
            self._schedule(deadline)

    def disarm(self, owner: Waiting) -> None:
        """Forget the owner, so that a stopped station is not kept alive by a distant deadline."""
        if owner.armed is not None:
            owner.armed = None
            self._bury()

    def close(self) -> None:
        """Cancel what is due: no station's timer fires after it."""
        if self._handle is not None:
            self._handle.cancel()
        for _, _, owner in self._heap:
            owner.armed = None
        self._heap.clear()

    def _bury(self) -> None:
        self._dead += 1
        live = len(self._heap) - self._dead
        if not live or (self._dead > 64 and self._dead > live):
            self._heap = [entry for entry in self._heap if entry[2].armed == entry[0]]
            heapq.heapify(self._heap)
            self._dead = 0

    def _schedule(self, deadline: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._wakes_at = deadline
        delay = max(0.0, max(deadline, self._not_before) - self._clock.now())
        self._handle = self._loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        self._handle = None
        self._wakes_at = None
        heap = self._heap
        now = self._clock.now()
        self._not_before = now + ROUND
        for _ in range(BATCH):
            if not heap or heap[0][0] > now:
                break
            when, _, owner = heapq.heappop(heap)
            if owner.armed != when:
                self._dead -= 1
                continue
            owner.armed = None
            self._serve(owner, now)
            heap = self._heap  # serving may have rebuilt it
        else:
            self._not_before = now  # more is due already: go on in the loop's next turn
        if heap and (self._wakes_at is None or heap[0][0] < self._wakes_at):
            self._schedule(heap[0][0])

    def _serve(self, owner: Waiting, now: float) -> None:
        try:
            self.arm(owner, owner.due(now))
        except Exception:
            # One station's fault must not stop the timers of all the others.
            log.exception("deadline of %r failed", owner)

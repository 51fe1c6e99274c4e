"""One direction of a slow link: frames in, and out again in their time.

The order is kept, as TCP keeps it: what comes behind a delayed frame waits too. Only a frame that
is to be reordered steps aside, until one that came after it has left or its patience is over.
"""

from collections import deque

from chargepoint.effects import Frame


class Parcel:
    """A frame under way. `number`: in the order of coming; times in unix seconds."""

    __slots__ = ("came", "due", "frame", "marks", "number")

    def __init__(self, frame: Frame, marks: list[str], came: float, due: float, number: int):
        self.frame = frame
        self.marks = marks
        self.came = came
        self.due = due
        self.number = number

    def arrived(self, now: float, *more: str) -> Frame:
        """The frame as it leaves, with its marks and the time of leaving."""
        marks = [*self.marks, *more]
        waited = now - self.came
        if waited > 0:
            marks.append(f"delayed {waited * 1000:.0f} ms")
        mark = "; ".join(part for part in (self.frame.mark, *marks) if part)
        return self.frame._replace(mark=mark, time=max(now, self.frame.time))


class Lane:
    """`put` frames, `take` those that are due."""

    __slots__ = ("_aside", "_count", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Parcel] = deque()
        self._aside: list[Parcel] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._aside)

    @property
    def deadline(self) -> float | None:
        times = [parcel.due for parcel in self._aside]
        if self._waiting:
            times.append(self._waiting[0].due)
        return min(times, default=None)

    def put(self, frame: Frame, marks: list[str], now: float, delay: float = 0.0) -> None:
        """It leaves in `delay` seconds, or with the last one before it: only the head may go."""
        self._waiting.append(self._parcel(frame, marks, now, now + delay))

    def put_aside(self, frame: Frame, marks: list[str], now: float, patience: float) -> None:
        """It leaves behind the next one that comes, or after `patience` seconds."""
        self._aside.append(self._parcel(frame, marks, now, now + patience))

    def _parcel(self, frame: Frame, marks: list[str], now: float, due: float) -> Parcel:
        self._count += 1
        return Parcel(frame, marks, now, due, self._count)

    def take(self, now: float) -> list[Frame]:
        """Those whose time has come, in the order in which they leave."""
        out: list[Frame] = []
        while self._waiting and self._waiting[0].due <= now:
            parcel = self._waiting.popleft()
            out.append(parcel.arrived(now))
            out += self._overtaken(parcel.number, now)
        for parcel in [p for p in self._aside if p.due <= now]:
            self._aside.remove(parcel)
            out.append(parcel.arrived(now, "reordering: no other frame came"))
        return out

    def _overtaken(self, number: int, now: float) -> list[Frame]:
        behind = [parcel for parcel in self._aside if parcel.number < number]
        self._aside = [parcel for parcel in self._aside if parcel.number > number]
        return [parcel.arrived(now, "reordered") for parcel in behind]

    def empty(self, now: float) -> list[Frame]:
        """All of them at once, in the order in which they came."""
        parcels = sorted([*self._waiting, *self._aside], key=lambda parcel: parcel.number)
        self._waiting.clear()
        self._aside = []
        return [parcel.arrived(now) for parcel in parcels]

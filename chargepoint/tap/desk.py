"""Frames that are held for a person to look at. Pure: time is passed in.

A breakpoint holds the frames that fit it; what does not fit passes by, also what comes behind, so
that a held Call keeps nothing but itself from going on. The person decides the order. Nothing is
held for ever, nor without bounds.
"""

from typing import Any

import msgspec

from chargepoint.effects import Frame
from chargepoint.tap.selection import Selection, selection

BREAKPOINTS_AT_MOST = 20
HELD_AT_MOST = 50  # frames of a station
HELD_CHARACTERS = 1 << 20
HOLD, LIFE = 60.0, 3600.0  # seconds: a frame is held, a breakpoint stands, unless told otherwise
LONGEST = 86_400.0
UNANSWERED = ("CallResultError", "Send")  # no Call of ours waits for them


class Breakpoint(msgspec.Struct):
    """`count`: how many more frames it holds, None: no end. Times in unix seconds."""

    id: int
    selection: Selection
    until: float
    hold: float
    count: int | None = None

    def over(self, now: float) -> bool:
        return self.count == 0 or now >= self.until

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id, **self.selection.shown(), "count": self.count, "until": self.until,
            "hold_seconds": self.hold,
        }  # fmt: skip


class Held(msgspec.Struct):
    """A frame, held since `since` and until somebody decides, or until `until`."""

    id: int
    frame: Frame
    since: float
    until: float

    def shown(self) -> dict[str, Any]:
        """As users are shown it; `since` and `until` are in Unix seconds."""
        frame = self.frame
        return {
            "id": self.id, "direction": frame.direction, "kind": frame.kind,
            "action": frame.action, "unique_id": frame.unique_id, "text": frame.text,
            "since": self.since, "until": self.until,
        }  # fmt: skip


class Desk:
    """The breakpoints of a station and what they hold.

    `patience`: what was left of the station's own wait for an answer when the Call was held.
    """

    __slots__ = ("breakpoints", "held", "patience")

    def __init__(self) -> None:
        self.breakpoints: list[Breakpoint] = []
        self.held: dict[int, Held] = {}
        self.patience: float | None = None

    def idle(self, now: float) -> bool:
        """Whether nothing is held and no breakpoint is left; those that are over are removed."""
        self.breakpoints = [each for each in self.breakpoints if not each.over(now)]
        return not (self.breakpoints or self.held)

    def to_saved(self) -> list[str]:
        """What a worker that takes over can say of the frames: it cannot send them, having another
        link, and what must reach the CSMS is sent anew."""
        frames = (held.frame for held in self.held.values())
        return [f"{f.direction} {f.kind} {f.action} {f.unique_id}" for f in frames]

    @property
    def deadline(self) -> float | None:
        return min((held.until for held in self.held.values()), default=None)

    def catches(self, frame: Frame, now: float) -> Breakpoint | None:
        """The first breakpoint that this frame runs into."""
        for each in self.breakpoints:
            if not each.over(now) and each.selection.fits(frame):
                return each
        return None

    def has_room(self, frame: Frame) -> bool:
        """Whether a further frame may be held: HELD_AT_MOST frames, HELD_CHARACTERS together."""
        taken = sum(len(held.frame.text) for held in self.held.values())
        return len(self.held) < HELD_AT_MOST and taken + len(frame.text) <= HELD_CHARACTERS

    def hold(self, identity: int, frame: Frame, breakpoint_: Breakpoint, now: float) -> None:
        """Hold a frame for the breakpoint's time, and count it."""
        if breakpoint_.count is not None:
            breakpoint_.count -= 1
        self.held[identity] = Held(identity, frame, now, now + breakpoint_.hold)

    def overdue(self, now: float) -> list[Held]:
        """Take those whose time is over."""
        late = [held for held in self.held.values() if held.until <= now]
        return [self.held.pop(held.id) for held in late]

    def delays(self, unique_id: str) -> bool:
        """Does a held frame keep this Call of the station from its answer?"""
        return any(
            held.frame.unique_id == unique_id
            and (held.frame.direction == "sent") == (held.frame.kind == "Call")
            and held.frame.kind not in UNANSWERED
            for held in self.held.values()
        )


def breakpoint_of(
    identity: int, now: float, direction: str = "both", action: str = "", kind: str = "",
    count: int | None = None, seconds: float = LIFE, hold_seconds: float = HOLD,
) -> Breakpoint:  # fmt: skip
    """Make one of an operator's arguments; ValueError with a sentence for what makes no sense.
    Raises ValueError."""
    if count is not None and not 0 < count <= 1_000_000:
        raise ValueError("The count is 1 to 1000000 frames; leave it out for no end.")
    if not 0 < seconds <= LONGEST or not 0 < hold_seconds <= LONGEST:
        raise ValueError("The seconds are above 0 and at most a day.")
    chosen = selection(direction, action, kind)
    return Breakpoint(identity, chosen, now + seconds, float(hold_seconds), count)

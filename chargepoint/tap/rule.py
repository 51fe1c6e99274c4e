"""One fault of a station's frames: what it does, to which frames, how often, for how long."""

from hashlib import blake2b
from typing import Any

import msgspec

from chargepoint.effects import Frame
from chargepoint.tap.forms import FORMS
from chargepoint.tap.selection import ANSWERS, Selection, selection

LATENCY, DROP, DUPLICATE, REORDER = "latency", "drop", "duplicate", "reorder"
MALFORMED, WRONG_ID, NO_ANSWER = "malformed", "wrong-id", "no-answer"
FAULTS = (LATENCY, DROP, DUPLICATE, REORDER, MALFORMED, WRONG_ID, NO_ANSWER)
LONGEST_DELAY = 3_600_000.0  # ms
REORDER_PATIENCE = 2_000.0  # ms; how long a frame waits for another one to overtake it


class FrameFault(msgspec.Struct):
    """Plain and mutable: `count` falls, `draws` counts the random numbers that were used.

    delay, jitter  ms; for a reordering `delay` is how long it waits to be overtaken
    count          how many frames are still to be struck; None: no end
    until          unix seconds after which it is over; None: no end
    seed           the same seed draws the same numbers, so that a run can be repeated
    """

    id: int
    fault: str
    selection: Selection
    probability: float = 1.0
    count: int | None = None
    until: float | None = None
    delay: float = 0.0
    jitter: float = 0.0
    form: str = ""
    seed: int = 0
    draws: int = 0

    def over(self, now: float) -> bool:
        return self.count == 0 or (self.until is not None and now >= self.until)

    def strikes(self, frame: Frame, now: float) -> bool:
        """Does it befall this frame? Counts it if so."""
        if self.over(now) or not self.selection.fits(frame):
            return False
        if self.probability < 1.0 and self.draw() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        return True

    def draw(self) -> float:
        """The next random number in [0, 1); a hash, since it must go on after a restart."""
        self.draws += 1
        digest = blake2b(f"{self.seed}:{self.draws}".encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / (1 << 48)

    def seconds(self) -> float:
        """How long this frame is delayed."""
        return (self.delay + (self.jitter * self.draw() if self.jitter else 0.0)) / 1000.0

    def malformation(self) -> str:
        """The form asked for, or any of them."""
        return self.form or tuple(FORMS)[int(self.draw() * len(FORMS))]

    def shown(self) -> dict[str, Any]:
        """As the list of faults shows it."""
        shown = {"id": self.id, "fault": self.fault, **self.selection.shown()}
        shown |= {"probability": self.probability, "count": self.count, "until": self.until}
        if self.fault in (LATENCY, REORDER):
            shown |= {"delay_ms": self.delay, "jitter_ms": self.jitter}
        if self.fault == MALFORMED:
            shown["form"] = self.form
        return {**shown, "seed": self.seed}

    def to_saved(self) -> dict[str, Any]:
        return msgspec.to_builtins(self)

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "FrameFault":
        return msgspec.convert(saved, cls)


def frame_fault(
    identity: int, now: float, seed: int, fault: str, direction: str = "", action: str = "",
    kind: str = "", probability: float = 1.0, count: int | None = None,
    seconds: float | None = None, delay_ms: float | None = None, jitter_ms: float = 0.0,
    form: str = "",
) -> FrameFault:  # fmt: skip
    """Make a rule of an operator's arguments; ValueError with a sentence for what makes no sense.

    `seconds`: how long it lasts; the other names as in FrameFault. Without a direction, both; for
    no-answer the station's own answers. Raises ValueError.
    """
    if fault not in FAULTS:
        raise ValueError(f"The fault is one of: {', '.join(FAULTS)}.")
    if not 0.0 < probability <= 1.0:
        raise ValueError("The probability is above 0 and at most 1.")
    if count is not None and not 0 < count <= 1_000_000:
        raise ValueError("The count is 1 to 1000000 frames; leave it out for no end.")
    if not 0 <= seed < 1 << 53:
        raise ValueError("The seed is 0 to 9007199254740991.")
    if seconds is not None and not 0 < seconds <= 31_536_000:
        raise ValueError("The seconds are above 0 and at most a year; leave them out for no end.")
    delay = _delay(fault, delay_ms, jitter_ms)
    if form and (fault != MALFORMED or form not in FORMS):
        raise ValueError(f"A form is of malformed frames, one of: {', '.join(FORMS)}.")
    chosen = selection(direction or ("sent" if fault == NO_ANSWER else "both"), action, kind)
    if fault in (WRONG_ID, NO_ANSWER) and not chosen.kinds:
        chosen = msgspec.structs.replace(chosen, kinds=ANSWERS)
    if fault == NO_ANSWER and not set(chosen.kinds) <= set(ANSWERS):
        raise ValueError("no-answer is about answers: the kind is CallResult or CallError.")
    until = None if seconds is None else now + seconds
    return FrameFault(
        identity, fault, chosen, float(probability), count, until, delay, float(jitter_ms), form,
        seed,
    )  # fmt: skip


def _delay(fault: str, delay: float | None, jitter: float) -> float:
    if fault not in (LATENCY, REORDER):
        if delay is not None or jitter:
            raise ValueError("A delay is of latency and reorder only.")
        return 0.0
    if fault == REORDER and jitter:
        raise ValueError("A reordering has no jitter.")
    usual = REORDER_PATIENCE if fault == REORDER else 0.0
    delay = usual if delay is None else float(delay)
    if not (0 <= delay <= LONGEST_DELAY and 0 <= jitter <= LONGEST_DELAY):
        raise ValueError("Delays are 0 to 3600000 ms.")
    if delay + jitter <= 0:
        raise ValueError("Give delay_ms or jitter_ms.")
    return delay

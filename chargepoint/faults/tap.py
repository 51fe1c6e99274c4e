"""What stands between a station and its link while something is wrong with it on purpose.

Sans-I/O: each frame is offered with the time, and what comes of it is returned, now or when `due`
is asked at the deadline. A healthy station has no tap.
"""

from typing import Any, NamedTuple

from chargepoint.effects import Frame
from chargepoint.faults import rule as rules
from chargepoint.faults.forms import malformed, under_another_id
from chargepoint.faults.lane import Lane
from chargepoint.faults.rule import FrameFault

RULES_AT_MOST = 50


class Passage(NamedTuple):
    """A frame that goes on (to the wire, or to the station), or one that is lost here."""

    frame: Frame
    goes_on: bool


class Tap:
    """`frozen`: the link is half-open, nothing goes through it."""

    __slots__ = ("frozen", "lanes", "last_id", "rules", "struck")

    def __init__(self, saved: dict[str, Any] | None = None) -> None:
        saved = saved or {}
        self.rules = [FrameFault.from_saved(entry) for entry in saved.get("rules", ())]
        self.last_id: int = saved.get("last_id", 0)
        self.lanes: dict[str, Lane] = {}
        self.frozen = False
        self.struck = 0  # frames that something was done to

    def to_saved(self) -> dict[str, Any]:
        if not self.rules:
            return {}
        return {"rules": [rule.to_saved() for rule in self.rules], "last_id": self.last_id}

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def idle(self, now: float) -> bool:
        """Nothing is wrong any more, and nothing is under way."""
        self.rules = [rule for rule in self.rules if not rule.over(now)]
        return not (self.rules or self.frozen or any(self.lanes.values()))

    @property
    def deadline(self) -> float | None:
        times = [lane.deadline for lane in self.lanes.values()]
        return min((time for time in times if time is not None), default=None)

    # --- frames ------------------------------------------------------------------------------

    def offer(self, frame: Frame, now: float) -> list[Passage]:
        """A frame comes, of either direction: what leaves at once because of it."""
        if self.frozen:
            return [self._lost(frame, "dropped: half-open")]
        return self._befall(frame, now)

    def due(self, now: float) -> list[Passage]:
        """What leaves now, the deadline having come."""
        return [
            Passage(frame, True) for lane in self.lanes.values() for frame in lane.take(now)
        ]

    def _befall(self, frame: Frame, now: float) -> list[Passage]:
        marks: list[str] = []
        text, delay, patience, copies = frame.text, 0.0, None, 0
        for rule in self.rules:
            if not rule.strikes(frame, now):
                continue
            self.struck += 1
            match rule.fault:
                case rules.DROP:
                    return [self._lost(frame, "dropped")]
                case rules.NO_ANSWER:
                    return [self._lost(frame, "dropped: no answer")]
                case rules.DUPLICATE:
                    copies += 1
                case rules.LATENCY:
                    delay += rule.seconds()
                case rules.REORDER:
                    patience = rule.delay / 1000.0
                case rules.MALFORMED:
                    form = rule.malformation()
                    text = malformed(text, form)
                    marks.append(f"malformed: {form}")
                case rules.WRONG_ID:
                    text, changed = under_another_id(text) or text, text
                    if text != changed:
                        marks.append(f"wrong id, was {frame.unique_id}")
        lane = self.lane(frame.direction)
        frame = frame._replace(text=text)
        if patience is not None:
            lane.put_aside(frame, marks, now, patience)
        else:
            lane.put(frame, marks, now, delay)
        for _ in range(copies):
            lane.put(frame, [*marks, "duplicate"], now, delay)
        return [Passage(leaving, True) for leaving in lane.take(now)]

    def lane(self, direction: str) -> Lane:
        return self.lanes.setdefault(direction, Lane())

    def _lost(self, frame: Frame, why: str) -> Passage:
        self.struck += 1
        mark = f"{frame.mark}; {why}" if frame.mark else why
        return Passage(frame._replace(mark=mark), False)

    # --- the end of a link -------------------------------------------------------------------

    def closing(self, now: float) -> list[Passage]:
        """The station closes the link: what is on its way out is written first."""
        sent = self.lanes.pop("sent", None)
        written = [] if sent is None else [Passage(frame, True) for frame in sent.empty(now)]
        return written + self.link_lost(now)

    def link_lost(self, now: float) -> list[Passage]:
        """What was under way is lost with the link; a half-open one is no longer that."""
        self.frozen = False
        lanes, self.lanes = self.lanes, {}
        return [
            self._lost(frame, "dropped: the link was lost")
            for lane in lanes.values()
            for frame in lane.empty(now)
        ]

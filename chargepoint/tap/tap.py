"""What stands between a station and its link while something is wrong with it on purpose.

Sans-I/O: each frame is offered with the time, and what comes of it is returned, now or when `due`
is asked at the deadline. A healthy station has no tap.

The faults are the link's, the desk is the station's side of them: a frame to the CSMS is held
before the faults can befall it, one from the CSMS after. What a person has let go is theirs: no
fault befalls it, though it queues behind what is delayed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from chargepoint.effects import Frame
from chargepoint.tap import rule as rules
from chargepoint.tap.desk import Desk, Held
from chargepoint.tap.forms import malformed, under_another_id
from chargepoint.tap.lane import Lane
from chargepoint.tap.rule import FrameFault
from chargepoint.tap.scripts import Script
from chargepoint.tap.standing import rules_of

RULES_AT_MOST = 50


class Passage(NamedTuple):
    """A frame that goes on (to the wire, or to the station), or one that is lost here."""

    frame: Frame
    goes_on: bool


class Tap:
    """`frozen`: the link is half-open, nothing goes through it. `desk`: see interception.

    scripts, standing  answers that are laid down by an operator, and by the configuration
    """

    __slots__ = (
        "_given", "desk", "frozen", "lanes", "last_id", "rules", "scripts", "standing", "struck",
    )  # fmt: skip

    def __init__(self, saved: dict[str, Any] | None = None) -> None:
        saved = saved or {}
        self.rules = [FrameFault.from_saved(entry) for entry in saved.get("rules", ())]
        self.scripts = [msgspec.convert(entry, Script) for entry in saved.get("scripts", ())]
        self.standing: dict[str, Script] = {}
        self._given: dict[str, int] = saved.get("standing", {})  # of rules not stood up yet
        self.last_id: int = saved.get("last_id", 0)
        self.lanes: dict[str, Lane] = {}
        self.frozen = False
        self.desk: Desk | None = None
        self.struck = 0  # frames that something was done to

    def to_saved(self) -> dict[str, Any]:
        """For the snapshot; empty where nothing is to be kept."""
        saved: dict[str, Any] = {}
        if self.rules:
            saved["rules"] = [rule.to_saved() for rule in self.rules]
        if self.scripts:
            saved["scripts"] = [script.to_saved() for script in self.scripts]
        if given := {key: rule.given for key, rule in self.standing.items() if rule.given}:
            saved["standing"] = given
        if self.desk is not None and self.desk.held:
            saved["held"] = self.desk.to_saved()
        return {**saved, "last_id": self.last_id} if saved else {}

    def stand(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the rules of a configuration. One that was there goes on counting."""
        given = {key: rule.given for key, rule in self.standing.items()}
        self.standing = rules_of(rows, self._given | given)
        self._given = {}

    def new_id(self) -> int:
        """The next number, shared by rules, prepared answers, breakpoints and held frames."""
        self.last_id += 1
        return self.last_id

    def thaw(self) -> None:
        """The link is no longer half-open."""
        self.frozen = False

    def idle(self, now: float) -> bool:
        """Nothing is wrong any more, and nothing is under way."""
        self.rules = [rule for rule in self.rules if not rule.over(now)]
        self.scripts = [script for script in self.scripts if not script.over(now)]
        if self.desk is not None and self.desk.idle(now):
            self.desk = None
        return not (self.scripts or self.standing or self.disturbs)

    @property
    def disturbs(self) -> bool:
        """Whether frames may leave it otherwise than they come, or later."""
        return bool(self.rules or self.frozen or self.desk or any(self.lanes.values()))

    @property
    def deadline(self) -> float | None:
        times = [lane.deadline for lane in self.lanes.values()]
        if self.desk is not None:
            times.append(self.desk.deadline)
        return min((time for time in times if time is not None), default=None)

    def script_for(self, action: str, payload: Any, now: float) -> Script | None:
        """The answer that is laid down for this Call, if one is; it counts as given. An operator's
        comes before the configuration's, the first of each before the next."""
        for script in (*self.scripts, *self.standing.values()):
            if script.takes(action, payload, now):
                script.give()
                self.struck += 1
                return script
        return None

    # --- frames ------------------------------------------------------------------------------

    def offer(self, frame: Frame, now: float) -> list[Passage]:
        """A frame comes, of either direction: what leaves at once because of it."""
        if self.frozen:
            return [self._lost(frame, "dropped: half-open")]
        if self.desk is None:
            return self._befall(frame, now)
        if frame.direction == "received":
            return self._laid_down(self._befall(frame, now), now)
        [passage] = self._laid_down([Passage(frame, True)], now)
        return self._befall(passage.frame, now) if passage.goes_on else [passage]

    def due(self, now: float) -> list[Passage]:
        """What leaves now, the deadline having come."""
        leaving = [frame for lane in self.lanes.values() for frame in lane.take(now)]
        if self.frozen:
            out = [self._lost(frame, "dropped: half-open") for frame in leaving]
        else:
            out = [Passage(frame, True) for frame in leaving]
        if self.desk is not None:
            come = [passage for passage in out if passage.frame.direction == "received"]
            out = [passage for passage in out if passage.frame.direction != "received"]
            out += self._laid_down(come, now)
            for held in self.desk.overdue(now):
                out += self.hand_on(held.frame, f"{_length(held, now)}, time limit", now)
        return out

    def _laid_down(self, passages: list[Passage], now: float) -> list[Passage]:
        """What runs into a breakpoint is held, which is told as a loss until it goes on."""
        out = []
        for passage in passages:
            frame = passage.frame
            caught = self.desk.catches(frame, now) if passage.goes_on else None
            if caught is None:
                out.append(passage)
            elif not self.desk.has_room(frame):
                out.append(Passage(marked(frame, "not held: too many are"), True))
            else:
                self.desk.hold(self.new_id(), frame, caught, now)
                self.struck += 1
                out.append(Passage(marked(frame, "held"), False))
        return out

    def let_go(self, held: Held, frame: Frame, how: str, now: float) -> list[Passage]:
        """A person lets a held frame go on, as `frame`."""
        del self.desk.held[held.id]
        return self.hand_on(frame, f"{_length(held, now)}, {how}", now)

    def discard(self, held: Held, how: str, now: float) -> Passage:
        """Drop a held frame, with `how` in its mark."""
        del self.desk.held[held.id]
        return self._lost(held.frame, f"{_length(held, now)}, {how}")

    def hand_on(self, frame: Frame, mark: str, now: float) -> list[Passage]:
        """A frame goes on by a person's hand."""
        frame = marked(frame, mark)._replace(time=now)
        self.struck += 1
        if frame.direction == "received":
            return [Passage(frame, True)]
        if self.frozen:
            return [self._lost(frame, "dropped: half-open")]
        lane = self.lane("sent")
        lane.put(frame, [], now)
        return [Passage(leaving, True) for leaving in lane.take(now)]

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
        return Passage(marked(frame, why), False)

    # --- the end of a link -------------------------------------------------------------------

    def closing(self, now: float) -> list[Passage]:
        """The station closes the link: what is on its way out is written first."""
        sent = None if self.frozen else self.lanes.pop("sent", None)
        written = [] if sent is None else [Passage(frame, True) for frame in sent.empty(now)]
        return written + self.link_lost(now)

    def link_lost(self, now: float) -> list[Passage]:
        """What was under way is lost with the link; a half-open one is no longer that."""
        self.frozen = False
        lanes, self.lanes = self.lanes, {}
        desk, self.desk = self.desk, None
        frames = [frame for lane in lanes.values() for frame in lane.empty(now)]
        frames += [
            marked(held.frame, _length(held, now)) for held in (desk.held.values() if desk else ())
        ]
        lost = [self._lost(frame, "dropped: the link was lost") for frame in frames]
        if desk is not None and desk.breakpoints:
            note = "breakpoints lifted: the link was lost"
            lost.append(Passage(Frame("", "Note", "", "", "", now, mark=note), False))
        return lost


def marked(frame: Frame, mark: str) -> Frame:
    return frame._replace(mark=f"{frame.mark}; {mark}" if frame.mark else mark)


def _length(held: Held, now: float) -> str:
    return f"held {now - held.since:.1f} s"

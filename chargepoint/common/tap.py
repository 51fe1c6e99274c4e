"""The frames of a station on their way through the tap, if there is one.

Without a tap nothing here is called: the frames' path has one look at `tap` each way.
"""

from typing import Any

from chargepoint.config import MAX_FRAME
from chargepoint.core import topics
from chargepoint.core.block import Block, timer
from chargepoint.effects import SOON, Changed, Close, Effect, Frame, Freeze, Noted, Received, Send
from chargepoint.tap.selection import ANSWERS
from chargepoint.tap.tap import Passage, marked
from chargepoint.wire import rpc


class Through:
    """An effect that has been through the tap already."""

    __slots__ = ("effect",)

    def __init__(self, effect: Effect) -> None:
        self.effect = effect


class Tapped(Block):
    """The tap itself is the core's, which has one look at it each way."""

    __slots__ = ()

    KEEPS = False

    # --- out ---------------------------------------------------------------------------------

    def tapped(self, effects: list, now: float) -> list[Effect]:
        """The effects of an event, with the tap's say on each frame that is to be sent."""
        tap, struck = self.core.tap, self.core.tap.struck
        out: list[Effect] = []
        for effect in effects:
            kind = type(effect)
            if kind is Send:
                out += map(_outward, tap.offer(effect.frame, now))
            elif kind is Through:
                out.append(effect.effect)
            else:
                if kind is Close:
                    out += map(_outward, tap.closing(now))
                out.append(effect)
        if tap.struck != struck:
            self.core.count_version()
            out.append(Changed(SOON))  # counts are to survive a restart
        self._mind_the_call(now)
        self._watch_tap(now)
        return out

    def _watch_tap(self, now: float) -> None:
        deadline = self.core.tap.deadline
        if deadline is None:
            self.core.timers.clear("tap")
        else:
            self.core.timers.set("tap", deadline)
        if self.core.tap.idle(now):
            self.core.use_tap(None)

    @timer("tap")
    def is_due(self, now: float) -> None:
        if self.core.tap is not None:
            self.pass_on(self.core.tap.due(now), now)

    def pass_on(self, passages: list[Passage], now: float) -> None:
        """Frames leave the tap: to the wire, or to the station."""
        for passage in passages:
            frame, goes_on = passage
            if goes_on and frame.direction == "received":
                self._arrive(frame, now)
            elif goes_on and not self.core.connected:  # an earlier one has made us close the link
                lost = Passage(marked(frame, "dropped: the link was lost"), False)
                self.core.put(Through(_outward(lost)))
            else:
                self.core.put(Through(_outward(passage)))

    # --- in ----------------------------------------------------------------------------------

    def take_tapped(self, text: str, now: float) -> None:
        """A frame has come in while there is a tap."""
        if not self.core.tap.disturbs:  # it is there for the sake of answers alone
            self.core.answers.take(text, now)
            return
        self.pass_on(self.core.tap.offer(self.frame_of(text, now), now), now)

    def _arrive(self, frame: Frame, now: float) -> None:
        out, breaches = self.core.out, self.core.there("breaches")
        place, known = len(out), breaches and breaches.known
        if self.core.connected:
            self.core.answers.take(frame.text, now)
        else:
            self.core.answers.note("Invalid", frame.text, now, "ignored: the link is closing")
        if frame.mark:
            noted = out[place].frame  # each frame that is taken is noted first
            mark = f"{frame.mark}; {noted.mark}" if noted.mark else frame.mark
            out[place] = Received(noted._replace(mark=mark, cause=frame.cause))
            # What is wrong with it may be of our making.
            if (breaches := self.core.there("breaches")) is not None:
                breaches.put_back(known)

    def frame_of(self, text: str, now: float) -> Frame:
        """What a text that came in is, without taking it."""
        parsed: Any = rpc.parse(text, MAX_FRAME, self.core.READERS)
        kind, unique_id = type(parsed).__name__, parsed.unique_id
        action = getattr(parsed, "action", "")
        if kind == "BadFrame":
            kind = "Invalid"
        elif kind == "CallResultError":
            action = self.core.ask(topics.ANSWERED_ACTION, unique_id) or ""
        elif kind in ANSWERS:
            flight = self.core.calls.flight
            if flight is not None and flight.unique_id == unique_id:
                action = flight.action
            else:
                action = self.core.answers.crafted.get(unique_id, ("",))[0]
        return Frame("received", kind, action[:60], unique_id, text, now)

    # --- the end of a link -------------------------------------------------------------------

    def link_lost(self, now: float) -> None:
        """The link is gone, without a word to it."""
        if self.core.tap is None:
            return
        if self.core.tap.frozen:
            self._thaw("half-open ended with its link", now)
        self.pass_on(self.core.tap.link_lost(now), now)

    def _thaw(self, why: str, now: float) -> None:
        self.core.tap.thaw()
        self.core.timers.clear("thaw")
        self.core.put(Freeze(False))
        self.core.remark(why, now)

    @timer("thaw")
    def thaw(self, now: float) -> None:
        if self.core.tap is not None and self.core.tap.frozen:
            self._thaw("half-open: healed", now)

    # --- frames that an operator holds -------------------------------------------------------

    def _mind_the_call(self, now: float) -> None:
        """The station's own timeout stands still while its Call, or the answer, is held."""
        core, desk = self.core, self.core.tap.desk
        if desk is None:
            return
        flight, due = core.calls.flight, core.timers.due("call")
        if flight is not None and desk.delays(flight.unique_id):
            if due is not None:
                desk.patience = due - now
                core.timers.clear("call")
        elif desk.patience is not None:
            if flight is not None and due is None:
                core.timers.set("call", now + desk.patience)
            desk.patience = None



def _outward(passage: Passage) -> Effect:
    return Send(passage.frame) if passage.goes_on else Noted(passage.frame)

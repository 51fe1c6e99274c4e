"""Block of every Station: its frames on their way through the tap, if there is one.

Without a tap nothing here is called: the frames' path has one look at `tap` each way.
"""

from typing import Any

from chargepoint import rpc
from chargepoint.config import MAX_FRAME
from chargepoint.core import topics
from chargepoint.effects import SOON, Changed, Close, Effect, Frame, Freeze, Noted, Received, Send
from chargepoint.faults.selection import ANSWERS
from chargepoint.faults.tap import Passage, marked


class Through:
    """An effect that has been through the tap already."""

    __slots__ = ("effect",)

    def __init__(self, effect: Effect) -> None:
        self.effect = effect


class TappedFrames:
    """Block of every Station."""

    __slots__ = ()

    def remark(self, text: str, now: float) -> None:
        """Put on record that something was done to the station which no frame shows."""
        self.put(Noted(Frame("", "Note", "", "", "", now, mark=text)))

    # --- out ---------------------------------------------------------------------------------

    def tapped(self, effects: list, now: float) -> list[Effect]:
        """The effects of an event, with the tap's say on each frame that is to be sent."""
        tap, struck = self.tap, self.tap.struck
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
            self.version += 1
            out.append(Changed(SOON))  # counts are to survive a restart
        self.mind_the_call(now)
        self._watch_tap(now)
        return out

    def _watch_tap(self, now: float) -> None:
        deadline = self.tap.deadline
        if deadline is None:
            self.clear_timer("tap")
        else:
            self.set_timer("tap", deadline)
        if self.tap.idle(now):
            self.tap = None

    def at_tap(self, now: float) -> None:
        if self.tap is not None:
            self.pass_on(self.tap.due(now), now)

    def pass_on(self, passages: list[Passage], now: float) -> None:
        """Frames leave the tap: to the wire, or to the station."""
        for passage in passages:
            frame, goes_on = passage
            if goes_on and frame.direction == "received":
                self._arrive(frame, now)
            elif goes_on and not self.connected:  # an earlier one has made us close the link
                lost = Passage(marked(frame, "dropped: the link was lost"), False)
                self.put(Through(_outward(lost)))
            else:
                self.put(Through(_outward(passage)))

    # --- in ----------------------------------------------------------------------------------

    def take_tapped(self, text: str, now: float) -> None:
        """A frame has come in while there is a tap."""
        self.pass_on(self.tap.offer(self.frame_of(text, now), now), now)

    def _arrive(self, frame: Frame, now: float) -> None:
        place, breaches = len(self._out), self.breaches
        if self.connected:
            self.take(frame.text, now)
        else:
            self.note("Invalid", frame.text, now, "ignored: the link is closing")
        if frame.mark:
            noted = self._out[place].frame  # each frame that is taken is noted first
            mark = f"{frame.mark}; {noted.mark}" if noted.mark else frame.mark
            self._out[place] = Received(noted._replace(mark=mark, cause=frame.cause))
            self.breaches = breaches  # what is wrong with it may be of our making

    def frame_of(self, text: str, now: float) -> Frame:
        """What a text that came in is, without taking it."""
        parsed: Any = rpc.parse(text, MAX_FRAME, self.READERS)
        kind, unique_id = type(parsed).__name__, parsed.unique_id
        action = getattr(parsed, "action", "")
        if kind == "BadFrame":
            kind = "Invalid"
        elif kind == "CallResultError":
            action = self.ask(topics.ANSWERED_ACTION, unique_id) or ""
        elif kind in ANSWERS:
            flight = self._flight
            if flight is not None and flight.unique_id == unique_id:
                action = flight.action
            else:
                action = (self._crafted or {}).get(unique_id, ("",))[0]
        return Frame("received", kind, action[:60], unique_id, text, now)

    # --- the end of a link -------------------------------------------------------------------

    def tap_lost_link(self, now: float) -> None:
        """The link is gone, without a word to it."""
        if self.tap is None:
            return
        if self.tap.frozen:
            self._thaw("half-open ended with its link", now)
        self.pass_on(self.tap.link_lost(now), now)

    def _thaw(self, why: str, now: float) -> None:
        self.tap.frozen = False
        self.clear_timer("thaw")
        self.put(Freeze(False))
        self.remark(why, now)


def _outward(passage: Passage) -> Effect:
    return Send(passage.frame) if passage.goes_on else Noted(passage.frame)

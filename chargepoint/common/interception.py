"""Breakpoints, and what an operator does with the frames they hold."""

from typing import Any

from chargepoint.config import MAX_FRAME
from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Frame
from chargepoint.tap.desk import BREAKPOINTS_AT_MOST, Desk, Held, breakpoint_of
from chargepoint.tap.leading import leads_elsewhere
from chargepoint.tap.selection import ANSWERS
from chargepoint.tap.tap import Tap
from chargepoint.wire import rpc

REFUSAL = ["CallResultError"]


class Interception(Block):
    """The frames that are held are at the tap, which is the core's."""

    __slots__ = ()

    KEEPS = False

    @command("interception")
    def do_interception(self, now: float) -> dict[str, Any]:
        """The breakpoints, and the frames that are held, oldest first."""
        desk = self._desk()
        return {
            "breakpoints": [each.shown() for each in desk.breakpoints if not each.over(now)],
            "held": [
                {**held.shown(), "answers": self._answers_to(held.frame)}
                for held in desk.held.values()
            ],
        }

    @command("add-breakpoint")
    def do_add_breakpoint(self, now: float, **wanted: Any) -> dict[str, Any]:
        """Hold the frames that fit, until the link is lost at the latest; see breakpoint_of.

        Raises CommandRejected for arguments that make no sense, or beyond BREAKPOINTS_AT_MOST.
        """
        tap = self.core.tap or Tap()
        desk = tap.desk or Desk()
        try:
            made = breakpoint_of(tap.last_id + 1, now, **wanted)
        except ValueError as error:
            raise CommandRejected("invalid_arguments", str(error)) from None
        except TypeError:
            known = "direction, action, kind, count, seconds, hold_seconds"
            raise CommandRejected("invalid_arguments", f"A breakpoint takes: {known}.") from None
        if len(desk.breakpoints) >= BREAKPOINTS_AT_MOST:
            message = f"A station has at most {BREAKPOINTS_AT_MOST} breakpoints: clear some first."
            raise CommandRejected("not_possible_now", message)
        tap.new_id()
        tap.desk = desk
        self.core.use_tap(tap)
        desk.breakpoints.append(made)
        self.core.remark(f"breakpoint {made.id} set", now)
        return made.shown()

    @command("clear-breakpoint")
    def do_clear_breakpoint(self, now: float, id: int | None = None) -> dict[str, Any]:
        """Lift one; without `id`, all. What is held stays so until it is decided. Raises
        CommandRejected where no breakpoint has the id."""
        desk = self._desk()
        gone = [each for each in desk.breakpoints if id is None or each.id == id]
        if id is not None and not gone:
            message = f"There is no breakpoint {id}: see the list."
            raise CommandRejected("no_such_breakpoint", message)
        for each in gone:
            desk.breakpoints.remove(each)
            self.core.remark(f"breakpoint {each.id} lifted", now)
        return {"cleared": [each.id for each in gone]}

    # --- held frames -------------------------------------------------------------------------

    @command("release")
    def do_release(
        self, now: float, id: int | None = None, text: str | None = None, leading: bool = False,
        cause: str = "",
    ) -> dict:  # fmt: skip
        """Let it go on, with `text` in its place if given, valid or not. Without `id`: all.

        leading: whether `text` may be a Call of the CSMS that leads the link elsewhere. Raises
        CommandRejected for an unknown id, `text` without an id, or a `text` that would lead the
        link elsewhere.
        """
        if id is None:
            if text is not None:
                raise CommandRejected("invalid_arguments", "Name the frame that was edited.")
            chosen = list(self._desk().held.values())
        else:
            chosen = [self._frame_held(id)]
        for held in chosen:
            frame, how = held.frame, "released by hand"
            if text is not None and text != frame.text:
                if frame.direction == "received" and not leading:
                    refuse_leading(text, self.core.READERS)
                frame, how = edited(frame, text, self.core.READERS), "edited by hand"
            freed = self.core.tap.let_go(held, caused(frame, cause), how, now)
            self.core.block("tap").pass_on(freed, now)
        return {"released": [held.id for held in chosen]}

    @command("drop")
    def do_drop(self, now: float, id: int, cause: str = "") -> dict[str, Any]:
        """It goes nowhere."""
        held = self._frame_held(id)
        held.frame = caused(held.frame, cause)
        self.core.block("tap").pass_on([self.core.tap.discard(held, "dropped by hand", now)], now)
        return {"dropped": [id]}

    @command("answer")
    def do_answer(
        self, now: float, id: int, payload: Any = None, code: str | None = None,
        description: str = "", cause: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Answer a held frame in the place of the side that it was meant for, which never sees it.

        A Call: with a CallResult of `payload`, or a CallError of `code`. A CallResult, in 2.1: with
        a CallResultError of `code`. Raises CommandRejected for an unknown id, a frame that cannot
        be answered, or both or neither of payload and code.
        """
        held = self._frame_held(id)
        call = held.frame
        answers = self._answers_to(call)
        if not answers:
            words = "Only a Call can be answered, and in OCPP 2.1 a CallResult."
            raise CommandRejected("not_possible_now", words)
        if (payload is None) == (code is None):
            raise CommandRejected("invalid_arguments", "Give either payload or code.")
        if answers == REFUSAL and code is None:
            words = "A CallResult is answered with a code: by a CallResultError."
            raise CommandRejected("invalid_arguments", words)
        if answers == REFUSAL:
            kind, text = "CallResultError", rpc.result_error_text(call.unique_id, code, description)
        elif code is None:
            kind, text = "CallResult", rpc.result_text(call.unique_id, payload)
        else:
            kind, text = "CallError", rpc.error_text(call.unique_id, code, description)
        del self.core.tap.desk.held[id]
        back = "sent" if call.direction == "received" else "received"
        spent = now - held.since if back == "sent" else None
        answer = Frame(back, kind, call.action, call.unique_id, text, now, spent, code or "")
        answer = caused(answer, cause)
        self.core.block("tap").pass_on(self.core.tap.hand_on(answer, "answered by hand", now), now)
        return {"answered": [id], "text": text}

    def _answers_to(self, frame: Frame) -> list[str]:
        """The kinds that this frame can be answered with."""
        if frame.kind == "Call":
            return list(ANSWERS)
        known = rpc.CALL_RESULT_ERROR in self.core.READERS
        return REFUSAL if frame.kind == "CallResult" and known else []

    def _desk(self) -> Desk:
        return (self.core.tap and self.core.tap.desk) or Desk()

    def _frame_held(self, identity: int) -> Held:
        held = self._desk().held.get(identity)
        if held is None:
            message = f"Frame {identity} is not held any more: see the list."
            raise CommandRejected("no_such_frame", message)
        return held



def caused(frame: Frame, cause: str) -> Frame:
    """Whose it is from here on; who had crafted it stays named."""
    if not cause:
        return frame
    return frame._replace(cause=f"{frame.cause}; {cause}" if frame.cause else cause)


def refuse_leading(text: str, readers: rpc.Readers) -> None:
    """Raises CommandRejected for what leads the station's link, and so its secrets, elsewhere."""
    parsed = rpc.parse(text, MAX_FRAME, readers)
    if type(parsed) is rpc.Call and leads_elsewhere(parsed.action, parsed.payload):
        words = (
            f"Only who may see a station's secrets edits a frame into {parsed.action} like this."
        )
        raise CommandRejected("not_allowed", words)


def edited(frame: Frame, text: str, readers: rpc.Readers) -> Frame:
    """The frame with another text: what can be read of it stands in the log."""
    parsed = rpc.parse(text, MAX_FRAME, readers)
    if type(parsed) is rpc.BadFrame:
        return frame._replace(kind="Invalid", text=text, error=parsed.message)
    action = getattr(parsed, "action", frame.action)
    return frame._replace(
        kind=type(parsed).__name__, action=action[:60], unique_id=parsed.unique_id, text=text,
        error=getattr(parsed, "code", "")[:60],
    )  # fmt: skip

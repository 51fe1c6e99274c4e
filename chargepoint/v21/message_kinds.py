"""What 2.1 adds to the RPC framework (part 4, 4.1.3): CallResultError and Send.

Neither is ever answered, also where it cannot be read.
"""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.effects import Frame, Send
from chargepoint.wire import rpc

REMEMBERED = 5  # answers of ours that a CallResultError may still speak of


class MessageKinds21(Block):
    """Block of Station21.

    `answered`: (unique id, action) of the last answers, None before the first. It is not saved:
    it only gives a CallResultError its action in the log.
    """

    __slots__ = ("answered",)

    GUEST = True

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.answered: list[tuple[str, str]] | None = None

    # --- CallResultError ---------------------------------------------------------------------

    @hears(topics.RESULT_WAS_BAD, wakes=True)
    def result_was_bad(self, unique_id: str, action: str, code: str, why: str, now: float) -> None:
        """2.1 part 2, FR.06: whose answer is invalid, is told so."""
        text = rpc.result_error_text(unique_id, code, why)
        frame = Frame("sent", "CallResultError", action, unique_id, text, now, None, code)
        self.core.put(Send(frame))

    @hears(topics.ANSWERED, wakes=True)
    def remember(self, unique_id: str, action: str) -> None:
        """Remember a Call that was answered, in case a CallResultError comes for it; at most
        REMEMBERED."""
        answered = self.answered
        if answered is None:
            answered = self.answered = []
        answered.append((unique_id, action))
        if len(answered) > REMEMBERED:
            del answered[0]

    @answers(topics.ANSWERED_ACTION)
    def answered_action(self, unique_id: str) -> str:
        # The newest first: a CSMS may count its ids from 1 again.
        return next((a for known, a in reversed(self.answered or []) if known == unique_id), "")

    @hears(topics.UNANSWERED, wakes=True)
    def take_unanswered(self, frame: Any, text: str, now: float) -> None:
        if type(frame) is rpc.CallResultError:
            action = self.answered_action(frame.unique_id)
            code = frame.code[:60] if action else "ignored: no answer of ours has this id"
            self.core.answers.note("CallResultError", text, now, code, action, frame.unique_id)
        else:
            # No message of this type is defined for a CSMS to send.
            words = "ignored: no Send is defined from a CSMS"
            self.core.answers.note("Send", text, now, words, frame.action[:60], frame.unique_id)

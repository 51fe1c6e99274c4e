"""Resuming after a crash: the numbers that had left the process go on from where they were.

A saved state is as old as its snapshot. What the record of frames knows beyond it (wire/said.py) is
taken up here before the station does anything: no seqNo is used twice with other content, no
register falls, and what was sent and not answered is sent again as it was.
"""

from typing import Any

import orjson

from chargepoint.core import topics
from chargepoint.core.block import Block, hears
from chargepoint.effects import URGENT
from chargepoint.wire import schemas
from chargepoint.wire.said import LastCall, Said


class Recall(Block):
    """It keeps nothing; the queue is the core's."""

    __slots__ = ()

    KEEPS = False

    @hears(topics.RECALLING, wakes=True)
    def recall(self, said: Said | None, logged: int | None, now: float) -> None:
        """See Station.recall."""
        if said is not None:
            raised = self.core.ask(topics.RECALL_NUMBERS, said)
            if self._recall_queue(said.last, logged, now) or raised:
                self.core.changed(URGENT)
        self.core.tell(topics.SESSIONS_RETOLD, now)

    def _recall_queue(self, last: LastCall | None, logged: int | None, now: float) -> bool:
        """Messages are sent in their order and one at a time: what stands before the last one
        that was sent has been dealt with, and so has that one if its answer came."""
        if last is None:
            return False
        queue, outcome = self.core.calls.queued, self._readable(last)
        place = next((i for i, m in enumerate(queue) if _is_same(m, last)), None)
        if place is not None:
            del queue[:place]
            if outcome is None:
                return place > 0
            method = self.core.calls.on_got(last.action, "")
            message = queue.pop(0)
            if method is not None:
                method(outcome, message, now)
            return True
        if logged is None or last.number <= logged:
            return False
        # Made after the state was saved, and so are all that were not sent yet: those never left.
        message = None
        if outcome is None:
            message = self.core.ask(topics.UNANSWERED_MESSAGE, last.action, last.payload)
        self.core.calls.queue_anew(None if message is None else [message])
        return True

    def _readable(self, last: LastCall) -> dict[str, Any] | None:
        """The answer as the station read it; None where none has come that it could read."""
        answer = last.outcome
        if answer is None or schemas.check(self.core.VERSION, last.action, answer, True) is None:
            return answer
        reading = self.core.answers.read_kindly(last.action, answer, True)
        return None if reading is None else reading.payload


def _is_same(message: dict[str, Any], last: LastCall) -> bool:
    if message["action"] != last.action:
        return False
    # 1.6 puts the transactionId in at sending time.
    sent = {name: value for name, value in last.payload.items() if name != "transactionId"}
    return sent == orjson.loads(orjson.dumps(message["payload"]))

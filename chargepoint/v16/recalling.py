"""What a resumed 1.6 charge point takes up of what it had told before (see recalling.py above)."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.hardware.connector import Connector
from chargepoint.v16.transactions import Sessions
from chargepoint.wire.said import Said


class Recalling(Block):
    """Of the sessions that are open."""

    __slots__ = ("sessions",)

    KEEPS = False

    def __init__(self, core: Any, sessions: Sessions) -> None:
        super().__init__(core)
        self.sessions = sessions

    @answers(topics.RECALL_NUMBERS, wakes=True)
    def recall_numbers(self, said: Said) -> bool:
        """Raise meters to what the journal says that the CSMS has seen; whether one was raised."""
        raised = [
            self._raise(self.core.connectors[place], *told)
            for place, told in said.registers.items()
            if place in self.core.connectors
        ]
        return any(raised)

    def _raise(self, outlet: Connector, bought: float, sold: float) -> bool:
        session = self.sessions.open.get(outlet.id)
        begun = None if session is None else session.meter_start
        counted = self.core.HABITS.register.counted(bought, outlet.meter_wh, begun, outlet.dc)
        return outlet.raise_registers(counted, sold)

    @hears(topics.SESSIONS_RETOLD, wakes=True)
    def retell(self, now: float) -> None:
        for session in self.sessions.open.values():
            self.sessions.record(session, now)

    @answers(topics.UNANSWERED_MESSAGE, wakes=True)
    def unanswered_message(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """A transaction message of the journal that nobody answered, as an entry of the queue; None
        where its transaction is not open here."""
        known = payload.get("transactionId")
        sessions = self.sessions.open.values()
        session = next((s for s in sessions if s.transaction_id == known), None)
        if known is None or session is None:
            return None
        rest = {name: value for name, value in payload.items() if name != "transactionId"}
        return {
            "action": action, "payload": rest, "session": session.id, "attempts": 0,
            "transaction_id": known,
        }  # fmt: skip

"""What a resumed 2.x station takes up of what it had told before (see recalling.py above)."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, hears
from chargepoint.effects import Session
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.transactions.sessions import session_told
from chargepoint.wire.said import Place, Said


class Recall201(Block):
    """Block of a 2.x station."""

    __slots__ = ()

    KEEPS = False

    @answers(core_topics.RECALL_NUMBERS)
    def recall_numbers(self, said: Said) -> bool:
        """Raise meters, seqNo and event ids to what the journal says that the CSMS has seen;
        whether one was raised."""
        raised = False
        for outlet in self.core.outlets.values():
            for place in self._places_of(outlet):
                if place in said.registers:
                    raised |= self._raise(outlet, *said.registers[place])
            transaction = outlet.transaction
            if transaction is not None:
                following = said.next_seq.get(transaction.id, 0)
                raised |= following > transaction.seq
                transaction.seq = max(transaction.seq, following)
        return self.core.block("events").raise_count(said.event_id) or raised

    def _raise(self, outlet: Outlet, bought: float, sold: float) -> bool:
        hardware, transaction = outlet.hardware, outlet.transaction
        begun = None if transaction is None else transaction.meter_start
        counted = self.core.HABITS.register.counted(bought, hardware.meter_wh, begun, hardware.dc)
        return hardware.raise_registers(counted, sold)

    def _places_of(self, outlet: Outlet) -> list[Place]:
        # A MeterValues names the EVSE only: with two connectors it may be of either.
        alone = sum(other.evse == outlet.evse for other in self.core.outlets.values()) == 1
        place = (outlet.evse, outlet.connector_id)
        return [place, outlet.evse] if alone else [place]

    @hears(core_topics.SESSIONS_RETOLD)
    def retell_sessions(self, now: float) -> None:
        for outlet in self.core.outlets.values():
            if outlet.transaction is not None:
                self.core.put(Session(session_told(self.core, outlet, now)))

    @answers(core_topics.UNANSWERED_MESSAGE)
    def unanswered_message(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """A TransactionEvent of the journal that nobody answered, as an entry of the queue; None
        where its transaction is not open here."""
        if action != "TransactionEvent":
            return None
        known = payload["transactionInfo"]["transactionId"]
        for outlet in self.core.outlets.values():
            transaction = outlet.transaction
            if transaction is not None and transaction.id == known:
                return {
                    "action": action, "payload": payload, "session": transaction.session,
                    "attempts": 0, "connector": outlet.number,
                }  # fmt: skip
        return None

"""What a resumed 1.6 charge point takes up of what it had told before (see recalling.py above)."""

from typing import Any

from chargepoint.said import Said


class Recall16:
    """Block of Station16."""

    __slots__ = ()

    def recall_numbers(self, said: Said) -> bool:
        raised = [
            self.connectors[place].raise_registers(*told)
            for place, told in said.registers.items()
            if place in self.connectors
        ]
        return any(raised)

    def retell_sessions(self, now: float) -> None:
        for session in self.sessions.values():
            self.record(session, now)

    def unanswered_message(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        known = payload.get("transactionId")
        session = next((s for s in self.sessions.values() if s.transaction_id == known), None)
        if known is None or session is None:
            return None
        rest = {name: value for name, value in payload.items() if name != "transactionId"}
        return {
            "action": action, "payload": rest, "session": session.id, "attempts": 0,
            "transaction_id": known,
        }  # fmt: skip

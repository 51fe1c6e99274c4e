"""Our own Calls of a station that leaves some actions out."""

from typing import Any

from chargepoint.core.calls import Calls


class QuietCalls(Calls):
    """What the station's habits name in `off` is not sent. Only such actions are left out whose
    answer nobody here needs."""

    __slots__ = ()

    def make(
        self, action: str, payload: dict[str, Any], now: float, context: Any = None,
        owner: str = "",
    ) -> None:  # fmt: skip
        """As in Calls, or nothing."""
        if action not in self.core.HABITS.off:
            super().make(action, payload, now, context, owner)

    def queue_message(
        self, action: str, payload: dict[str, Any], session: str, **more: Any
    ) -> dict[str, Any]:
        """As in Calls; what is left out waits nowhere."""
        if action in self.core.HABITS.off:
            return {"action": action, "payload": payload, "session": session, "attempts": 0, **more}
        return super().queue_message(action, payload, session, **more)

    def send(self, action: str, payload: dict[str, Any], now: float) -> None:
        """As in Calls, or nothing."""
        if action not in self.core.HABITS.off:
            super().send(action, payload, now)

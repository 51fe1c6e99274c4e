"""Reset (1.6 section 5.14): by the CSMS or at the station."""

from typing import Any

from chargepoint.core.block import Block, action, command, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.v16.configuration import Keys
from chargepoint.v16.transactions import Sessions

SOFT_RESET_PATIENCE = 10.0  # how long a soft reset waits for the queue to be delivered
RESET_RETRY = 5.0  # between the tries of a reset that fails


class Resets(Block):
    """begins    when it is due at the soonest
    patience  when it is due at the latest, whatever has not been delivered
    tries     of one that has failed
    """

    __slots__ = ("begins", "keys", "patience", "sessions", "tries")

    GUEST = True
    KEYS = ("resetting",)

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Go on with a reset that a worker did not end."""
        self.patience = self.begins = now
        self.tries = 0
        if (at := saved.get("resetting")) is not None:  # the worker died in the midst of it
            self.begins = now if at is True else at
            self.core.timers.set("reset", max(now, self.begins))

    def saved(self) -> dict[str, Any]:
        return {"resetting": self.begins} if self.core.timers.has("reset") else {}

    @action("Reset")
    def on_reset(self, payload: dict, now: float) -> dict:
        """Reset (5.14): Accepted; it is carried out after the answer."""
        self.core.answers.later(self._reset_by_csms, payload["type"])
        return {"status": "Accepted"}

    @command("reset")
    def do_reset(self, now: float, kind: str = "Soft") -> dict:
        """Reset the station by hand. Raises CommandRejected for a kind other than Soft and Hard."""
        if kind not in ("Soft", "Hard"):
            raise CommandRejected("invalid_arguments", "The kind is Soft or Hard.")
        self.begin(kind, now, "Reboot")  # 7.36: "locally initiated"
        return {}

    def _reset_by_csms(self, kind: str, now: float) -> None:
        self.begin(kind, now, f"{kind}Reset")

    def begin(self, kind: str, now: float, reason: str) -> None:
        """Transactions end for this reason. A soft reset lets the news out first."""
        core = self.core
        waits = core.timers.has("reset")  # asked for again: it is put off no further
        self.sessions.stop_all(reason, now)
        if not waits:
            self.begins = now + core.clock.delay("reset", 0.0)
        self.patience = now
        if kind == "Soft" and core.connected and core.calls.queued:
            self.patience = max(self.begins, now + SOFT_RESET_PATIENCE)
            core.timers.set("reset", now + 0.2)
        elif self.begins > now:
            core.timers.set("reset", self.begins)
            core.changed(URGENT)
        else:
            self._reboot(now)

    @timer("reset")
    def is_due(self, now: float) -> None:
        if self.core.calls.queued and self.core.connected and now < self.patience:
            self.core.timers.set("reset", now + 0.2)
        elif now < self.begins:
            self.core.timers.set("reset", self.begins)
        else:
            self._reboot(now)

    def _reboot(self, now: float) -> None:
        self.core.timers.clear("reset")
        # A session may have begun since, by a driver who had authorized before.
        self.sessions.end_all("SoftReset", now)
        outlets = self.core.connectors.values()
        if any(outlet.error_code == "ResetFailure" for outlet in outlets):
            self._failed(now)
            return
        self.tries = 0
        self.core.power.reboot(now, "Reset")

    def _failed(self, now: float) -> None:
        """9.1.22 ResetRetries: try again, so often; then stay as it is."""
        if self.tries < self.keys.integer("ResetRetries"):
            self.tries += 1
            self.core.timers.set("reset", now + RESET_RETRY)
        else:
            self.tries = 0
            self.core.statuses.report_all(now)

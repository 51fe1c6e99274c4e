"""Functional blocks B11 and B12: Reset of the station or of one EVSE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, action, answers, command, hears, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.availability import Availability
    from chargepoint.v201.transactions.transactions import Transactions


STATION = 0  # where an EVSE's number stands else
RETRY = 5.0  # between the tries of a reset that fails
RESET_FAILURE = "ResetFailure"  # an operator's fault: the station cannot restart


class Resets(Block):
    """resets: EVSE or STATION -> [when, connectors out of service for its sake].

    when: an EVSE is back, the station's link ends. Without a time it waits for the end of
    transactions; None: nothing of all this.
    """

    __slots__ = ("availability", "reset_due", "resets", "transactions")

    GUEST = True
    KEYS = ("reset_due", "resets")

    def __init__(
        self, core: Station, transactions: Transactions, availability: Availability
    ) -> None:
        super().__init__(core)
        self.transactions = transactions
        self.availability = availability

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read resets that are due or under way of a snapshot."""
        self.reset_due: str | None = saved.get("reset_due")
        kept = {int(key): [at, [*held]] for key, (at, held) in saved.get("resets", {}).items()}
        self.resets: dict[int, list] | None = kept or None

    def resume(self, now: float) -> None:
        """Go on with resets that a worker did not end."""
        if not self.core.booted:
            self._free_all_from_resets(now)
        for evse, (at, _) in (self.resets or {}).items():
            if at is not None:
                timer = "rebooting" if evse == STATION else ("evse_reset", evse)
                self.core.timers.set(timer, max(now, at))

    def saved(self) -> dict[str, Any]:
        """Resets that are due or under way, for the snapshot."""
        saved: dict[str, Any] = {}
        if self.reset_due is not None:
            saved["reset_due"] = self.reset_due
        if self.resets:
            saved["resets"] = {str(k): [at, [*held]] for k, (at, held) in self.resets.items()}
        return saved

    # --- the request -------------------------------------------------------------------------

    @action("Reset")
    def on_reset(self, payload: dict, now: float) -> dict:
        """Reset (B11, B12); its effect follows the answer."""
        evse = payload.get("evseId")
        if evse is not None and not self.core.outlets_of({"id": evse}):
            info = {"reasonCode": "UnknownEvse", "additionalInfo": f"there is no EVSE {evse}"}
            return {"status": "Rejected", "statusInfo": info}
        match payload["type"], evse:
            case "OnIdle", None:
                return {"status": self.reset_on_idle("ScheduledReset", now)}
            case "OnIdle", _:
                return {"status": self._evse_on_idle(evse, now)}
            case "Immediate", None:
                self.core.answers.later(self.reset_now, "RemoteReset")
            case "Immediate", _:
                self.core.answers.later(self._reset_evse, evse)
            case _:
                return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}}
        return {"status": "Accepted"}

    @command("reset")
    def do_reset(self, now: float, kind: str = "Soft") -> dict:
        """Operator: "Soft" waits for the end of transactions, "Hard" does not. Raises
        CommandRejected for another kind."""
        if kind not in ("Soft", "Hard"):
            raise CommandRejected("invalid_arguments", "kind is Soft or Hard.")
        if kind == "Soft":
            status = self.reset_on_idle("LocalReset", now)
        else:
            status = "Accepted"
            self.core.answers.later(self.reset_now, "LocalReset")
        self.core.answers.run_later(now)
        return {"status": status}

    # --- the whole station -------------------------------------------------------------------

    def reset_on_idle(self, reason: str, now: float) -> str:
        """ "Accepted" (and reset after the answer) or "Scheduled"."""
        if _busy(list(self.core.outlets.values())):
            self.reset_due = reason
            self.core.answers.later(self._hold_for_reset, STATION)  # nobody else is to begin
            self.core.changed(URGENT)
            return "Scheduled"
        cause = "RemoteReset" if reason == "ScheduledReset" else reason
        self.core.answers.later(self.reset_now, cause)
        return "Accepted"

    @answers(topics.RESET_WAITS)
    def is_due(self) -> bool:
        """Whether the station is to be reset."""
        return self.reset_due is not None

    @hears(topics.OUTLET_IDLE)
    def outlet_idle(self, outlet: Outlet, now: float) -> None:
        """A reset may have waited for that."""
        self.reset_if_idle(now)

    @hears(core_topics.RESUMED)
    def reset_if_idle(self, now: float) -> None:
        """A transaction has ended: carry out a reset that waited for it."""
        # By a timer: this may be in the middle of any event, which is to end first.
        if self.reset_due is not None:
            if _busy(list(self.core.outlets.values())):
                self._hold_for_reset(STATION, now)  # the one that has ended
            else:
                self.core.timers.set("reset", now)
        for evse, (at, _) in (self.resets or {}).items():
            if evse != STATION and at is None and not _busy(self.core.outlets_of({"id": evse})):
                self.core.timers.set(("evse_reset", evse), now)

    @timer("reset")
    def at_reset(self, now: float) -> None:
        if self.reset_due is not None:
            self.reset_now(self.reset_due, now)

    def reset_now(self, reason: str, now: float) -> None:
        """Stop what is charging, and boot after a while, in which nobody may begin.

        Ended events that have not left by then are kept and sent after the boot.
        """
        pause = self.core.clock.delay("reset", 0.0)
        if pause <= 0:
            self.at_reset_retry(now, reason, 0)
            return
        self._end_all("ResetCommand", "ImmediateReset", now)
        self.reset_due = reason  # for whoever resumes this station
        self._hold_for_reset(STATION, now)
        self.reboot_after(pause, now)

    def reboot_after(self, pause: float, now: float) -> None:
        if not self.core.timers.has("rebooting"):  # asked for again: it is put off no further
            self.core.timers.set("rebooting", now + pause)
            self._note_reset(STATION, now + pause)

    @timer("rebooting")
    def at_rebooting(self, now: float) -> None:
        if self.reset_due is not None:
            self.at_reset_retry(now, self.reset_due, 0)

    @timer("reset_retry")
    def at_reset_retry(self, now: float, reason: str, tries: int) -> None:
        """Try a reset that failed again, at most ResetRetries times."""
        self.core.timers.clear("reset")
        self._end_all("ResetCommand", "ImmediateReset", now)
        if not self._cannot_restart():
            self.core.model.booted()
            self.core.power.reboot(now, reason)
        elif tries < self.core.model.integer("OCPPCommCtrlr.ResetRetries"):
            self.reset_due = reason  # for whoever resumes this station
            self.core.timers.set(("reset_retry", reason, tries + 1), now + RETRY)
            self.core.changed(URGENT)
        else:
            self._free_from_reset(STATION, now)

    def _cannot_restart(self) -> bool:
        return any(c.error_code == RESET_FAILURE for c in self.core.connectors.values())

    @hears(core_topics.REBOOTED)
    def free_after_boot(self, now: float, reason: str, seconds: float) -> None:
        # Now that nothing of it is heard: the boot tells the statuses.
        self._free_all_from_resets(now)

    @hears(core_topics.POWER_FAILED, wakes=True)
    def end_without_power(self, now: float) -> None:
        self._end_all("AbnormalCondition", "PowerLoss", now)

    def _end_all(self, trigger: str, reason: str, now: float) -> None:
        """Nobody charges or waits to charge any longer."""
        self.reset_due = None
        self.stop_outlets(self.outlets_to_end(reason), trigger, reason, now)

    def outlets_to_end(self, reason: str) -> list[Outlet]:
        """Hook: where all ends for the reason."""
        return list(self.core.outlets.values())

    def stop_outlets(self, outlets: list[Outlet], trigger: str, reason: str, now: float) -> None:
        for outlet in outlets:
            if outlet.transaction is not None or outlet.token is not None:
                self.transactions.deauthorized(outlet, trigger, reason, now)
            if outlet.transaction is not None:
                self.transactions.end(outlet, trigger, now, None)

    # --- one EVSE ----------------------------------------------------------------------------

    def _evse_on_idle(self, evse: int, now: float) -> str:
        if not _busy(self.core.outlets_of({"id": evse})):
            self.core.answers.later(self._reset_evse, evse)
            return "Accepted"
        self._note_reset(evse, None)
        self.core.answers.later(self._hold_for_reset, evse)
        return "Scheduled"  # B12.FR.07

    def _reset_evse(self, evse: int, now: float) -> None:
        """B11.FR.08, B12.FR.08: out of service while it starts again; the station stays online."""
        back = (
            now + self.core.clock.delay("reset", 0.0) + self.core.clock.restart_seconds()
        )  # as the station takes
        self._note_reset(evse, back)
        outlets = self.core.outlets_of({"id": evse})
        self.stop_outlets(outlets, "ResetCommand", "ImmediateReset", now)
        self._hold_for_reset(evse, now)
        self.core.timers.set(("evse_reset", evse), back)

    @timer("evse_reset")
    def at_evse_reset(self, now: float, evse: int) -> None:
        """An EVSE begins its reset, or is back from it."""
        at, _ = (self.resets or {}).get(evse, (now, ()))
        if at is None:
            self._reset_evse(evse, now)
        else:
            self._free_from_reset(evse, now)

    def _note_reset(self, evse: int, at: float | None) -> None:
        _, held = (self.resets or {}).get(evse, (None, []))
        self.resets = {**(self.resets or {}), evse: [at, held]}
        self.core.changed(URGENT)

    # --- connectors that wait for it ---------------------------------------------------------

    def _hold_for_reset(self, evse: int, now: float) -> None:
        """Take out of service what is free."""
        outlets = self.core.outlets_of(None if evse == STATION else {"id": evse})
        at, held = (self.resets or {}).get(evse, (None, []))
        for outlet in outlets:
            hardware = outlet.hardware
            used = outlet.transaction is not None or hardware.in_transaction
            if not used and hardware.can(Event.MADE_INOPERATIVE):
                self.availability.make_available(outlet, False, now)
                held = [*held, hardware.id]
                self.core.statuses.report(hardware, now)
        self.resets = {**(self.resets or {}), evse: [at, held]}
        self.core.changed(URGENT)

    def _free_from_reset(self, evse: int, now: float) -> None:
        _, held = (self.resets or {}).get(evse, (None, ()))
        self.resets = {k: v for k, v in (self.resets or {}).items() if k != evse} or None
        for hardware in (self.core.connectors[n] for n in held if n in self.core.connectors):
            if hardware.can(Event.MADE_OPERATIVE):
                hardware.apply(Event.MADE_OPERATIVE, now)
                self.core.statuses.report(hardware, now)
        self.core.changed(URGENT)

    def _free_all_from_resets(self, now: float) -> None:
        for evse in list(self.resets or ()):
            self.core.timers.clear(("evse_reset", evse))
            self._free_from_reset(evse, now)

    @answers(topics.HELD)
    def held_for_reset(self, connector: Connector, operative: bool) -> bool:
        """Whether a connector is out of service for a reset; one that is to be Inoperative stays so
        after it."""
        for _, held in (self.resets or {}).values():
            if connector.id in held:
                if not operative:
                    held.remove(connector.id)  # and stays so
                return True
        return False


def _busy(outlets: list[Outlet]) -> bool:
    return any(outlet.transaction is not None for outlet in outlets)

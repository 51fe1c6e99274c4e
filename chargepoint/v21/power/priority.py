"""Functional block K in 2.1: priority charging (K22-K24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, action, command, folds, hears
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_profiles import PRIORITY
from chargepoint.v201.charging.smart_charging import rejected
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits


class PriorityCharging(Block):
    """Block of Station21. priority: transactions with priority, None where there are none."""

    __slots__ = ("charging", "priority")

    GUEST = True
    KEYS = ("priority",)

    def __init__(self, core: Station, charging: ChargingLimits) -> None:
        super().__init__(core)
        self.charging = charging

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.priority: set[str] | None = set(saved.get("priority", ())) or None

    def saved(self) -> dict[str, Any]:
        return {"priority": sorted(self.priority)} if self.priority else {}

    @folds(topics.OWN_PROFILE)
    def before_own(
        self, found: tuple | None, outlet: Outlet, time: int, since: int
    ) -> tuple | None:
        """The PriorityCharging profile where the transaction has priority (K22), else what was
        found."""
        running = outlet.transaction
        if self.priority is None or running is None or running.id not in self.priority:
            return found
        return self.charging.prevailing(PRIORITY, outlet.evse, time, since) or found

    @hears(topics.PROFILES_ENDING)
    def end_priority(self, outlet: Outlet, session: str, now: float) -> None:
        if self.priority is not None:
            self.priority = self.priority - {session} or None

    @action("UsePriorityCharging")
    def on_use_priority_charging(self, payload: dict, now: float) -> dict:
        """UsePriorityCharging (K22)."""
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        if payload["activate"] and not self._has_priority_profile(outlet):
            return {"status": "NoProfile"}
        self.core.answers.later(self._prioritize, outlet.transaction.id, payload["activate"])
        return {"status": "Accepted"}

    def _has_priority_profile(self, outlet: Outlet) -> bool:
        return any(
            i.profile.purpose == PRIORITY and i.profile.connector in (0, outlet.evse)
            for i in self.charging.profiles or ()
        )

    def _prioritize(self, transaction: str, on: bool, now: float) -> None:
        ids = {*(self.priority or ())}
        (ids.add if on else ids.discard)(transaction)
        self.priority = ids or None
        self.core.changed(URGENT)
        self.charging.plan(now)

    @command("priority-charging")
    def do_priority_charging(self, now: float, connector: int = 1, operative: bool = True) -> dict:
        """The driver asks for priority at the station, or gives it back. Raises CommandRejected
        without a transaction, or without such a profile."""
        outlet = self.core.outlet(connector)
        if outlet.transaction is None:
            raise CommandRejected("no_transaction", "No transaction is running there.")
        if operative and not self._has_priority_profile(outlet):
            raise CommandRejected("not_possible_now", "The CSMS has set no PriorityCharging.")
        self._prioritize(outlet.transaction.id, operative, now)
        payload = {"transactionId": outlet.transaction.id, "activated": operative}
        self.core.calls.make("NotifyPriorityCharging", payload, now)
        return {"status": "Accepted"}

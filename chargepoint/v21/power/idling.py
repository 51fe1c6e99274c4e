"""Functional block Q in 2.1, Q10: an EVSE that sleeps while it idles, and batteries kept ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import EMPTY, Block, gathers, hears, timer
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.power.charging import ChargingLimits21


class Idling(Block):
    """Block of Station21.

    sleeping  connectors whose power electronics are off
    warming   connectors whose car is asked to keep its battery ready
    """

    __slots__ = ("charging", "sleeping", "warming")

    GUEST = True
    KEYS = ("sleeping", "warming")

    def __init__(self, core: Station, charging: ChargingLimits21) -> None:
        super().__init__(core)
        self.charging = charging

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `sleeping` and `warming` of a snapshot."""
        self.sleeping: frozenset[int] = frozenset(saved.get("sleeping", ())) or EMPTY
        self.warming: frozenset[int] = frozenset(saved.get("warming", ())) or EMPTY

    def saved(self) -> dict[str, Any]:
        """`sleeping` and `warming` for the snapshot."""
        found = {"sleeping": sorted(self.sleeping), "warming": sorted(self.warming)}
        return {name: numbers for name, numbers in found.items() if numbers}

    @hears(topics.PERIOD_ASKED, wakes=True)
    def follow(self, outlet: Outlet, now: float) -> None:
        """What the period that holds now asks for."""
        raw = self._raw(outlet, now)
        asleep = bool(raw.get("evseSleep")) and raw.get("operationMode") == "Idle"
        # Q10: without support it is left aside.
        asleep = asleep and self.core.model.flag("SmartChargingCtrlr.SupportsEvseSleep")
        if asleep != (outlet.number in self.sleeping):
            self._sleep(outlet, asleep, now)
        wanted = bool(raw.get("preconditioningRequest"))
        if wanted != (outlet.number in self.warming):
            self._warm(outlet, wanted, now)

    def _raw(self, outlet: Outlet, now: float) -> dict[str, Any]:
        if outlet.transaction is None:
            return {}
        time = round((now + self.core.clock.skew) * 1000)
        found = self.charging.for_transaction(outlet, time, self.charging.since(outlet, time))
        return self.charging.raw_period(outlet, *found) if found else {}

    def _sleep(self, outlet: Outlet, asleep: bool, now: float) -> None:
        one = frozenset((outlet.number,))
        self.sleeping = self.sleeping | one if asleep else self.sleeping - one
        if not asleep:
            # Its control pilot begins anew, which wakes a car that has fallen asleep as well.
            outlet.hardware.toggle(now)
        self.core.changed(SOON)

    def _warm(self, outlet: Outlet, wanted: bool, now: float) -> None:
        one = frozenset((outlet.number,))
        self.warming = self.warming | one if wanted else self.warming - one
        seconds = _seconds_to_warm(outlet.hardware) if wanted else None
        if seconds:
            self.core.timers.set(("warm", outlet.number), now + seconds)
        else:
            self.core.timers.clear(("warm", outlet.number))
        self.core.changed(SOON)

    def resume(self, now: float) -> None:
        for number in self.warming:
            outlet = self.core.outlets.get(number)
            seconds = _seconds_to_warm(outlet.hardware) if outlet is not None else None
            if seconds:
                self.core.timers.set(("warm", number), now + seconds)

    @timer("warm")
    def at_warm(self, now: float, number: int) -> None:
        """The battery has come to its temperature."""
        outlet = self.core.outlets.get(number)
        if outlet is not None and number in self.warming and _seconds_to_warm(outlet.hardware):
            outlet.hardware.warm(now)
            self.core.changed(SOON)

    @hears(topics.PROFILES_ENDING)
    def forget(self, outlet: Outlet, session: str, now: float) -> None:
        """The transaction is over, and what it asked for."""
        if outlet.transaction is None:
            one = frozenset((outlet.number,))
            self.sleeping, self.warming = self.sleeping - one, self.warming - one
            self.core.timers.clear(("warm", outlet.number))

    @gathers(topics.EVENT_PARTS)
    def told(self, outlet: Outlet, kind: str, trigger: str, now: float) -> dict[str, Any]:
        """evseSleep and preconditioningStatus of a TransactionEvent, while they are asked for."""
        parts: dict[str, Any] = {}
        if outlet.number in self.sleeping:
            parts["evseSleep"] = True
        if outlet.number in self.warming:
            parts["preconditioningStatus"] = _status(outlet.hardware)
        return parts


def _seconds_to_warm(hardware: Connector) -> float | None:
    """How long the car's battery takes; 0 where it is warm, None where nobody can ask it to."""
    ev = hardware.ev
    if ev is None or not ev.iso15118_20:
        return None
    return ev.cold_s


def _status(hardware: Connector) -> str:
    """PreconditioningStatusEnumType: a car tells it by ISO 15118-20 alone."""
    seconds = _seconds_to_warm(hardware)
    return "Unknown" if seconds is None else "Preconditioning" if seconds else "Ready"

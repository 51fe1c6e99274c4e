"""Functional block R: what DER controls do to the power of each EVSE, and what it alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, answers, folds, hears, timer
from chargepoint.der import power
from chargepoint.der.controls import ruling as ruling_of
from chargepoint.der.power import Rating, Ruling
from chargepoint.der.ride import STEP, Ride, reference_volts
from chargepoint.hardware.sample import Sample
from chargepoint.hardware.states import State
from chargepoint.v21.power.wish import Wish, rating_of
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.power.evse_controllers import EvseControllers
    from chargepoint.v201.charging.charging_limits import ChargingLimits

_FACTORS = ("FixedPFAbsorb", "FixedPFInject", "WattPF")


class DerEffects(Block):
    """Block of Station21. ride: what is under way, None while no control is there."""

    __slots__ = ("charging", "controllers", "ride")

    KEYS = ("ride",)

    def __init__(
        self, core: Station, charging: ChargingLimits, controllers: EvseControllers
    ) -> None:
        super().__init__(core)
        self.charging = charging
        self.controllers = controllers

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read what was under way of a snapshot."""
        self.ride: Ride | None = Ride(saved["ride"]) if saved.get("ride") else None

    def saved(self) -> dict[str, Any]:
        """What is under way, for the snapshot."""
        kept = self.ride.to_saved() if self.ride is not None else None
        return {"ride": kept} if kept else {}

    def _controls(self) -> dict[str, dict] | None:
        control = self.core.there("der")
        return None if control is None else control.der

    @answers(topics.GRID_CONTROLS)
    def look_at_grid(self, now: float) -> dict[int, float] | None:
        """Bring the controls up to the grid of now; returns the power given back by outlet, None
        without controls."""
        if self.ride is None and self._controls() is None:
            return None
        self.ride = self.ride or Ride()
        return self._look_at_grid(now)

    @hears(topics.GRID_PLANNED)
    def watch_grid(self, seen: dict[int, float], now: float) -> None:
        """The power is planned: set the timer of the next look at the grid."""
        if self._given(now) != seen:
            self.ride.wait_until(now + STEP)  # power monitoring has to see it
        if self._controls() is None:
            self.ride = None
            self.core.timers.clear("grid")
        elif self.ride.due is None:
            self.core.timers.clear("grid")
        else:
            self.core.timers.set("grid", self.ride.due)

    @timer("grid")
    def at_grid(self, now: float) -> None:
        """Something is due: a trip, the end of a delay, the next step of a ramp."""
        self.charging.plan(now)

    def _look_at_grid(self, now: float) -> dict[int, float]:
        ruling, mains = ruling_of(self._controls()), self.core.power.mains
        given = self._given(now)
        may_trip = self.core.config.configuration.get("EmulatorCtrlr.DERMayTrip") == "true"
        alarms = self.ride.look(now, ruling, mains, given, self.core.rng.random, may_trip)
        for alarm in alarms:
            self.core.block("der").der_alarm(*alarm, now)
        levels = self.ride.levels
        if "VoltVar" in ruling:
            identity, curve = ruling["VoltVar"]
            params = curve.get("reactivePowerParams", {})
            vref = reference_volts(self.ride, identity, params, mains, now)
            none = Rating(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            target = power.percent_var("VoltVar", curve, 0.0, none, mains, vref)
            self.ride.aim("VoltVar", identity, target, curve.get("responseTime", 0.0), now)
        else:
            levels.pop("VoltVar", None)
            levels.pop("vref", None)
        return given

    def _given(self, now: float) -> dict[int, float]:
        """EVSE -> percent of the EV's rated discharge that it gives now."""
        given: dict[int, float] = {}
        for outlet in self.core.outlets.values():
            ev = outlet.hardware.ev
            if ev is not None and ev.max_discharge_kw and outlet.hardware.in_transaction:
                outlet.hardware.advance(now)
                given[outlet.evse] = outlet.hardware.export_w / (ev.max_discharge_kw * 10.0)
        return given

    def _ruling_at(self, outlet: Outlet) -> Ruling:
        supported = self.controllers.der_supported(outlet)
        return {k: v for k, v in ruling_of(self._controls()).items() if k in supported}

    # --- watts -------------------------------------------------------------------------------

    @folds(topics.WISH)
    def shaped(self, wish: Wish, outlet: Outlet, now: float) -> Wish:
        """What the controls leave of the wish."""
        hardware, ride = outlet.hardware, self.ride
        if ride is None or hardware.ev is None:
            return wish
        ruling, rating = self._ruling_at(outlet), rating_of(hardware)
        able = hardware.ev.gives_w(rating.ev_w)
        base = min(wish.give, able) if wish.give else -hardware.could_take_w(wish.take)
        share = ride.share(outlet.evse, self.controllers.der_supported(outlet), now)
        most = min(wish.room, able, share * rating.ev_w)
        least = -min(wish.most, rating.take_w)
        wanted = power.shaped(base, ruling, self._levels(ruling, now), rating, least, most)
        var, factor = self._var(ruling, wanted, rating, now)
        if var is not None:
            wanted = power.left_w(wanted, factor, var, rating)
        ceased = ride.ceased(ruling)
        if ceased is not None and ceased.get("powerDuringCessation") != "Active":
            wanted = 0.0
        gradients = ruling["Gradients"][1] if "Gradients" in ruling else None
        if share == 0.0 or ceased is not None:
            # Nothing is slow about a trip; what follows begins softly.
            ride.pace(outlet.evse, 0.0, 0.0, None, 0.0, now)
        else:
            present = hardware.export_w - hardware.power_w
            rated = max(rating.give_w if not hardware.dc else rating.ev_w, rating.take_w)
            wanted = ride.pace(outlet.evse, wanted, present, gradients, rated, now)
        if abs(wanted - base) < 1e-6:
            return wish
        take, give = (wish.most, wanted) if wanted > 0 else (max(0.0, -wanted), 0.0)
        return wish._replace(take=take, give=give)

    def _levels(self, ruling: Ruling, now: float) -> dict[str, float]:
        levels = {}
        for kind in ("FreqDroop", *power.BOUNDS):
            if kind in ruling:
                seconds = ruling[kind][1].get("responseTime", 0.0)
                levels[kind] = self.ride.level(kind, seconds, now)
        if "FreqDroop" in levels:
            levels["FreqDroop"] /= 100.0
        return levels

    # --- vars --------------------------------------------------------------------------------

    def _var(
        self, ruling: Ruling, watts: float, rating: Rating, now: float
    ) -> tuple[float | None, float | None]:
        """(vars taken, power factor if that is what is kept); None where no control says it."""
        kind = power.reactive_kind(ruling)
        if kind == "FixedPFAbsorb" and watts > 0 and "FixedPFInject" in ruling:
            kind = "FixedPFInject"
        elif kind == "FixedPFInject" and watts < 0 and "FixedPFAbsorb" in ruling:
            kind = "FixedPFAbsorb"
        if kind is None or (kind, watts < 0) in (("FixedPFAbsorb", False), ("FixedPFInject", True)):
            return None, None
        settings = ruling[kind][1]
        if kind in _FACTORS:
            factor, absorbing = settings.get("displacement"), settings.get("excitation")
            if kind == "WattPF":
                factor, absorbing = power.watt_factor(settings, watts, rating)
            return power.of_factor(watts, factor, absorbing), factor
        unit = settings.get("yUnit") or settings["unit"]
        if kind == "VoltVar":
            level = self.ride.level(kind, settings.get("responseTime", 0.0), now)
        else:
            level = power.percent_var(kind, settings, watts, rating, self.core.power.mains, 100.0)
        return power.vars_of(unit, level, watts, rating), None

    @folds(topics.SAMPLE)
    def with_vars(self, sample: Sample, outlet: Outlet, now: float) -> Sample:
        """The meter's picture, with the vars that controls or a profile ask for."""
        if outlet.hardware.ev is None or not self._has_vars(outlet):
            return sample
        var = None
        if self.charging.profiles:
            var = self.core.block("bidirectional").setpoint_var(outlet, now)
        if self.ride is not None:
            ruling, rating = self._ruling_at(outlet), rating_of(outlet.hardware)
            ceased = self.ride.ceased(ruling)
            if ceased is not None and ceased.get("powerDuringCessation") != "Reactive":
                return sample.with_reactive(0.0)
            supported = self.controllers.der_supported(outlet)
            if self.ride.share(outlet.evse, supported, now) == 0.0:
                return sample
            asked, _ = self._var(ruling, sample.export_w - sample.power_w, rating, now)
            var = var if asked is None else asked
        return sample if var is None else sample.with_reactive(var)

    def _has_vars(self, outlet: Outlet) -> bool:
        """While power flows, and in a cessation that takes the watts and leaves the vars."""
        state = outlet.hardware.state
        if state is not State.SUSPENDED_EVSE or self.ride is None:
            return state is State.CHARGING
        ceased = self.ride.ceased(self._ruling_at(outlet))
        return ceased is not None and ceased.get("powerDuringCessation") == "Reactive"

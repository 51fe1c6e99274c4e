"""A car of a known kind: it wakes up, ramps up, pauses and falls asleep by itself.

What it does follows from the offer over time alone, and each stretch has a closed solution, so
neither the energy nor the moments depend on how often anybody looks.
"""

from functools import lru_cache
from math import inf
from typing import Any

from chargepoint.cars import laws
from chargepoint.cars.profile import EvProfile, Side
from chargepoint.hardware.ev import EV, FULL, LEAST_W, duration_of, gain_of

# Phases of a car: nothing on offer, so for long that it sleeps; waking up; a cold battery; taking
# what it can; less on offer than it can use; a pause of its own.
STILL, ASLEEP, WAKES, WARMS, TAKES, PAUSES, BREAKS = (
    "still", "asleep", "wakes", "warms", "takes", "pauses", "breaks",
)  # fmt: skip
_FLOWS = (WARMS, TAKES)
_OVER = 1e-6  # seconds; clocks of Unix seconds are no finer
KEYS = ("phase", "left_s", "ramp_w", "offer_w", "least_w", "breaks_done", "warmed")


class ProfiledEV(EV):
    """phase        one of the above
    left_s       seconds until it ends by itself; while STILL: how long it has been
    ramp_w       what it takes at most until the ramp is over, then inf
    offer_w      what is on offer since the last change; least_w: the least that it can use
    breaks_done  how many of the profile's breaks are behind it
    warmed       its battery is warm
    """

    __slots__ = (*KEYS, "curve", "profile", "side")

    LIVES = True

    def __init__(self, profile: EvProfile, dc: bool, **values: Any) -> None:
        """`values` as of EV. Raises ValueError where the car does not fit the connector."""
        self.profile, self.side = profile, fitting(profile, dc)
        super().__init__(**values)
        self.curve = watts_of(self.side)
        self.phase, self.left_s, self.ramp_w = STILL, 0.0, inf
        self.offer_w = self.least_w = 0.0
        self.breaks_done = sum(one.soc <= self.soc + FULL for one in profile.breaks)
        self.warmed = profile.conditioning is None

    # --- what is on offer --------------------------------------------------------------------

    def least_of(self, volts: float, phases: int) -> float:
        """The least power in W that it can use on so many phases (DC: 1) of so many volts."""
        return self.side.min_current_a * volts * phases - 1e-6

    def offer(self, watts: float, least_w: float) -> None:
        """From now on `watts` are on offer, of which it can use `least_w` or more."""
        if watts == self.offer_w and least_w == self.least_w:
            return
        if self.phase in _FLOWS and watts > self.offer_w and self._ramp_rate:
            self.ramp_w = min(self.ramp_w, self.power_w(self.offer_w, False))
        self.offer_w, self.least_w = watts, least_w
        if watts < LEAST_W:
            if self.phase not in (STILL, ASLEEP):
                self.phase, self.left_s = STILL, 0.0
        elif watts < least_w:
            if self.phase in (*_FLOWS, WAKES):
                self.phase, self.left_s = PAUSES, self.profile.pause_s
        elif self.phase == STILL or (self.phase == PAUSES and self.left_s <= _OVER):
            self._begin_to_wake()

    def toggled(self) -> None:
        """The control pilot was interrupted: it looks anew."""
        if self.phase == ASLEEP and self.profile.wakes_by == "pilot":
            self.phase, self.left_s = STILL, 0.0
            if self.offer_w >= max(LEAST_W, self.least_w):
                self._begin_to_wake()

    def warm(self) -> None:
        """Its battery is warm, or was made so beforehand."""
        self.warmed = True
        if self.phase == WARMS:
            self._begin_to_take()

    @property
    def cold_s(self) -> float:
        return 0.0 if self.warmed else self.profile.conditioning.seconds

    def _begin_to_wake(self) -> None:
        self.phase, self.left_s, self.ramp_w = WAKES, self.profile.wake_up_s, 0.0
        self._go_on()

    def _begin_to_take(self) -> None:
        if self.phase not in _FLOWS or self.ramp_w == inf:
            self.ramp_w = 0.0 if self.phase not in _FLOWS else self.power_w(self.offer_w, False)
        if not self._ramp_rate:
            self.ramp_w = inf
        if self.warmed:
            self.phase, self.left_s = TAKES, 0.0
        else:
            self.phase, self.left_s = WARMS, self.profile.conditioning.seconds

    def _go_on(self) -> None:
        """What follows where a phase is over."""
        if self.left_s > _OVER:
            return
        if self.phase in (WAKES, BREAKS):
            self._begin_to_take()
        elif self.phase == WARMS:
            self.warm()
        elif self.phase == PAUSES and self.offer_w >= self.least_w:
            self._begin_to_wake()

    # --- what it takes -----------------------------------------------------------------------

    @property
    def resting(self) -> bool:
        return self.full or self.phase not in _FLOWS

    def percent_per_ws(self, dc: bool) -> float:
        """Percent of the battery gained for each watt-second metered."""
        return self.side.efficiency / (self.battery_kwh * 36_000.0)

    def wh_per_percent(self, dc: bool) -> float:
        """Wh that the meter sees while the battery gives a percent."""
        return self.battery_kwh * 10.0 * self.side.efficiency

    @property
    def _ramp_rate(self) -> float:
        """W for each second; 0: at once."""
        seconds = self.profile.ramp_up_s
        return self.max_power_kw * 1000.0 / seconds if seconds else 0.0

    def _ceiling(self, cap_w: float) -> float:
        """What limit, car and a cold battery leave of the curve."""
        most = min(cap_w, self.max_power_kw * 1000.0)
        if self.phase == WARMS:
            most = min(most, self.profile.conditioning.power_kw * 1000.0)
        return most

    def power_w(self, cap_w: float, dc: bool) -> float:
        """Power taken now if `cap_w` is on offer."""
        if self.resting or cap_w < LEAST_W:
            return 0.0
        piece = laws.piece_at(self.curve, self.soc, 100.0, self._ceiling(cap_w))
        return min(piece.power, self.ramp_w)

    def able_w(self, cap_w: float, dc: bool) -> float:
        """What it could take now of `cap_w`, were it awake."""
        if self.full or cap_w < max(LEAST_W, self.least_w):
            return 0.0
        return laws.piece_at(self.curve, self.soc, 100.0, self._ceiling(cap_w)).power

    def stand(self, seconds: float) -> None:
        """Time passes without an offer."""
        self.offer(0.0, self.least_w)
        if self.phase not in (STILL, ASLEEP):  # it gave until now
            self.phase, self.left_s = STILL, 0.0
        if self.phase == STILL:
            self.left_s += seconds
            most = self.profile.sleeps_after_s
            if most and self.left_s >= most - _OVER:
                self.phase = ASLEEP

    def charge(self, seconds: float, cap_w: float, dc: bool) -> tuple[float, float]:
        """Take what it can of `cap_w` for up to `seconds`. Returns (Wh metered, seconds used)."""
        if cap_w < LEAST_W:
            self.stand(seconds)
            return 0.0, seconds
        self.offer(cap_w, self.least_w)
        start, left = self.soc, seconds
        while left > 0.0 and not self.full:
            if self.phase in _FLOWS:
                left -= self._take(left)
            elif self.phase in (WAKES, BREAKS, PAUSES) and self.left_s > _OVER:
                spent = min(left, self.left_s)
                self.left_s -= spent
                left -= spent
            else:  # asleep, or too little on offer
                left = 0.0
            self._go_on()
        return (self.soc - start) / self.percent_per_ws(dc) / 3600.0, seconds - max(0.0, left)

    def _stop(self) -> float:
        """The percent at which it stops by itself next."""
        breaks = self.profile.breaks
        if self.breaks_done < len(breaks):
            return min(self.target_soc, breaks[self.breaks_done].soc)
        return self.target_soc

    def _take(self, seconds: float) -> float:
        """Under one law, for up to `seconds`; how many were used."""
        if self.phase == WARMS:
            seconds = min(seconds, self.left_s)
        stop = self._stop()
        used, soc, ramp = self._step(self.soc, self.ramp_w, seconds, stop)
        self.soc, self.ramp_w = soc, ramp
        if self.phase == WARMS:
            self.left_s -= used
        if soc >= stop - FULL and stop < self.target_soc:
            if self.phase == WARMS:
                self.warmed = True
            self.phase, self.left_s = BREAKS, self.profile.breaks[self.breaks_done].seconds
            self.breaks_done += 1
        return used

    def _step(
        self, soc: float, ramp: float, seconds: float, stop: float
    ) -> tuple[float, float, float]:
        """(seconds used, soc, ramp_w) after one law: a ramp, a straight line or an exponential."""
        per_ws = self.percent_per_ws(False)
        piece = laws.piece_at(self.curve, soc, stop, self._ceiling(self.offer_w))
        rate = self._ramp_rate
        if ramp < piece.power:
            to_law = laws.ramp_meets(piece, ramp, rate, per_ws)
            to_end = laws.ramp_duration(piece.end - soc, ramp, rate, per_ws)
            used = min(seconds, to_law, to_end)
            after = piece.end if used == to_end else min(
                piece.end, soc + laws.ramp_gain(used, ramp, rate, per_ws)
            )
            return used, after, inf if used == to_law else ramp + rate * used
        duration = duration_of(piece.end - soc, piece.power, piece.slope, per_ws)
        if duration > seconds:
            gained = gain_of(seconds, piece.power, piece.slope, per_ws)
            return seconds, min(piece.end, soc + gained), inf
        return duration, piece.end, inf

    def seconds_to_change(self, cap_w: float) -> float | None:
        """How long until it stops or goes on by itself at this cap; None: it does not."""
        if self.full or cap_w < LEAST_W:
            return None
        if self.phase in (WAKES, BREAKS):
            return self.left_s
        if self.phase == PAUSES:
            return self.left_s if cap_w >= self.least_w else None
        if self.phase not in _FLOWS:
            return None
        return self._seconds_to_stop()

    def seconds_to_target(self, cap_w: float, dc: bool) -> float | None:
        """How long until the target, or until it pauses before; None: it takes nothing now."""
        return self.seconds_to_change(cap_w)

    def _seconds_to_stop(self) -> float:
        soc, ramp, total, stop = self.soc, self.ramp_w, 0.0, self._stop()
        cold = self.left_s if self.phase == WARMS else inf
        while soc < stop - FULL:
            used, soc, ramp = self._step(soc, ramp, cold - total, stop)
            total += used
            if total >= cold - _OVER:  # what it takes then is another law: look again
                return total
        return total

    # --- what it gives -----------------------------------------------------------------------

    def gives_w(self, asked_w: float) -> float:
        """Power given back now if `asked_w` is asked for: nothing before it is awake."""
        if self.phase in (ASLEEP, WAKES):
            return 0.0
        return super().gives_w(asked_w)

    def give(self, seconds: float, asked_w: float, dc: bool) -> float:
        """Give back for up to `seconds`, down to min_soc. Returns Wh as the meter sees them."""
        if self.phase in (STILL, PAUSES):
            self._begin_to_wake()
        if self.phase == WAKES:
            spent = min(seconds, self.left_s)
            self.left_s -= spent
            seconds -= spent
            self._go_on()
        energy = super().give(seconds, asked_w, dc) if seconds > 0.0 else 0.0
        if energy and self._ramp_rate:
            self.ramp_w = 0.0  # it takes again from nothing
        return energy

    # --- saving ------------------------------------------------------------------------------

    def to_saved(self) -> dict[str, Any]:
        """EV's fields, and under "car" what KEYS names; not the profile."""
        saved = super().to_saved()
        kept = {name: getattr(self, name) for name in KEYS}
        kept["ramp_w"] = None if self.ramp_w == inf else self.ramp_w
        return saved | {"car": kept}


def fitting(profile: EvProfile, dc: bool) -> Side:
    """The inlet for the connector. Raises ValueError where the car has none."""
    side = profile.side(dc)
    if side is None:
        raise ValueError(f"a {profile.name} has no {'DC' if dc else 'AC'} inlet")
    return side


@lru_cache(maxsize=1024)
def watts_of(side: Side) -> laws.Curve:
    """The curve in W."""
    return tuple((soc, kw * 1000.0) for soc, kw in side.curve)


def fields_of(profile: EvProfile, dc: bool) -> dict[str, Any]:
    """EV's fields as the profile has them. ValueError where it does not fit the connector."""
    side = fitting(profile, dc)
    fields: dict[str, Any] = {
        "battery_kwh": profile.battery_kwh, "soc": sum(profile.arrival_soc) / 2.0,
        "max_power_kw": side.max_power_kw, "phases": side.phases,
        "target_soc": profile.target_soc, "iso15118": bool(profile.iso15118),
        "iso15118_20": "20" in profile.iso15118, "departure_s": profile.departure_s,
    }  # fmt: skip
    if profile.discharge is not None:
        fields["max_discharge_kw"] = profile.discharge.max_power_kw
        fields["min_soc"] = profile.discharge.min_soc
    return fields

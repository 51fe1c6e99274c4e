"""How a station rides through what its grid does: response times, hysteresis, trips, ramps.

Pure: it is shown the grid and the time, and answers with alarms; `due` says when to look again.
While something moves that is each second: power goes in steps of a second.
"""

from collections.abc import Callable
from math import log
from typing import Any, NamedTuple

from chargepoint.der import trips
from chargepoint.der.controls import MONITORING, TRIPS
from chargepoint.der.curves import volts_scale
from chargepoint.der.power import BOUNDS, Ruling, droop, percent
from chargepoint.der.trips import beyond, fault_of, is_back
from chargepoint.hardware.mains import Mains

STEP, MEAN_STEP = 1.0, 3.0  # seconds; EN 50549-1 has the mean made anew every 3 s
_NEAR = 0.1  # percent: so near is there
TEN_MINUTES = "HVMustTrip:10min"
SERVICE = "EnterService"
_AGAIN = 60.0  # seconds until power that was too much may come back, where nothing says when


class Alarm(NamedTuple):
    kind: str  # DERControlEnumType
    fault: str  # GridEventFaultEnumType
    ended: bool


class Ride:
    """levels  kind -> [controlId, since, from, to]: what follows with a response time, percent
    held    kind -> [controlId, percent, back since, rising since]: what hysteresis holds down
    out     key -> [since, beyond since or None]: where the grid is out of bounds
    tripped key -> [back since or None, seconds to wait, seconds of ramp]: what gives nothing
    ramps   key -> [since, seconds]: what comes back slowly
    volts   [[since, percent]] of the last ten minutes, while a control needs them
    paces   EVSE -> [at or None if it is there, watts given, soft]: how far Gradients let it be
    """

    __slots__ = ("due", "held", "levels", "out", "paces", "ramps", "tripped", "volts")

    def __init__(self, saved: dict[str, Any] | None = None):
        saved = saved or {}
        for name in ("levels", "held", "out", "tripped", "ramps", "paces"):
            setattr(self, name, {k: [*v] for k, v in saved.get(name, {}).items()})
        self.volts: list[list[float]] = [[*pair] for pair in saved.get("volts", ())]
        self.due: float | None = None

    def to_saved(self) -> dict[str, Any]:
        """What a restart needs, as plain JSON; what is empty is left out."""
        names = ("levels", "held", "out", "tripped", "ramps", "paces")
        saved: dict[str, Any] = {
            name: {k: [*v] for k, v in getattr(self, name).items()}
            for name in names if getattr(self, name)
        }  # fmt: skip
        if self.volts:
            saved["volts"] = [[*pair] for pair in self.volts]
        return saved

    def wait_until(self, moment: float) -> None:
        self.due = moment if self.due is None else min(self.due, moment)

    # --- one look ----------------------------------------------------------------------------

    def look(
        self, now: float, ruling: Ruling, mains: Mains, given: dict[int, float],
        draw: Callable[[], float], may_trip: bool = False,
    ) -> list[Alarm]:  # fmt: skip
        """given: EVSE -> percent of the EV's rated discharge that flows now.

        draw: a random number from 0 to 1. may_trip: use the permission of the MayTrip curves.
        """
        self.due = None
        self._follow(now, ruling, mains)
        alarms = self._forget(ruling)
        for kind in TRIPS:
            if kind in ruling:
                curve = ruling[kind][1]
                seconds = beyond(kind, curve, mains)
                alarms += self._zone(kind, kind, seconds, is_back(kind, curve, mains), now)
                if kind.endswith("MustTrip") or (may_trip and kind.endswith("MayTrip")):
                    self._trip_in_time(kind, curve, seconds, ruling, draw, now)
        alarms += self._ten_minutes(ruling, mains, draw, now)
        alarms += self._monitor(ruling, given, draw, now)
        self._serve(ruling, mains, given, draw, now)
        return alarms

    def _forget(self, ruling: Ruling) -> list[Alarm]:
        """What a control began ends with it."""
        watching = trips.monitored(*_monitoring(ruling)) is not None
        gone = [
            key for key in (*self.out, *self.tripped)
            if (not watching if key.startswith(MONITORING) else _kind(key) not in ruling)
        ]  # fmt: skip
        alarms = []
        for key in dict.fromkeys(gone):
            self.tripped.pop(key, None)
            if self.out.pop(key, None) is not None:
                alarms.append(Alarm(_kind(key), fault_of(key), True))
        return alarms

    def _zone(
        self, key: str, kind: str, seconds: float | None, back: bool, now: float
    ) -> list[Alarm]:
        found = self.out.get(key)
        if seconds is not None:
            if found is None:
                self.out[key] = [now, now]
                return [Alarm(kind, fault_of(kind), False)]
            if found[1] is None:
                found[1] = now
        elif found is not None:
            found[1] = None
            if back:
                del self.out[key]
                return [Alarm(kind, fault_of(kind), True)]
        return []

    def _trip_in_time(
        self, key: str, curve: dict, seconds: float | None, ruling: Ruling,
        draw: Callable[[], float], now: float, again: float = 0.0,
    ) -> None:  # fmt: skip
        if seconds is None or key in self.tripped:
            return
        due = self.out[key][1] + seconds
        if now < due - 1e-6:
            self.wait_until(due)
            return
        hysteresis = curve.get("hysteresis", {})
        wait, ramp = hysteresis.get("hysteresisDelay", again), 0.0
        if hysteresis.get("hysteresisGradient", 0.0) > 0:
            ramp = 100.0 / hysteresis["hysteresisGradient"]
        self._trip(key, wait, ramp, ruling, draw)

    def _trip(
        self, key: str, wait: float, ramp: float, ruling: Ruling, draw: Callable[[], float]
    ) -> None:
        if SERVICE in ruling:
            service = ruling[SERVICE][1]
            wait = service.get("delay", 0.0) + draw() * service.get("randomDelay", 0.0)
            ramp = service.get("rampRate", 0.0)
        self.tripped[key] = [None, max(0.0, wait), max(0.0, ramp)]
        self.ramps.pop(key, None)

    def _ten_minutes(
        self, ruling: Ruling, mains: Mains, draw: Callable[[], float], now: float
    ) -> list[Alarm]:
        """EN 50549-1, 4.9.3.4: the mean voltage of ten minutes."""
        curve = ruling["HVMustTrip"][1] if "HVMustTrip" in ruling else {}
        params = curve.get("voltageParams", {})
        if "hv10MinMeanValue" not in params:
            self.volts = []
            if self.out.pop(TEN_MINUTES, None) is not None:
                self.tripped.pop(TEN_MINUTES, None)
                return [Alarm("HVMustTrip", "OverVoltage", True)]
            return []
        if not self.volts or self.volts[-1][1] != mains.voltage_pct:
            self.volts.append([now, mains.voltage_pct])
        while len(self.volts) > 1 and self.volts[1][0] <= now - 600.0:
            del self.volts[0]
        most = params["hv10MinMeanValue"]
        most *= volts_scale(most)
        above = trips.mean_volts(self.volts, now) > most + 1e-9
        if above or mains.voltage_pct > most:
            self.wait_until(now + MEAN_STEP)
        seconds = params["hv10MinMeanTripDelay"] if above else None
        alarms = self._zone(TEN_MINUTES, "HVMustTrip", seconds, not above, now)
        self._trip_in_time(TEN_MINUTES, curve, seconds, ruling, draw, now)
        return alarms

    def _monitor(
        self, ruling: Ruling, given: dict[int, float], draw: Callable[[], float], now: float
    ) -> list[Alarm]:
        found = trips.monitored(*_monitoring(ruling))
        alarms: list[Alarm] = []
        if found is None:
            return alarms
        places = {*given, *(int(k.partition("@")[2]) for k in self.out if "@" in k)}
        for evse in sorted(places):
            key = f"{MONITORING}@{evse}"
            seconds = trips.over_power(found, given.get(evse, 0.0))
            alarms += self._zone(key, MONITORING, seconds, seconds is None, now)
            self._trip_in_time(key, found[1], seconds, ruling, draw, now, _AGAIN)
        return alarms

    def _serve(
        self, ruling: Ruling, mains: Mains, given: dict[int, float], draw: Callable[[], float],
        now: float,
    ) -> None:  # fmt: skip
        """Who tripped comes back when the grid has been good for long enough."""
        service = ruling[SERVICE][1] if SERVICE in ruling else None
        good = service is None or trips.within_service(service, mains)
        if not good and not self.tripped and not any(given.values()):
            self._trip(SERVICE, 0.0, 0.0, ruling, draw)  # nobody begins on such a grid
        for key, state in list(self.tripped.items()):
            if key in self.out or not good:
                state[0] = None
                continue
            state[0] = now if state[0] is None else state[0]
            due = state[0] + state[1]
            if now < due - 1e-6:
                self.wait_until(due)
                continue
            del self.tripped[key]
            if state[2] > 0:
                self.ramps[key] = [now, state[2]]
        for key, (since, seconds) in list(self.ramps.items()):
            if now >= since + seconds:
                del self.ramps[key]
            else:
                self.wait_until(min(now + STEP, since + seconds))

    # --- what is left for an outlet ----------------------------------------------------------

    def share(self, evse: int, supported: set[str], now: float) -> float:
        """0 to 1: of its rating, what the EVSE may give."""
        if any(_concerns(key, evse, supported) for key in self.tripped):
            return 0.0
        shares = [
            (now - since) / seconds
            for key, (since, seconds) in self.ramps.items() if _concerns(key, evse, supported)
        ]  # fmt: skip
        return min([1.0, *shares])

    def ceased(self, ruling: Ruling) -> dict | None:
        """The voltageParams of a momentary cessation that holds now; None without one."""
        for kind in ("HVMomCess", "LVMomCess"):
            if kind in ruling and kind in self.out:
                return ruling[kind][1].get("voltageParams", {})
        return None

    # --- response time and hysteresis --------------------------------------------------------

    def _follow(self, now: float, ruling: Ruling, mains: Mains) -> None:
        for kind in ("FreqDroop", *BOUNDS):
            if kind not in ruling:
                self.levels.pop(kind, None)
                self.held.pop(kind, None)
                continue
            identity, settings = ruling[kind]
            if kind == "FreqDroop":
                target = droop(settings, mains) * 100.0
            else:
                target = percent(kind, settings, mains)
                if "hysteresis" in settings:
                    target = self._hold(kind, identity, settings, target, mains, now)
            self.aim(kind, identity, target, settings.get("responseTime", 0.0), now)

    def aim(self, kind: str, identity: str, target: float, seconds: float, now: float) -> None:
        """`kind` is to be at `target`; 90 % of the way are done after `seconds`."""
        known = self.levels.get(kind)
        if known is None or known[0] != identity:
            known = self.levels[kind] = [identity, now, target, target]
        if target != known[3]:
            self.levels[kind] = known = [identity, now, self.level(kind, seconds, now), target]
        if abs(self.level(kind, seconds, now) - target) > _NEAR:
            self.wait_until(now + STEP)
        else:
            known[1:3] = [now, target]

    def level(self, kind: str, seconds: float, now: float) -> float:
        """Where a first-order filter of this kind is at `now`: 90 % of the way after `seconds`
        (its open loop response time)."""
        _, since, start, goal = self.levels[kind]
        if seconds <= 0:
            return goal
        return goal + (start - goal) * 10.0 ** (-(now - since) / seconds)

    def _hold(
        self, kind: str, identity: str, curve: dict, target: float, mains: Mains, now: float
    ) -> float:
        """What was limited stays so until the grid is back for the delay, and then rises slowly."""
        known = self.held.get(kind)
        if known is None or known[0] != identity or target <= known[1]:
            self.held[kind] = [identity, target, None, None]
            return target
        _, held, back, rising = known
        low, high = trips.band(kind, curve)
        value = mains.frequency_hz if kind == "FreqWatt" else mains.voltage_pct
        if not low <= value <= high:
            self.held[kind] = [identity, self._risen(known, curve, now), None, None]
            return self.held[kind][1]
        back = now if back is None else back
        due = back + curve["hysteresis"].get("hysteresisDelay", 0.0)
        if now < due - 1e-6:
            self.held[kind] = [identity, held, back, None]
            self.wait_until(due)
            return held
        known[2:] = [back, due if rising is None else rising]
        risen = self._risen(known, curve, now)
        if risen >= target:
            self.held[kind] = [identity, target, None, None]
            return target
        self.wait_until(now + STEP)
        return risen

    def _risen(self, known: list, curve: dict, now: float) -> float:
        """Where it is by hysteresisGradient, percent a second; without one at once at the top."""
        _, held, _, rising = known
        if rising is None:
            return held
        gradient = curve["hysteresis"].get("hysteresisGradient", 0.0)
        return held + gradient * (now - rising) if gradient > 0 else float("inf")

    # --- gradients ---------------------------------------------------------------------------

    def pace(
        self, evse: int, target: float, present: float, settings: dict | None, rated: float,
        now: float,
    ) -> float:  # fmt: skip
        """The watts to give now on the way to `target`; `present`: given at the first look."""
        if settings is None or rated <= 0:
            self.paces.pop(str(evse), None)
            return target
        at, watts, soft = self.paces.get(str(evse), (None, present, present == 0.0))
        at = now if at is None else at
        seconds = settings["softGradient"] if soft else 0.0
        seconds = seconds or settings["gradient"]
        if seconds > 0:
            step = rated / seconds * (now - at)
            watts = max(watts - step, min(watts + step, target))
        else:
            watts = target
        there = abs(watts - target) < 1e-6
        # Softly until it has been at some power.
        soft = soft and (not there or watts == 0.0)
        self.paces[str(evse)] = [None if there else now, watts, soft]
        if not there:
            self.wait_until(now + STEP)
        return watts


def reference_volts(ride: Ride, identity: str, params: dict, mains: Mains, now: float) -> float:
    """Percent of nominal that VoltVar takes for 100 %; autonomous: it follows the voltage."""
    if not params.get("autonomousVRefEnable"):
        ride.levels.pop("vref", None)
        return params.get("vRef", 100.0)
    seconds = params.get("autonomousVRefTimeConstant", 300.0) * log(10.0)
    wanted = max(95.0, min(105.0, mains.voltage_pct))
    if "vref" not in ride.levels:
        ride.levels["vref"] = [identity, now, params.get("vRef", 100.0), wanted]
    ride.aim("vref", identity, wanted, seconds, now)
    return ride.level("vref", seconds, now)


def _kind(key: str) -> str:
    return key.partition("@")[0].partition(":")[0]


def _monitoring(ruling: Ruling) -> tuple[dict | None, dict | None]:
    limit, curve = ruling.get("LimitMaxDischarge"), ruling.get(MONITORING)
    return limit and limit[1], curve and curve[1]


def _concerns(key: str, evse: int, supported: set[str]) -> bool:
    place = key.partition("@")[2]
    return str(evse) == place if place else _kind(key) in supported

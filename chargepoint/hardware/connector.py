"""One outlet: its state, its meter and the EV plugged into it."""

from math import isinf, sqrt
from typing import TYPE_CHECKING, Any

from chargepoint.hardware import meter as metering
from chargepoint.hardware.arrivals import restored, saved_car
from chargepoint.hardware.errors import NO_ERROR, NOTHING_WRONG, Error
from chargepoint.hardware.ev import EV
from chargepoint.hardware.mains import NOMINAL, Mains
from chargepoint.hardware.meter import Meter
from chargepoint.hardware.sample import Sample
from chargepoint.hardware.states import (
    CHARGING_STATE_201,
    FAULTED_STATES,
    IN_TRANSACTION_STATES,
    STATUS_16,
    STATUS_201,
    TRANSITIONS,
    Event,
    IllegalTransition,
    State,
)

if TYPE_CHECKING:
    from chargepoint.config import ConnectorConfig

__all__ = ["Connector", "Event", "IllegalTransition", "State"]

_CHARGING = State.CHARGING  # a member is looked up by a call of Python 3.11's, each time
_SUSPENDED_EV = State.SUSPENDED_EV
# What interrupts the control pilot (IEC 61851-1: the station shows state E or F).
_INTERRUPTS = frozenset((Event.FAULT_OCCURRED, Event.MADE_INOPERATIVE))
_DC_VOLTS = 400.0  # by which amperes of a profile are watts
_REACTIVE = sqrt(1.0 / metering.AC_POWER_FACTOR**2 - 1.0)  # vars for each watt drawn


class Connector:
    """One outlet. Times are unix seconds; a time before the last one seen adds nothing.

    `limit_w` is what the station offers at most (None: whatever the outlet can); change it
    through `limit()`, so that the energy up to now is counted under the old limit.
    """

    __slots__ = (
        "_at",
        "_full",
        "_meter",
        "config",
        "discharge_w",
        "error",
        "ev",
        "id",
        "limit_phases",
        "limit_w",
        "mains",
        "state",
        "variance",
    )

    def __init__(self, config: "ConnectorConfig", now: float = 0.0, variance: float = 0.0):
        self.config = config
        self.id = config.id  # another configuration is of the same connector
        self.state = State.AVAILABLE
        self.error = NOTHING_WRONG
        self.ev: EV | None = None
        self.limit_w: float | None = None
        self.limit_phases: int | None = None
        self.discharge_w = 0.0  # what the car is asked to give back
        self.mains: Mains = NOMINAL
        self.variance = variance
        self._meter = Meter()
        self._at = now
        # (car, its target, W on offer, when it reaches that): next_change's answer, for as long
        # as nothing else has flowed since.
        self._full: tuple[EV, float, float, float | None] | None = None

    @property
    def evse(self) -> int:
        return self.config.evse

    @property
    def error_code(self) -> str:
        return self.error.code

    @property
    def meter_wh(self) -> float:
        return self._meter.wh

    @property
    def export_wh(self) -> float:
        """The register of what cars gave back."""
        return self._meter.out_wh

    @property
    def status_16(self) -> str:
        return STATUS_16[self.state]

    @property
    def status_201(self) -> str:
        return STATUS_201[self.state]

    @property
    def charging_state_201(self) -> str:
        return CHARGING_STATE_201[self.state]

    @property
    def faulted(self) -> bool:
        return self.state in FAULTED_STATES

    @property
    def in_transaction(self) -> bool:
        return self.state in IN_TRANSACTION_STATES

    @property
    def dc(self) -> bool:
        return self.config.phases == 0

    # Events

    def can(self, event: Event) -> bool:
        return (self.state, event) in TRANSITIONS

    def apply(self, event: Event, now: float) -> bool:
        """Let `event` happen. True if the state changed, IllegalTransition if it cannot be.

        A car that is already full suspends at once when energy is offered to it.

        `now` is in seconds. Raises IllegalTransition.
        """
        self.advance(now)
        before = self.state
        target = TRANSITIONS.get((before, event))
        if target is None:
            raise IllegalTransition(before, event)
        self.state = target
        if event is Event.EV_UNPLUGGED:
            self.ev = None
        elif event is Event.FAULT_CLEARED:
            self.error = NOTHING_WRONG
        elif event in _INTERRUPTS and self.ev is not None and self.ev.LIVES:
            self.ev.toggled()
        self.follow_car()
        return self.state is not before

    def plug(self, ev: EV, now: float) -> bool:
        """Plug a car in at `now` (seconds).

        True if the state changed. Raises IllegalTransition, as `apply`.
        """
        changed = self.apply(Event.EV_PLUGGED_IN, now)
        self.ev = ev
        return changed

    def unplug(self, now: float) -> bool:
        return self.apply(Event.EV_UNPLUGGED, now)

    def fault(self, now: float, error: Error) -> bool:
        """A fault; a second one replaces what the first has said."""
        changed = self.apply(Event.FAULT_OCCURRED, now)
        self.error = error
        return changed

    def warn(self, error: Error) -> None:
        """An error that leaves the state as it is; NoError: it is over."""
        self.error = error

    def limit(self, watts: float | None, now: float, phases: int | None = None) -> None:
        """Offer at most `watts`, on at most `phases`, from now on; None lifts the limit, and so
        does one that no number can hold; below all numbers is nothing at all."""
        self.advance(now)
        if watts is not None and isinf(watts):
            watts = None if watts > 0 else 0.0
        self.limit_w, self.limit_phases = watts, phases
        if self.ev is not None and self.ev.LIVES:
            self.follow_car()

    def discharge(self, watts: float, now: float) -> None:
        """Have the car give back `watts` from now on instead of charging; 0 ends that."""
        if watts or self.discharge_w:
            self.advance(now)
            self.discharge_w = max(0.0, watts)
            self.follow_car()

    def toggle(self, now: float) -> None:
        """The control pilot is interrupted: a car that had fallen asleep looks anew."""
        self.advance(now)
        if self.ev is not None and self.ev.LIVES:
            self.ev.toggled()
            self.follow_car()

    def warm(self, now: float) -> None:
        """The car's battery was made warm beforehand."""
        self.advance(now)
        if self.ev is not None and self.ev.LIVES:
            self.ev.warm()

    def when_at(self, soc: float, now: float) -> float | None:
        """When the car has charged to that percent if nothing else happens, or at the latest when
        it pauses before; None: it does not get there."""
        if self.ev is None or self.state is not _CHARGING or self.discharge_w:
            return None
        self.advance(now)
        seconds = self.ev.seconds_to(soc, self.offered_w, self.dc)
        return None if seconds is None else self._at + seconds

    def follow_car(self) -> None:
        """Tell a car that lives what is on offer now, and take the state that follows from it."""
        if self.ev is not None and self.ev.LIVES:
            on = self.state is _CHARGING or self.state is _SUSPENDED_EV
            volts = _DC_VOLTS if self.dc else self.mains.voltage_v * metering.AC_POWER_FACTOR
            phases = 1 if self.dc else self.phases_used
            self.ev.offer(self.offered_w if on else 0.0, self.ev.least_of(volts, phases))
        self._suspend_if_resting()

    # Energy

    @property
    def export_w(self) -> float:
        """Power that the car gives back at the time of the last `advance`."""
        if not self.discharge_w or self.state is not _CHARGING or self.ev is None:
            return 0.0
        return self.ev.gives_w(min(self.discharge_w, self.most_w))

    @property
    def most_w(self) -> float:
        """What the outlet itself can carry. A rectifier evens the grid's voltage out; AC cables
        and chargers are bounded by current."""
        return float(self.config.max_power_w) * self._sag

    @property
    def _sag(self) -> float:
        # Nearly always of the undisturbed grid.
        return 1.0 if self.mains is NOMINAL or self.dc else self.mains.sag

    @property
    def offered_w(self) -> float:
        """What outlet, limit and car allow together, before the battery's curve."""
        # Asked several times for each meter value, hence `sag` and `most_w` once.
        sag = self._sag
        outlet = float(self.config.max_power_w) * sag
        if self.limit_w is not None:
            outlet = min(outlet, max(0.0, self.limit_w))
        if self.ev is None:
            return outlet
        ceiling = sag * self.ev.ceiling_w(self.config, self.limit_phases)
        return ceiling if ceiling < outlet else outlet

    def could_take_w(self, limit: float) -> float:
        """What the car would take now under that limit, whatever it does."""
        if self.ev is None:
            return 0.0
        ceiling = self._sag * self.ev.ceiling_w(self.config, self.limit_phases)
        return self.ev.able_w(min(limit, self.most_w, ceiling), self.dc)

    @property
    def power_w(self) -> float:
        """Power at the time of the last `advance`."""
        return self._drawn_w(self.offered_w)

    def _drawn_w(self, offered: float) -> float:
        if self.state is not _CHARGING or self.ev is None or self.discharge_w:
            return 0.0
        return self.ev.power_w(offered, self.dc)

    def advance(self, now: float, offered: float | None = None) -> bool:
        """Count the energy up to `now`. True if the EV filled up and suspended on the way.

        offered: `offered_w`, where the caller has it.
        """
        elapsed = now - self._at
        if elapsed <= 0:
            return False
        self._at = now
        known, self._full = self._full, None
        if self.state is not _CHARGING or self.ev is None:
            return self.ev is not None and self.ev.LIVES and self._pass_time(elapsed)
        if self.discharge_w:
            asked = min(self.discharge_w, self.most_w)
            self._meter.give_back(self.ev.give(elapsed, asked, self.dc))
            return False
        if offered is None:
            offered = self.offered_w
        if known is not None and known[2] == offered:
            self._full = known
        energy, _ = self.ev.charge(elapsed, offered, self.dc)
        self._meter.add(energy)
        return self._suspend_if_resting()

    def _pass_time(self, elapsed: float) -> bool:
        """Seconds of a car that does not charge: it waits, sleeps, or goes on by itself."""
        if self.state is not _SUSPENDED_EV:
            self.ev.stand(elapsed)
            return False
        energy, _ = self.ev.charge(elapsed, self.offered_w, self.dc)
        self._meter.add(energy)
        return self._suspend_if_resting()

    def raise_registers(self, import_wh: float, export_wh: float) -> bool:
        """Bring them up to what was told already; True if one was below it."""
        meter = self._meter
        below = meter.wh < import_wh or meter.out_wh < export_wh
        if below:
            self._meter = Meter(max(meter.wh, import_wh), max(meter.out_wh, export_wh))
        return below

    def next_change(self, now: float) -> float | None:
        """When the EV will suspend or go on by itself if nothing else happens."""
        ev = self.ev
        if ev is None or (self.state is not _CHARGING and not ev.LIVES):
            return None
        before, offered = self.state, self.offered_w
        self.advance(now, offered)
        if self.state is not before:
            return now
        if self.discharge_w:
            return None
        if ev.LIVES:
            on = self.state is _CHARGING or self.state is _SUSPENDED_EV
            seconds = ev.seconds_to_change(offered) if on else None
            return None if seconds is None else self._at + seconds
        known = self._full
        same = known is not None and known[:3] == (self.ev, self.ev.target_soc, offered)
        # A time that has come and found the car not full was off by rounding.
        if same and (known[3] is None or known[3] > now):
            return known[3]
        seconds = self.ev.seconds_to_target(offered, self.dc)
        at = None if seconds is None else self._at + seconds
        self._full = (self.ev, self.ev.target_soc, offered, at)
        return at

    def _suspend_if_resting(self) -> bool:
        if self.discharge_w:
            return False
        ev = self.ev
        if self.state is _CHARGING:
            happened = Event.EV_SUSPENDED if ev is not None and ev.resting else None
        elif ev is not None and ev.LIVES and self.state is _SUSPENDED_EV and not ev.resting:
            happened = Event.EV_RESUMED
        else:
            return False
        if happened is None:
            return False
        self.state = TRANSITIONS[self.state, happened]
        return True

    def sample(self, now: float) -> Sample:
        """The meter's picture at `now`. The register is exact, the rest has the variance."""
        offered = self.offered_w
        self.advance(now, offered)
        soc = self.ev.soc if self.ev is not None else None
        factor = self._noise("power", now)
        power = self._drawn_w(offered) * factor
        back = self.export_w * factor if self.discharge_w else 0.0
        if not self.in_transaction or self.faulted:
            offered = 0.0
        if self.dc:
            voltage = metering.dc_voltage(soc) * self._noise("voltage", now)
            phases, used, frequency, factor = 1, 1, 0.0, 1.0
        else:
            voltage = self.mains.voltage_v * (1 + (self._noise("voltage", now) - 1) / 4)
            phases, used = self.config.phases, self.phases_used
            frequency = self.mains.frequency_hz
            factor = 1.0 if back else metering.AC_POWER_FACTOR  # an inverter holds unity
        amps = power / (used * voltage * factor)
        return Sample(
            time=now,
            energy_wh=self._meter.wh,
            power_w=power,
            currents_a=_of_phases(amps, used, phases),
            voltage_v=voltage,
            soc=soc,
            frequency=frequency,
            power_factor=factor,
            temperature=metering.temperature_c(power, self.config.max_power_w),
            offered_a=offered / (used * voltage * factor),
            offered_w=offered,
            export_wh=self._meter.out_wh,
            export_w=back,
            export_a=_of_phases(back / (used * voltage), used, phases),
            outlet=self.id,
            reactive_var=0.0 if factor == 1.0 else power * _REACTIVE,
        )

    @property
    def phases_used(self) -> int:
        phases = min(self.config.phases, self.limit_phases or 3)
        return min(phases, self.ev.phases or phases) if self.ev is not None else phases

    def _noise(self, name: str, now: float) -> float:
        return metering.noise(self.id, now, name, self.variance)

    # Saving

    def to_saved(self) -> dict[str, Any]:
        """A plain dict; what is at its default is left out, so an idle outlet is small."""
        saved: dict[str, Any] = {"state": str(self.state), "meter_wh": self._meter.wh}
        saved["at"] = self._at
        if self._meter.out_wh:
            saved["export_wh"] = self._meter.out_wh
        if self.discharge_w:
            saved["discharge_w"] = self.discharge_w
        if self.error_code != NO_ERROR:
            code, info, vendor_code, vendor_id = self.error
            saved["error"] = [code, vendor_code, info, *([vendor_id] if vendor_id else ())]
        if self.ev is not None:
            saved["ev"] = saved_car(self.ev)
        if self.limit_w is not None:
            saved["limit_w"] = self.limit_w
            saved["limit_phases"] = self.limit_phases
        return saved

    @classmethod
    def from_saved(
        cls, config: "ConnectorConfig", saved: dict[str, Any], variance: float = 0.0
    ) -> "Connector":
        """The outlet as it was saved; the next `advance` counts from the time of saving."""
        connector = cls(config, saved.get("at", 0.0), variance)
        connector.state = State(saved["state"])
        connector._meter = Meter(saved["meter_wh"], saved.get("export_wh", 0.0))
        connector.discharge_w = saved.get("discharge_w", 0.0)
        if saved.get("error"):
            code, vendor_code, info, *vendor_id = saved["error"]
            connector.error = Error(code, info, vendor_code, *vendor_id)
        if saved.get("ev"):
            connector.ev = restored(saved["ev"], connector.dc)
        connector.limit_w = saved.get("limit_w")
        connector.limit_phases = saved.get("limit_phases")
        return connector


def _of_phases(amps: float, used: int, phases: int) -> tuple[float, ...]:
    """The same current on the first `used` of the phases."""
    return (amps,) * used + (0.0,) * (phases - used)

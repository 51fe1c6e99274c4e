"""A kind of car as data: what a file of docs/reference/ev-profile.schema.json says of it.

One value is shared by all cars of the kind; what changes while a car is plugged in is in
chargepoint/hardware/profiled.py.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Percent = Annotated[float, Meta(ge=0, le=100)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Kilowatts = Annotated[float, Meta(gt=0, le=10_000)]
# (state of charge in percent, kW at the meter): rising states of charge from 0 to 100, no kW of 0.
Curve = Annotated[
    tuple[tuple[Percent, Kilowatts], ...], Meta(
        min_length=2, max_length=50,
        description="Points [state of charge in percent, kW at the meter], from 0 to 100 %; between"
        " two points the power is on the straight line",
    ),
]  # fmt: skip


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A field that is not known is an error; one at its default is not written."""


class Side(_Part, kw_only=True):
    """One inlet: what the car takes through it. `phases` is 0 at DC."""

    max_power_kw: Annotated[Kilowatts, Meta(description="What it takes at most, kW")]
    curve: Curve
    phases: Annotated[int, Meta(ge=0, le=3, description="Of the onboard charger; DC: 0")] = 0
    min_current_a: Annotated[float, Meta(
        ge=0, le=500, description="On each phase; the car pauses while less is on offer",
    )] = 0.0  # fmt: skip
    efficiency: Annotated[float, Meta(
        gt=0, le=1, description="Stored energy for each metered one",
    )] = 0.9  # fmt: skip


class Break(_Part):
    """A pause that the car makes by itself."""

    soc: Annotated[float, Meta(gt=0, lt=100, description="Where it begins, percent")]
    seconds: Annotated[float, Meta(gt=0, le=86_400, description="How long nothing flows")]


class Conditioning(_Part):
    """A cold battery at the begin of charging; a CSMS can ask for it beforehand in 2.1."""

    seconds: Annotated[float, Meta(gt=0, le=86_400, description="From the first power on")]
    power_kw: Annotated[Kilowatts, Meta(description="What it takes at most until then")]


class Discharge(_Part):
    """What the car can give back."""

    max_power_kw: Kilowatts
    min_soc: Annotated[float, Meta(ge=0, le=100, description="Down to so many percent")] = 20.0


Slug = Annotated[str, Meta(
    pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
    description="By which commands, stations and addresses name it",
)]  # fmt: skip


class EvProfile(_Part, kw_only=True):
    """A kind of car. Powers in kW at the meter, times in seconds, states of charge in percent."""

    name: Slug
    title: Annotated[str, Meta(min_length=1, max_length=80, description="For people")]
    battery_kwh: Annotated[float, Meta(gt=0, le=10_000, description="What the battery can use")]
    description: Annotated[str, Meta(max_length=1000)] = ""
    ac: Annotated[Side | None, Meta(description="The AC inlet; left out: it has none")] = None
    dc: Annotated[Side | None, Meta(description="The DC inlet; left out: it has none")] = None
    weight: Annotated[float, Meta(
        ge=0, le=1_000_000, description="How often it comes in a mixed fleet, beside others",
    )] = 1.0  # fmt: skip
    arrival_soc: Annotated[tuple[Percent, Percent], Meta(
        description="Least and most percent with which it arrives",
    )] = (20.0, 60.0)  # fmt: skip
    target_soc: Annotated[Percent, Meta(description="Where it ends by itself")] = 100.0
    wake_up_s: Annotated[Seconds, Meta(
        description="From an offer of energy until power flows",
    )] = 0.0  # fmt: skip
    ramp_up_s: Annotated[Seconds, Meta(
        description="From nothing to its most; after a higher offer in proportion",
    )] = 0.0  # fmt: skip
    pause_s: Annotated[Seconds, Meta(
        description="How long it pauses at least once less than min_current_a is on offer",
    )] = 0.0  # fmt: skip
    sleeps_after_s: Annotated[float, Meta(
        ge=0, le=604_800, description="Without an offer for so long it falls asleep; 0: never",
    )] = 0.0  # fmt: skip
    wakes_by: Annotated[str, Meta(
        pattern="^(plug|pilot)$", description="What wakes it: a new plug only, or also the control"
        " pilot interrupted (a fault, out of service, a restart, the command wake)",
    )] = "pilot"  # fmt: skip
    breaks: Annotated[tuple[Break, ...], Meta(
        max_length=20, description="Pauses that it makes by itself",
    )] = ()  # fmt: skip
    conditioning: Conditioning | None = None
    iso15118: Annotated[tuple[str, ...], Meta(
        max_length=2, description='What it speaks: "2" for ISO 15118-2, "20" for ISO 15118-20',
    )] = ()  # fmt: skip
    departure_s: Annotated[float, Meta(
        ge=0, le=31_536_000, description="Seconds to go that it tells by ISO 15118; 0: not said",
    )] = 0.0  # fmt: skip
    discharge: Annotated[Discharge | None, Meta(
        description="What it can give back; left out: nothing",
    )] = None  # fmt: skip

    def side(self, dc: bool) -> Side | None:
        """The inlet for a connector; None: the car does not fit."""
        return self.dc if dc else self.ac

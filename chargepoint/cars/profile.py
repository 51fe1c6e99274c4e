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
        examples=[[[0, 11], [90, 11], [100, 1]]],
        description="Points [state of charge in percent, kW at the meter], from 0 to 100 %; between"
        " two points the power is on the straight line",
    ),
]  # fmt: skip


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A field that is not known is an error; one at its default is not written."""


class Side(_Part, kw_only=True):
    """One inlet: what the car takes through it. `phases` is 0 at DC."""

    max_power_kw: Annotated[Kilowatts, Meta(description="What it takes at most, kW", examples=[11])]
    curve: Curve
    phases: Annotated[int, Meta(
        ge=0, le=3, description="Of the onboard charger; DC: 0", examples=[3],
    )] = 0  # fmt: skip
    min_current_a: Annotated[float, Meta(
        ge=0, le=500, description="On each phase; the car pauses while less is on offer",
        examples=[6],
    )] = 0.0  # fmt: skip
    efficiency: Annotated[float, Meta(
        gt=0, le=1, description="Stored energy for each metered one", examples=[0.9],
    )] = 0.9  # fmt: skip


class Break(_Part):
    """A pause that the car makes by itself."""

    soc: Annotated[float, Meta(gt=0, lt=100, description="Where it begins, percent", examples=[80])]
    seconds: Annotated[float, Meta(
        gt=0, le=86_400, description="How long nothing flows", examples=[60],
    )]  # fmt: skip


class Conditioning(_Part):
    """A cold battery at the begin of charging; a CSMS can ask for it beforehand in 2.1."""

    seconds: Annotated[float, Meta(
        gt=0, le=86_400, description="From the first power on", examples=[240],
    )]  # fmt: skip
    power_kw: Annotated[Kilowatts, Meta(
        description="What it takes at most until then", examples=[90],
    )]  # fmt: skip


class Discharge(_Part):
    """What the car can give back."""

    max_power_kw: Annotated[Kilowatts, Meta(description="At most, kW", examples=[11])]
    min_soc: Annotated[float, Meta(
        ge=0, le=100, description="Down to so many percent", examples=[30],
    )] = 20.0  # fmt: skip


Slug = Annotated[str, Meta(
    pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
    description="By which commands, stations and addresses name it", examples=["my-car"],
)]  # fmt: skip


class EvProfile(_Part, kw_only=True):
    """A kind of car. Powers in kW at the meter, times in seconds, states of charge in percent."""

    name: Slug
    title: Annotated[str, Meta(
        min_length=1, max_length=80, description="For people", examples=["My car"],
    )]  # fmt: skip
    battery_kwh: Annotated[float, Meta(
        gt=0, le=10_000, description="What the battery can use", examples=[58],
    )]  # fmt: skip
    description: Annotated[str, Meta(
        max_length=1000, description="More, for people", examples=["A cold car of the fleet"],
    )] = ""  # fmt: skip
    ac: Annotated[Side | None, Meta(description="The AC inlet; left out: it has none")] = None
    dc: Annotated[Side | None, Meta(description="The DC inlet; left out: it has none")] = None
    weight: Annotated[float, Meta(
        ge=0, le=1_000_000, description="How often it comes in a mixed fleet, beside others",
        examples=[2],
    )] = 1.0  # fmt: skip
    arrival_soc: Annotated[tuple[Percent, Percent], Meta(
        description="Least and most percent with which it arrives", examples=[[20, 60]],
    )] = (20.0, 60.0)  # fmt: skip
    target_soc: Annotated[Percent, Meta(
        description="Where it ends by itself", examples=[80],
    )] = 100.0  # fmt: skip
    wake_up_s: Annotated[Seconds, Meta(
        description="From an offer of energy until power flows", examples=[8],
    )] = 0.0  # fmt: skip
    ramp_up_s: Annotated[Seconds, Meta(
        description="From nothing to its most; after a higher offer in proportion", examples=[10],
    )] = 0.0  # fmt: skip
    pause_s: Annotated[Seconds, Meta(
        description="How long it pauses at least once less than min_current_a is on offer",
        examples=[60],
    )] = 0.0  # fmt: skip
    sleeps_after_s: Annotated[float, Meta(
        ge=0, le=604_800, description="Without an offer for so long it falls asleep; 0: never",
        examples=[7200],
    )] = 0.0  # fmt: skip
    wakes_by: Annotated[str, Meta(
        pattern="^(plug|pilot)$", description="What wakes it: a new plug only, or also the control"
        " pilot interrupted (a fault, out of service, a restart, the command wake)",
        examples=["pilot"],
    )] = "pilot"  # fmt: skip
    breaks: Annotated[tuple[Break, ...], Meta(
        max_length=20, description="Pauses that it makes by itself",
        examples=[[{"soc": 80, "seconds": 60}]],
    )] = ()  # fmt: skip
    conditioning: Annotated[Conditioning | None, Meta(
        description="A cold battery at the begin of charging; left out: it is warm",
        examples=[{"seconds": 240, "power_kw": 90}],
    )] = None  # fmt: skip
    iso15118: Annotated[tuple[str, ...], Meta(
        max_length=2, description='What it speaks: "2" for ISO 15118-2, "20" for ISO 15118-20',
        examples=[["2"]],
    )] = ()  # fmt: skip
    departure_s: Annotated[float, Meta(
        ge=0, le=31_536_000, description="Seconds to go that it tells by ISO 15118; 0: not said",
        examples=[28_800],
    )] = 0.0  # fmt: skip
    discharge: Annotated[Discharge | None, Meta(
        description="What it can give back; left out: nothing",
        examples=[{"max_power_kw": 11, "min_soc": 30}],
    )] = None  # fmt: skip

    def side(self, dc: bool) -> Side | None:
        """The inlet for a connector; None: the car does not fit."""
        return self.dc if dc else self.ac

"""Looks at the meter of a make."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import pytest

from tests.chargepoint.make.life import DC, measuring
from tests.chargepoint.make.looks import AMPS, POWER, REGISTER, VOLTS, MakeLife, look


def told_by(make: MakeLife, name: str, seconds: float = 60, more: Any = None, **meter: Any) -> list:
    fields = {f"meter__{habit}": value for habit, value in meter.items()}
    life = make({**measuring(name), **(more or {})}, **fields).charge(seconds)
    return [one | {"unit": life.unit(one) if "unit" in one or "unitOfMeasure" in one else ""}
            for one in life.entries(name)]  # fmt: skip


@look("meter.measurands")
def measurands_of_the_meter(version: str, make: MakeLife) -> None:
    life = make(meter__measurands=[REGISTER, VOLTS])
    name = "MeterValuesSampledData"
    if version == "1.6":
        asked = {"key": name, "value": POWER}
        assert life.ask("ChangeConfiguration", asked) == {"status": "Rejected"}
    else:
        assert life.csms.set("SampledDataCtrlr.TxUpdatedMeasurands", POWER) == "Rejected"


@look("meter.values.fixed")
def fixed_values(version: str, make: MakeLife) -> None:
    rows = told_by(make, VOLTS, values={VOLTS: {"fixed": 211}})
    assert {one["value"] for one in rows} == {211}


@look("meter.values.noise_pct", "meter.noise_pct")
def noise(version: str, make: MakeLife) -> None:
    """Each by itself: the power by the make's, the current by its own beside that."""
    values = {AMPS: {"noise_pct": 20}}
    power = [one["value"] / 22_000 for one in told_by(make, POWER, 2000, noise_pct=4)]
    assert 0.03 < max(abs(one - 1) for one in power) <= 0.0401
    assert fmean(power) == pytest.approx(1, abs=0.01)
    amps = [one["value"] / 32.2 for one in told_by(make, AMPS, 2000, values=values)]
    assert 0.15 < max(abs(one - 1) for one in amps) <= 0.202


@look("meter.values.minimum")
def starting_current(version: str, make: MakeLife) -> None:
    rows = told_by(make, AMPS, values={AMPS: {"minimum": 40}})
    assert {one["value"] for one in rows} == {0}


@look("meter.values.decimals", "meter.decimals")
def digits(version: str, make: MakeLife) -> None:
    noisy = {AMPS: {"noise_pct": 5, "decimals": 0}, VOLTS: {"noise_pct": 5}}
    amps = told_by(make, AMPS, 200, decimals=4, values=noisy)
    assert {one["value"] % 1 for one in amps} == {0}
    volts = told_by(make, VOLTS, 200, decimals=4, values=noisy)
    assert max(len(one["text"].partition(".")[2]) for one in volts) == 4


@look("meter.energy_unit")
def kilowatt_hours(version: str, make: MakeLife) -> None:
    last = told_by(make, REGISTER, energy_unit="kWh")[-1]
    assert (last["unit"], 0.2 < last["value"] < 0.5) == ("kWh", True)


@look("meter.power_unit")
def kilowatts(version: str, make: MakeLife) -> None:
    last = told_by(make, POWER, power_unit="kW")[-1]
    assert (last["unit"], last["value"]) == ("kW", pytest.approx(22, rel=0.01))


@look("meter.voltage_phases")
def phases_of_voltages(version: str, make: MakeLife) -> None:
    rows = told_by(make, VOLTS, voltage_phases="L1-L2")
    assert {one["phase"] for one in rows} == {"L1-L2", "L2-L3", "L3-L1"}


@look("meter.line_phases")
def phases_of_currents(version: str, make: MakeLife) -> None:
    rows = told_by(make, AMPS, line_phases="L1-N")
    assert {one["phase"] for one in rows} == {"L1-N", "L2-N", "L3-N"}


@look("meter.register_per_session", "meter.start_wh")
def register_of_a_session(version: str, make: MakeLife) -> None:
    assert told_by(make, REGISTER, start_wh=5000)[0]["value"] >= 5000
    rows = told_by(make, REGISTER, start_wh=5000, register_per_session=True)
    assert rows[-1]["value"] == pytest.approx(366, abs=15)


@look("meter.roll_over_wh")
def register_that_rolls_over(version: str, make: MakeLife) -> None:
    assert told_by(make, REGISTER, 600, roll_over_wh=1000)[-1]["value"] < 1000


@look("meter.dc_efficiency")
def before_the_rectifier(version: str, make: MakeLife) -> None:
    last = told_by(make, POWER, more={"connectors": DC}, dc_efficiency=0.5)[-1]
    assert (last["location"], last["value"]) == ("Inlet", pytest.approx(44_000, rel=0.01))

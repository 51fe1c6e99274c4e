"""Lives of cars for the tests: profiles drawn at random, an outlet, what happens to it."""

from random import Random

from hypothesis import strategies as st

from chargepoint.cars.profile import EvProfile
from chargepoint.cars.reading import read
from chargepoint.config import ConnectorConfig
from chargepoint.hardware.arrivals import car_for
from chargepoint.hardware.connector import Connector, Event


def side(draw, dc: bool) -> dict:
    most = draw(st.floats(2, 350 if dc else 22))
    socs = sorted(draw(st.sets(st.integers(1, 99), max_size=5)))
    # Steeper than any car's, and rising and falling at will.
    shares = draw(st.lists(st.floats(0.02, 1), min_size=len(socs) + 2, max_size=len(socs) + 2))
    phases = 0 if dc else draw(st.integers(1, 3))
    least = draw(st.floats(0, most * 1000 / (400 if dc else 230 * phases) / 2))
    return {
        "max_power_kw": most, "phases": phases, "min_current_a": least,
        "efficiency": draw(st.floats(0.5, 1)),
        "curve": [[soc, most * part] for soc, part in zip((0, *socs, 100), shares, strict=True)],
    }  # fmt: skip


@st.composite
def profiles(draw) -> EvProfile:
    """Any profile with both inlets."""
    breaks = sorted(draw(st.sets(st.integers(1, 99), max_size=3)))
    raw = {
        "name": "drawn", "title": "Drawn", "battery_kwh": draw(st.floats(5, 150)),
        "ac": side(draw, False), "dc": side(draw, True),
        "wake_up_s": draw(st.sampled_from([0, 0.5, 20, 400])),
        "ramp_up_s": draw(st.sampled_from([0, 1, 30, 900])),
        "pause_s": draw(st.sampled_from([0, 10, 1000])),
        "sleeps_after_s": draw(st.sampled_from([0, 0, 900])),
        "wakes_by": draw(st.sampled_from(["plug", "pilot"])),
        "breaks": [{"soc": soc, "seconds": draw(st.floats(1, 2000))} for soc in breaks],
        "target_soc": draw(st.floats(30, 100)),
        "discharge": {"max_power_kw": draw(st.floats(1, 50)), "min_soc": draw(st.floats(0, 60))},
    }  # fmt: skip
    if draw(st.booleans()):
        raw["conditioning"] = {
            "seconds": draw(st.floats(1, 1500)), "power_kw": draw(st.floats(1, 60)),
        }  # fmt: skip
    return read(raw)


def outlet_for(dc: bool) -> Connector:
    config = ConnectorConfig(1, 1, "cCCS2" if dc else "sType2", 0 if dc else 3, 22_000)
    return Connector(config)


def plugged(profile: EvProfile | str, dc: bool = False, **given) -> Connector:
    """An outlet with the car, and energy on offer from 0 s on."""
    connector = outlet_for(dc)
    named = profile if isinstance(profile, str) else None
    mix = () if named else ((profile, 1.0),)
    rest = {"profile": named} if named else {}
    connector.plug(car_for(connector.config, given | rest, mix, Random(5)), 0.0)
    for event in (Event.AUTHORIZED, Event.TRANSACTION_STARTED, Event.ENERGY_OFFERED):
        connector.apply(event, 0.0)
    return connector

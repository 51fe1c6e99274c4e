"""docs/reference/ev-profiles/: a page for each EV profile that ships, with its curves and a session
drawn by the core itself."""

from __future__ import annotations

from random import Random

from chargepoint.cars.profile import EvProfile, Side
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import FOLDER, shipped
from chargepoint.config import ConnectorConfig
from chargepoint.hardware.arrivals import car_for
from chargepoint.hardware.connector import Connector, Event
from documentation.curves import Axis, Line, chart

POINTS = 150  # of a picture of a session
INDEX = """# EV profiles that ship

A profile is a kind of car: its battery, what it takes at which state of charge, and its habits. The
names are invented; the numbers are what cars of such a class have in the field. What each field
means: [EV profiles](../ev-profiles.md); one of your own:
[describe a car](../../how-to/describe-a-car.md).

Pages and pictures are made from the files by the station's own code
(`python -m documentation write`).

| name | | battery | AC | DC | weight |
| --- | --- | --- | --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """{file below docs/reference/ev-profiles: its text}."""
    made: dict[str, str] = {}
    rows = []
    for name, profile in shipped().items():
        made[f"{name}.md"] = _page(profile)
        for kind, side in (("ac", profile.ac), ("dc", profile.dc)):
            if side is not None:
                made[f"{name}-{kind}.svg"] = session(profile, side, kind.upper())
        rows.append(
            f"| [{name}]({name}.md) | {profile.title} | {profile.battery_kwh:g} kWh | "
            f"{_power(profile.ac)} | {_power(profile.dc)} | {profile.weight:g} |\n"
        )
    listed = "\n".join(shipped())
    toc = f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return {"index.md": INDEX + "".join(rows) + toc, **made}


def _power(side: Side | None) -> str:
    if side is None:
        return "none"
    phases = {0: "", 1: ", 1 phase"}.get(side.phases, f", {side.phases} phases")
    return f"{side.max_power_kw:g} kW{phases}"


def _page(profile: EvProfile) -> str:
    text = f"# {profile.title}\n\n`{profile.name}`. {profile.description}\n\n"
    for kind, side in (("ac", profile.ac), ("dc", profile.dc)):
        if side is None:
            continue
        name = kind.upper()
        text += (
            f"## At {name}\n\n"
            f"![{profile.title} at {name}: power over the state of charge, and by the meter in a "
            f"session]({profile.name}-{kind}.svg)\n\n"
            f"At most {_power(side)}; efficiency {side.efficiency:g}; "
            f"it pauses below {side.min_current_a:g} A"
            f"{' a phase' if side.phases else ''}.\n\n"
        )
    text += f"## Habits\n\n{''.join(f'- {each}{chr(10)}' for each in habits(profile))}\n"
    file = (FOLDER / f"{profile.name}.json").read_text()
    return text + f"## The file\n\n```json\n{file}```\n"


def habits(profile: EvProfile) -> list[str]:
    """What it does by itself, a sentence each."""
    low, high = profile.arrival_soc
    found = [f"Arrives with {low:g} to {high:g} %, and charges to {profile.target_soc:g} %."]
    if profile.wake_up_s:
        found.append(f"Takes {profile.wake_up_s:g} s from an offer of energy until power flows.")
    if profile.ramp_up_s:
        found.append(f"Comes to its full power in {profile.ramp_up_s:g} s.")
    if profile.pause_s:
        found.append(f"Pauses {profile.pause_s:g} s at least once too little is on offer.")
    if profile.sleeps_after_s:
        wakes = {"plug": "a new plug", "pilot": "an interrupted control pilot, or a new plug"}
        found.append(
            f"Falls asleep after {profile.sleeps_after_s:g} s without an offer, until "
            f"{wakes[profile.wakes_by]} wakes it."
        )
    if profile.conditioning is not None:
        cold = profile.conditioning
        found.append(f"With a cold battery: {cold.power_kw:g} kW for {cold.seconds:g} s.")
    found += [f"Rests {one.seconds:g} s at {one.soc:g} %." for one in profile.breaks]
    if profile.iso15118:
        found.append(f"Speaks ISO 15118-{' and -'.join(profile.iso15118)}.")
    if profile.discharge is not None:
        back = profile.discharge
        found.append(f"Gives back {back.max_power_kw:g} kW at most, down to {back.min_soc:g} %.")
    return found


def session(profile: EvProfile, side: Side, name: str) -> str:
    """A session from 10 % on at an outlet that gives all it can take, beside its curve."""
    watts = round(side.max_power_kw * 1000)
    config = ConnectorConfig(1, 1, "CCS2" if not side.phases else "Type2", side.phases, watts)
    outlet = Connector(config)
    outlet.plug(car_for(config, {"profile": told(profile), "soc": 10.0}, (), Random(0)), 0.0)
    for event in (Event.AUTHORIZED, Event.TRANSACTION_STARTED, Event.ENERGY_OFFERED):
        outlet.apply(event, 0.0)
    over_soc: list[tuple[float, float]] = []
    step = 3600.0 * profile.battery_kwh / side.max_power_kw / 400.0
    now = 0.0
    while not outlet.ev.full and now < 72 * 3600.0:
        over_soc.append((outlet.ev.soc, outlet.power_w / 1000.0))
        now += step
        outlet.advance(now)
    over_soc.append((outlet.ev.soc, outlet.power_w / 1000.0))
    thinned = over_soc[:: max(1, len(over_soc) // POINTS)]
    curve = [(soc, kw) for soc, kw in side.curve]
    return chart(
        f"{profile.title} at {name}", Axis("state of charge, %", 0, 100), Axis("kW at the meter"),
        [Line(curve, "curve"), Line(thinned, f"a session of {now / 3600:.1f} h from 10 %")],
    )  # fmt: skip

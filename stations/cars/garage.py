"""EV profiles by name: those that ship, and the platform's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps

from chargepoint.cars.profile import EvProfile
from chargepoint.cars.reading import MOST, UnfitProfile, read
from chargepoint.cars.shipped import shipped

COMMANDS = ("plug", "start-transaction")  # those that bring a car
_FIELDS = {"profile", "weight"}


def _table() -> Any:
    """By its name: the tables themselves use these rules."""
    return apps.get_model("stations", "CarProfile")


def found(names: Iterable[str]) -> dict[str, EvProfile]:
    """Those that there are, by name."""
    wanted = set(names)
    known = {name: profile for name, profile in shipped().items() if name in wanted}
    if rest := wanted - set(known):
        rows = _table().objects.filter(name__in=sorted(rest))
        known |= {row.name: read(row.document) for row in rows}
    return known


def every() -> dict[str, EvProfile]:
    """All of them by name: first those that ship."""
    own = _table().objects.exclude(name__in=shipped())
    return shipped() | {row.name: read(row.document) for row in own}


def in_words(profile: EvProfile) -> str:
    """Its numbers in a line, for a list to choose from."""
    inlets = (("AC", profile.ac), ("DC", profile.dc))
    sides = [f"{label} {side.max_power_kw:g} kW" for label, side in inlets if side is not None]
    return f"{profile.title}: {profile.battery_kwh:g} kWh, {', '.join(sides)}"


def to_choose() -> list[list[str]]:
    """[[name, its numbers in words]] of all of them, for a form of a command."""
    return [[name, f"{name} · {in_words(profile)}"] for name, profile in every().items()]


def mix_of(cars: Sequence[Mapping[str, Any]]) -> tuple[tuple[EvProfile, float], ...]:
    """What the core is told of a station's `cars`; a profile that is gone is left out."""
    if not cars:
        return ()
    known = found(row["profile"] for row in cars if isinstance(row["profile"], str))
    mix = []
    for row in cars:
        named = row["profile"]
        profile = known.get(named) if isinstance(named, str) else read(named)
        if profile is not None:
            weight = row.get("weight")
            mix.append((profile, profile.weight if weight is None else float(weight)))
    return tuple(mix)


def check_cars(cars: object) -> list[str]:
    """Sentences that say which row of a station's `cars` is wrong, and how; none if all is well."""
    if cars is None or cars == []:
        return []
    if not isinstance(cars, list) or not all(isinstance(row, dict) for row in cars):
        return ['Give a list such as [{"profile": "compact", "weight": 3}].']
    if len(cars) > MOST:
        return [f"Give at most {MOST} kinds of cars."]
    names = [row.get("profile") for row in cars if isinstance(row.get("profile"), str)]
    known = found(names)
    errors = [why for number, row in enumerate(cars, 1) for why in _wrong(number, row, known)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        errors.append(f"Name each profile once: {', '.join(twice)}.")
    return errors[:10]


def _wrong(number: int, row: Mapping[str, Any], known: Mapping[str, EvProfile]) -> list[str]:
    where, named, weight = f"Car {number}", row.get("profile"), row.get("weight")
    found_wrong = []
    if unknown := sorted(set(map(str, row)) - _FIELDS):
        what = ", ".join(unknown)[:80]
        found_wrong.append(f"{where}: Take {what} out: it has profile and weight.")
    if isinstance(named, dict):
        try:
            read(named)
        except UnfitProfile as error:
            found_wrong.append(f"{where}: {error}")
    elif named not in known:
        found_wrong.append(f"{where}: There is no EV profile {str(named)[:60]!r}.")
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if weight is not None and not (is_number and 0 <= weight <= 1_000_000):
        found_wrong.append(f"{where}: Give a weight from 0 to 1000000.")
    return found_wrong


async def brought(name: str, args: Mapping[str, Any] | None) -> dict[str, Any]:
    """A command's arguments, with a profile of the platform's own as it is now in place of its
    name: a station knows only those that ship."""
    given = dict(args or {})
    car = given.get("ev")
    named = car.get("profile") if name in COMMANDS and isinstance(car, dict) else None
    if isinstance(named, str) and named not in shipped():
        document = await sync_to_async(_document)(named)
        if document is not None:
            given["ev"] = {**car, "profile": document}
    return given


def _document(name: str) -> dict[str, Any] | None:
    return _table().objects.filter(name=name).values_list("document", flat=True).first()

"""A profile of a car read from JSON, with what is wrong by field; and the other way."""

from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import jsonschema_rs
import msgspec
import orjson

from chargepoint.cars.profile import EvProfile, Side

LARGEST = 20_000  # bytes of one profile
MOST = 500  # own profiles, and rows of a mix
NOTE = "$schema"  # for editors, without effect


class UnfitProfile(ValueError):
    """`problems`: {field: [sentence]}; a field of an inlet is "ac.curve"."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{at}: {' '.join(why)}" for at, why in problems.items()))
        self.problems = problems


@cache
def json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a profile's file."""
    schema = msgspec.json.schema(EvProfile)
    defs = {name: _tidy(part) for name, part in schema["$defs"].items()}
    whole = defs.pop("EvProfile")
    whole["properties"] = {
        NOTE: {"type": "string", "description": "For editors; without effect"},
        **whole["properties"],
    }
    whole["properties"]["iso15118"]["items"] = {"type": "string", "enum": ["2", "20"]}
    for part in (whole, *defs.values()):
        part["properties"] = {name: _plain(field) for name, field in part["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole, "title": "An EV profile", "$defs": defs,
    }  # fmt: skip


def _tidy(part: dict[str, Any]) -> dict[str, Any]:
    """Without the docstrings of the code, which are for its readers."""
    return {name: value for name, value in part.items() if name not in ("description", "title")}


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """Of an object or null the object: left out is how a file says that there is none, and what
    is wrong within is told by its field."""
    choices = field.pop("anyOf", ())
    if field.get("default", 0) is None:
        del field["default"]
    return {**field, **choices[0]} if choices else field


@cache
def _validator() -> Any:
    return jsonschema_rs.validator_for(json_schema())


def read(raw: Any) -> EvProfile:
    """The profile that `raw` (parsed JSON) describes. Of the last ones read, equal ones are one.

    Raises UnfitProfile.
    """
    if not isinstance(raw, dict):
        raise UnfitProfile({"": ["Write it as an object."]})
    try:
        text = orjson.dumps(raw)
    except TypeError as error:
        raise UnfitProfile({"": [f"Write it as JSON: {error}."]}) from None
    if len(text) > LARGEST:
        raise UnfitProfile({"": [f"Shorten it to {LARGEST} bytes."]})
    return _read(text)


@lru_cache(maxsize=MOST)
def _read(text: bytes) -> EvProfile:
    raw = orjson.loads(text)  # without what JSON does not have, such as NaN
    problems: dict[str, list[str]] = {}
    for error in _validator().iter_errors(raw):
        place = ".".join(str(step) for step in error.instance_path)
        problems.setdefault(place, []).append(str(error.message)[:300])
    if not problems:
        profile = msgspec.convert({k: v for k, v in raw.items() if k != NOTE}, EvProfile)
        problems = _unbelievable(profile)
    if problems:
        raise UnfitProfile(problems)
    return profile


def told(profile: EvProfile) -> dict[str, Any]:
    """The profile as JSON: what `read` makes it from again."""
    return msgspec.json.decode(msgspec.json.encode(profile))


def _unbelievable(profile: EvProfile) -> dict[str, list[str]]:
    """What a schema cannot say, by field."""
    found: dict[str, list[str]] = {}
    if profile.ac is None and profile.dc is None:
        found["ac"] = ["A car has at least one inlet: describe ac or dc."]
    for name, side in (("ac", profile.ac), ("dc", profile.dc)):
        if side is not None:
            found |= {f"{name}.{at}": [why] for at, why in _of_side(side, name == "dc").items()}
    low, high = profile.arrival_soc
    if low > high:
        found["arrival_soc"] = ["Write the least first."]
    socs = [one.soc for one in profile.breaks]
    if any(b <= a for a, b in pairwise(socs)):
        found["breaks"] = ["Write them by rising soc, one at each."]
    if len(set(profile.iso15118)) < len(profile.iso15118):
        found["iso15118"] = ["Name each once."]
    return found


def _of_side(side: Side, dc: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    socs = [soc for soc, _ in side.curve]
    if socs[0] != 0 or socs[-1] != 100:
        found["curve"] = "The first point is at 0 %, the last at 100 %."
    elif any(b <= a for a, b in pairwise(socs)):
        found["curve"] = "The states of charge rise from point to point."
    elif max(kw for _, kw in side.curve) > side.max_power_kw:
        found["curve"] = "No point is above max_power_kw."
    if dc == bool(side.phases):
        found["phases"] = "DC has no phases." if dc else "An onboard charger has 1, 2 or 3."
    if side.max_power_kw * 1000 < (side.phases or 1) * side.min_current_a * (400 if dc else 230):
        found["min_current_a"] = "At that current the car takes more than max_power_kw."
    return found

"""Requests of a CSMS made from the schemas: legal ones, and illegal ones with a single fault."""

import json
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from tests.chargepoint.bounds.inputs import Filler, Hints, schema_of
from tests.chargepoint.conversation import oracle

REQUIRED, ALL, SOME, EXTREME = "required", "all", "some", "extreme"
LEGAL = (REQUIRED, ALL, SOME, EXTREME)
ILLEGAL = tuple(oracle.CODES["1.6"])
_SHAPES: tuple[Any, ...] = ([], "text", 7, None, True, [{}])
_WRONG: dict[str, tuple[Any, ...]] = {
    "string": (7, True, None, {}, ["x"], 1.5),
    "integer": ("7", 1.5, None, {}, [1], True),
    "number": ("1.5", None, {}, [1], False),
    "boolean": ("true", 1, None, {}, 0),
    "object": ("text", 7, None, [], [{}]),
    "array": ({}, "text", 7, None),
}
_NO_TIMES = (
    "yesterday", "", "2026-13-01T00:00:00Z", "2026-01-01", "2026-02-30T00:00:00Z", "12:00:00",
    "2026-01-01T25:00:00Z", "1764374400",
)  # fmt: skip
_SORTS = {
    "string": str, "integer": int, "number": float, "boolean": bool, "object": dict, "array": list,
}  # fmt: skip
MANY = 40  # elements of an extreme list, where the schema lets it be longer


class Drawn(Filler):
    """Fills a schema at random; `way`: one of LEGAL."""

    def __init__(self, rng: Random, way: str, hints: Hints) -> None:
        super().__init__(0, MANY, 300, {}, alike=False)
        self.rng, self.way, self.known = rng, way, hints

    def fill(self, schema: dict, root: dict, name: str, place: int, depth: int) -> Any:
        if "$ref" not in schema:
            made = self._telling(schema, name)
            if made is not None:
                return made
            self.number = self.rng.randrange(10_000)
            self._draws = iter((self.rng.randrange(10_000),))
        return super().fill(schema, root, name, place, depth)

    def _telling(self, schema: dict, name: str) -> Any:
        """What means something to the station brings a request further; None: nothing such."""
        if name not in self.known or self.rng.random() > (0.3 if self.way == EXTREME else 0.85):
            return None
        made = self.known[name](self.rng.randrange(10_000))
        if type(made) is not _SORTS.get(schema.get("type")):
            return None
        if isinstance(made, dict):  # there may be another type by that name
            named = set(schema.get("required", ())) <= set(made) <= set(schema["properties"])
            return made if named else None
        low, high = schema.get("minimum", made), schema.get("maximum", made)
        return made if low <= made <= high else None

    def _object(self, schema: dict, root: dict, name: str, place: int, depth: int) -> dict:
        if name == "customData":
            return {"vendorId": "v" * self.rng.choice((1, 255)), "deep": {"x": [1, None]}}
        required = schema.get("required", ())
        share = {REQUIRED: 0.0, ALL: 1.0, SOME: 0.5, EXTREME: 0.8}[self.way]
        return {
            key: self.fill(inner, root, key, place, depth + 1)
            for key, inner in schema.get("properties", {}).items()
            if key in required or self.rng.random() < share * (0.1 if key == "customData" else 1)
        }

    def _array(self, schema: dict, root: dict, name: str, depth: int) -> list:
        least, most = schema.get("minItems", 0), schema.get("maxItems", MANY)
        if self.way == REQUIRED:
            number = max(1, least)
        elif self.way == EXTREME:
            number = self.rng.choice((least, min(most, MANY if depth < 2 else 4)))
        else:
            number = self.rng.randint(least, max(least, min(most, 3)))
        return [self.fill(schema["items"], root, name, n, depth + 1) for n in range(number)]

    def _text(self, schema: dict, place: int) -> str:
        made = super()._text(schema, place)
        if schema.get("format") == "uri":
            return made.replace("é", "e")
        if schema.get("format") or self.way == EXTREME and self.rng.random() < 0.6:
            return made
        return made[: self.rng.choice((0, 1, 8, 20))]


def legal(version: str, action: str, way: str, rng: Random, hints: Hints) -> dict:
    schema = schema_of(version, action, False)
    return Drawn(rng, way, hints).fill(schema, schema, action, 0, 0)


# --- one fault -----------------------------------------------------------------------------------


class Spot(NamedTuple):
    """Where a payload can be spoilt. `path`: keys and indexes; schema: of what stands there."""

    path: tuple
    schema: dict


def _spots(value: Any, schema: dict, root: dict, path: tuple = ()) -> list[Spot]:
    while "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    found = [Spot(path, schema)]
    if isinstance(value, dict):
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                found += _spots(value[key], inner, root, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            found += _spots(inner, schema.get("items", {}), root, (*path, number))
    return found


def _put(payload: Any, path: tuple, value: Any) -> Any:
    if not path:
        return value
    place = payload
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return payload


def _at(payload: Any, path: tuple) -> Any:
    for part in path:
        payload = payload[part]
    return payload


def _spoilings(kind: str, spot: Spot, value: Any, rng: Random) -> list[Any]:
    """What may stand there instead, so that just this is wrong; [] if nothing can be."""
    schema, sort = spot.schema, spot.schema.get("type")
    match kind:
        case oracle.MISSING if sort == "object" and schema.get("required"):
            key = rng.choice(schema["required"])
            return [{k: v for k, v in value.items() if k != key}]
        case oracle.EXTRA if sort == "object" and schema.get("additionalProperties") is False:
            return [value | {rng.choice(("extra", "vendorData", "Status")): 1}]
        case oracle.TYPE if sort in _WRONG and spot.path:
            return [rng.choice(_WRONG[sort])]
        case oracle.LENGTH if "maxLength" in schema and "enum" not in schema:
            return ["x" * (schema["maxLength"] + rng.choice((1, 500)))]
        case oracle.ENUM if "enum" in schema:
            wrong = [rng.choice(schema["enum"]) + "x", "", "Unheard", schema["enum"][0].lower()]
            return [rng.choice([w for w in wrong if w not in schema["enum"]])]
        case oracle.RANGE if sort in ("integer", "number"):
            return _out_of_range(schema, sort)
        case oracle.OCCURRENCE if sort == "array":
            few = [[]] if schema.get("minItems") else []
            most = schema.get("maxItems")
            return few + ([[value[0]] * (most + 1)] if most and value else [])
        case oracle.TIME if schema.get("format") == "date-time":
            return [rng.choice(_NO_TIMES)]
    return []


def _out_of_range(schema: dict, sort: str) -> list[Any]:
    wrong = []
    if "minimum" in schema:
        wrong.append(schema["minimum"] - 1)
    if "maximum" in schema:
        wrong.append(schema["maximum"] + 1)
    if "multipleOf" in schema:
        wrong.append(1.05)
    if sort == "integer":
        wrong += [oracle.INTEGERS[0] - 1, oracle.INTEGERS[1] + 1]
    return wrong


def illegal(
    version: str, action: str, kind: str, rng: Random, hints: Hints
) -> tuple[str, Any] | None:
    """(kind, payload) with one fault of the kind somewhere; None where the schema allows none."""
    if kind == oracle.SHAPE:
        return kind, rng.choice(_SHAPES)
    schema = schema_of(version, action, False)
    for way in (SOME, ALL):
        payload = legal(version, action, way, rng, hints)
        spots = _spots(payload, schema, schema)
        rng.shuffle(spots)
        for spot in spots:
            # transactionId has room for milliseconds, and customData for anything.
            roomy = kind == oracle.RANGE and spot.path[-1:] == ("transactionId",)
            if roomy or "customData" in spot.path:
                continue
            ways = _spoilings(kind, spot, _at(payload, spot.path), rng)
            for wrong in rng.sample(ways, len(ways)):
                made = _put(deepcopy(payload), spot.path, wrong)
                if oracle.fault(version, action, json.dumps(made), False):
                    return kind, made
    return None

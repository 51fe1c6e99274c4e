"""The largest payloads that a schema allows, of several kinds.

`largest` fills every field: texts to their greatest length, lists to their greatest number and,
where the schema sets no bound, as much as a frame holds.
"""

import json
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from chargepoint.config import MAX_FRAME
from chargepoint.wire import schemas

# What a pattern, a parser or a loop might stumble over.
TEXTS = (
    "7", "a", "1.", "<a:Certificate>A", " ", "A=", "a+", "%41", "/", "é", "-", "0",
    "-----BEGIN CERTIFICATE-----\n", "version\n", "-----BEGIN X509 CRL-----", "{", "1,", "\n",
)  # fmt: skip
TIMES = (
    "2100-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "2016-12-31T23:59:60Z",
    "2026-10-25T02:30:00+01:00", "2001-09-09T02:00:00Z",
)  # fmt: skip
WHOLE = (2**31 - 1, -(2**31), 0, 1, 2, -1, 86_400, 100)
NUMBERS = (1e308, -1e308, 0.0, 1e-320, 1.5, -1, 2**63, 16.0, 1e9, 2**31, 0.1, 50.0, 1.0)
# Name of a field -> value by its place in its list, for a field with a meaning to the station, so
# that an input comes further than the first check; None: as without.
Hints = dict[str, Callable[[int], Any]]
ROOM = MAX_FRAME - 1_000
_DEEP = 60  # levels that the validator still goes down


class Filler:
    """number: which of the extremes; many, long: of lists and texts without a bound; alike: all
    elements of a list are the same."""

    def __init__(self, number: int, many: int, long: int, hints: Hints, alike: bool) -> None:
        self.number, self.many, self.long, self.hints = number, many, long, hints
        self.alike = alike
        self._draws = count(number)
        self._refs: dict[str, dict] = {}

    def _meant(self, ref: str, root: dict) -> dict:
        if ref not in self._refs:
            target = root
            for part in ref.removeprefix("#/").split("/"):
                target = target[part]
            self._refs[ref] = target
        return self._refs[ref]

    def fill(self, schema: dict, root: dict, name: str, place: int, depth: int) -> Any:
        while (ref := schema.get("$ref")) is not None:
            schema = self._meant(ref, root)
        hinted = name in self.hints and schema.get("type") != "array"
        if hinted and (made := self.hints[name](place)) is not None:
            return made
        if "enum" in schema:
            return schema["enum"][(self.number + place) % len(schema["enum"])]
        match schema.get("type"):
            case "object":
                return self._object(schema, root, name, place, depth)
            case "array":
                return self._array(schema, root, name, depth)
            case "string":
                return self._text(schema, place)
            case "integer":
                return self._fitting(schema, WHOLE)
            case "number":
                return self._fitting(schema, NUMBERS)
            case "boolean":
                return (self.number + place) % 2 == 0
        return _deep(_DEEP)

    def _object(self, schema: dict, root: dict, name: str, place: int, depth: int) -> dict:
        if name == "customData":
            return {"vendorId": "v" * 255, "deep": _deep(_DEEP)}
        return {
            key: self.fill(inner, root, key, place, depth + 1)
            for key, inner in schema.get("properties", {}).items()
            if key != "customData" or depth == 0
        }

    def _array(self, schema: dict, root: dict, name: str, depth: int) -> list:
        most = schema.get("maxItems", self.many if depth <= 2 else 3)
        places = range(min(most, self.many) if depth > 1 else most)
        if self.number % 3 == 2:
            places = places[::-1]
        return [
            self.fill(schema["items"], root, name, 0 if self.alike else place, depth + 1)
            for place in places
        ]

    def _text(self, schema: dict, place: int) -> str:
        if schema.get("format") == "date-time":
            return TIMES[(self.number + place) % len(TIMES)]
        piece, before = TEXTS[self.number % len(TEXTS)], str(place or "")
        length = min(schema.get("maxLength", self.long), self.long)
        if schema.get("format") == "uri":
            before, piece = "http://h/", piece if piece.isalnum() or piece in "/-1." else "%41"
            return before + piece * max(0, (length - len(before)) // len(piece))
        return (before + piece * (length // len(piece)))[:length]

    def _fitting(self, schema: dict, extremes: tuple) -> Any:
        bounds = schema.get("minimum", -1e309), schema.get("maximum", 1e309)
        fitting = _within(extremes, *bounds, schema.get("multipleOf"))
        return fitting[next(self._draws) % len(fitting)]


@cache
def _within(extremes: tuple, least: float, most: float, step: float | None) -> list:
    return [n for n in extremes if least <= n <= most and (step is None or n in (0, 16, 50))]


def _deep(levels: int) -> Any:
    made: Any = "x"
    for _ in range(levels):
        made = {"deep": made}
    return made


@cache
def schema_of(version: str, action: str, response: bool) -> dict:
    suffix = "Response" if response else schemas._REQUEST[version]
    if action in schemas.unanswered(version):
        suffix = ""
    path = schemas._folder(version) / f"{action}{suffix}.json"
    return json.loads(path.read_text("utf-8-sig"))


def largest(
    version: str, action: str, response: bool, number: int, hints: Hints, room: int = ROOM
) -> dict:
    """A payload for the schema that fills `room` characters as far as it may."""
    schema = schema_of(version, action, response)

    def made(many: int, long: int) -> tuple[dict, int]:
        payload = Filler(number, many, long, hints, number % 2 == 1).fill(schema, schema, "", 0, 0)
        return payload, len(json.dumps(payload))

    many, long = 8, 64
    payload, size = made(many, long)
    while True:
        many, long = min(many * 3, 50_000), long * 3
        grown, length = made(many, long)
        if length > room:
            # A last one in proportion, a little less for what grows faster.
            grown, length = made(max(1, many * room // length // 2), long * room // length // 2)
            return grown if size < length <= room else payload
        if length == size:
            return grown
        payload, size = grown, length

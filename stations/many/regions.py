"""Places drawn at random: within a country, or within a box of latitudes and longitudes.

Outlines are those of the map: Natural Earth's countries 1:50 million, as TopoJSON (its arcs are
quantized and delta-encoded: github.com/topojson/topojson-specification, 2.1.3 and 2.1.4).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random

from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError

ATLAS = "emulator/vendor/world-atlas/countries.json"
TRIES = 1000
Point = tuple[float, float]  # longitude, latitude
Ring = list[Point]


@dataclass(frozen=True)
class Polygon:
    """An outline and the holes in it, each without a leap at 180 degrees."""

    rings: tuple[Ring, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """west, south, east, north; east may be beyond 180."""
        xs, ys = zip(*self.rings[0], strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def size(self) -> float:
        west, south, east, north = self.box
        return (east - west) * (math.sin(math.radians(north)) - math.sin(math.radians(south)))

    def has(self, point: Point) -> bool:
        """By the crossings of all rings, so a hole is none of it."""
        return sum(_crossings(ring, point) for ring in self.rings) % 2 == 1


def _crossings(ring: Ring, point: Point) -> int:
    x, y = point
    count = 0
    for (ax, ay), (bx, by) in zip(ring, ring[1:], strict=False):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            count += 1
    return count


@dataclass(frozen=True)
class Region:
    polygons: tuple[Polygon, ...]

    def draw(self, random: Random) -> tuple[float, float]:
        """(latitude, longitude), evenly over the ground, to five places (a metre).

        Raises ValueError where none is found in TRIES draws.
        """
        weights = [polygon.size for polygon in self.polygons]
        for _ in range(TRIES):
            [polygon] = random.choices(self.polygons, weights)
            west, south, east, north = polygon.box
            low, high = math.sin(math.radians(south)), math.sin(math.radians(north))
            point = (
                random.uniform(west, east), math.degrees(math.asin(random.uniform(low, high))),
            )  # fmt: skip
            if polygon.has(point):
                return round(point[1], 5), round((point[0] + 180) % 360 - 180, 5)
        raise ValueError("no place found")  # a region that is all but empty


def region_of(text: str) -> Region | None:
    """Of a country's name, or of "south, west, north, east" in degrees; None of "".

    Raises ValidationError.
    """
    wanted = text.strip()
    if not wanted:
        return None
    if "," in wanted and _numbers(wanted) is not None:
        return _box(_numbers(wanted))
    known = _countries()
    for name, region in known.items():
        if name.casefold() == wanted.casefold():
            return region
    sentence = 'Choose a country of the map, or give "south, west, north, east" in degrees.'
    raise ValidationError({"region": [sentence]})


def countries() -> list[str]:
    """Names of those that the map has."""
    return sorted(_countries())


def _numbers(text: str) -> list[float] | None:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return None


def _box(numbers: list[float]) -> Region:
    fits = len(numbers) == 4 and all(map(math.isfinite, numbers))
    if fits:
        south, west, north, east = numbers
        fits = -90 <= south < north <= 90 and -180 <= west < east <= 180
    if not fits:
        sentence = "Give south, west, north, east in degrees, south below north, west of east."
        raise ValidationError({"region": [sentence]})
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return Region((Polygon((ring,)),))


@lru_cache(maxsize=1)
def _countries() -> dict[str, Region]:
    atlas = json.loads(Path(finders.find(ATLAS)).read_text())
    (dx, dy), (x0, y0) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        xs, ys = accumulate(p[0] for p in arc), accumulate(p[1] for p in arc)
        arcs.append([(x * dx + x0, y * dy + y0) for x, y in zip(xs, ys, strict=True)])
    found: dict[str, Region] = {}
    for shape in atlas["objects"]["countries"]["geometries"]:
        if shape["type"] not in ("Polygon", "MultiPolygon"):
            continue
        parts = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = ([_ring(arcs, ring) for ring in part] for part in parts)
        polygons = tuple(Polygon(tuple(filter(_has_ground, part))) for part in rings)
        found[shape["properties"]["name"]] = Region(polygons)
    return found


def _ring(arcs: list[Ring], numbers: list[int]) -> Ring:
    """A negative number is the complement of an arc, which runs backwards (2.1.4)."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return _unwound(ring)


def _has_ground(ring: Ring) -> bool:
    """The map has a line along the South Pole as the first ring of Antarctica."""
    return any(abs(y) < 89.9 for _, y in ring)


def _unwound(ring: Ring) -> Ring:
    """Beyond 180 degrees where it crosses them; closed by way of the pole that it goes round."""
    turn, last = 0.0, ring[0][0]
    unwound: Ring = []
    for x, y in ring:
        if abs(x - last) > 180:
            turn += -360 if x > last else 360
        last = x
        unwound.append((x + turn, y))
    if turn:
        pole = math.copysign(90.0, ring[0][1])
        unwound += [(unwound[-1][0], pole), (unwound[0][0], pole), unwound[0]]
    return unwound

"""A line chart as SVG, for pages that show a curve: the same numbers give the same bytes.

Its grey and its accents read on a light page and on a dark one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 16, 42
MOST_POINTS = 160  # of a line; more are not seen at this width
COLOURS = ("#2a7de1", "#d9730d", "#3c9a5f", "#9a5fc4")
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, with its unit, from `least` to `most`; None: to the largest value."""

    label: str
    least: float = 0.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y) in the axes' units, x rising. steps: a value holds until the next point."""

    points: Sequence[tuple[float, float]]
    name: str = ""
    steps: bool = False


def chart(title: str, x: Axis, y: Axis, lines: Iterable[Line]) -> str:
    """The SVG document. `title` is what a screen reader says of it.

    Raises ValueError where there is no point to draw.
    """
    drawn = [line for line in lines if line.points]
    if not drawn:
        raise ValueError(f"{title}: there is nothing to draw")
    across = _scale(x, [px for line in drawn for px, _ in line.points], LEFT, WIDTH - RIGHT)
    up = _scale(y, [py for line in drawn for _, py in line.points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12" color="#808890" fill="currentColor">',
        f"<title>{escape(title)}</title>",
        *_grid(across, up),
        f'<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x.label)}</text>",
        f'<text transform="translate(13 {(TOP + HEIGHT - BOTTOM) // 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y.label)}</text>',
    ]
    for number, line in enumerate(drawn):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" '
            f'points="{_points(line, across, up)}"/>'
        )
        if line.name:
            place = TOP + 14 + 16 * number
            parts.append(
                f'<text x="{WIDTH - RIGHT - 4}" y="{place}" text-anchor="end" fill="{colour}">'
                f"{escape(line.name)}</text>"
            )
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Scale:
    least: float
    most: float
    step: float
    begin: int
    end: int

    def at(self, value: float) -> float:
        part = (value - self.least) / (self.most - self.least)
        return self.begin + (self.end - self.begin) * part

    def ticks(self) -> list[float]:
        count = math.floor((self.most - self.least) / self.step + 1e-9)
        return [self.least + number * self.step for number in range(count + 1)]


def _scale(axis: Axis, values: Sequence[float], begin: int, end: int) -> _Scale:
    most = max(values) if axis.most is None else axis.most
    span = (most - axis.least) or 1.0
    unit = 10 ** math.floor(math.log10(span / 5))
    step = next(unit * each for each in _STEPS if span / (unit * each) <= 6)
    if axis.most is None:
        most = axis.least + math.ceil(span / step - 1e-9) * step
    return _Scale(axis.least, most, step, begin, end)


def _grid(across: _Scale, up: _Scale) -> Iterable[str]:
    for value in up.ticks():
        y = _text(up.at(value))
        yield (f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" '
               'stroke-opacity=".25"/>')  # fmt: skip
        y = _text(up.at(value) + 4)
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{value:g}</text>'
    for value in across.ticks():
        x = _text(across.at(value))
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{value:g}</text>'


def _points(line: Line, across: _Scale, up: _Scale) -> str:
    points = list(line.points)
    if len(points) > MOST_POINTS:
        every = (len(points) - 1) / (MOST_POINTS - 1)
        points = [points[round(number * every)] for number in range(MOST_POINTS)]
    made: list[str] = []
    before = None
    for x, y in points:
        if line.steps and before is not None:
            made.append(f"{_text(across.at(x))},{_text(up.at(before))}")
        made.append(f"{_text(across.at(x))},{_text(up.at(y))}")
        before = y
    return " ".join(dict.fromkeys(made))


def _text(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")

"""A small line chart as SVG, by hand: two panels do not need a plotting library."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 420, 260, 52
COLOURS = ("#2563eb", "#9ca3af")


@dataclass(frozen=True)
class Panel:
    """`lines`: {name: [(x, y), ...]}; x on a logarithmic axis, y from 0."""

    title: str
    unit: str
    lines: dict[str, list[tuple[float, float]]]


def draw(panels: list[Panel]) -> str:
    body = "".join(_panel(panel, number * WIDTH) for number, panel in enumerate(panels))
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{body}</svg>\n'
    )


def _panel(panel: Panel, left: float) -> str:
    points = [point for line in panel.lines.values() for point in line]
    xs = sorted({x for x, _ in points})
    top = _round_up(max(y for _, y in points))
    low, high = math.log(xs[0]), math.log(xs[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log(x) - low) / ((high - low) or 1)
        return (
            left + PAD + across * (WIDTH - 2 * PAD),
            HEIGHT - PAD - y / top * (HEIGHT - 2 * PAD),
        )

    parts = [f'<text x="{left + PAD}" y="20" font-weight="bold">{panel.title}</text>']
    for step in range(5):
        value = top * step / 4
        _, y = place(xs[0], value)
        parts.append(f'<line x1="{left + PAD}" x2="{left + WIDTH - PAD}" y1="{y:.1f}" '
                     f'y2="{y:.1f}" stroke="#e5e7eb"/>')  # fmt: skip
        parts.append(
            f'<text x="{left + PAD - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for x in xs:
        across, _ = place(x, 0)
        parts.append(f'<text x="{across:.1f}" y="{HEIGHT - PAD + 18}" text-anchor="middle">'
                     f"{x:,.0f}</text>")  # fmt: skip
    parts.append(f'<text x="{left + WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">'
                 f"stations ({panel.unit})</text>")  # fmt: skip
    for number, (name, line) in enumerate(panel.lines.items()):
        parts += _line(name, [place(*point) for point in line], COLOURS[number], left, number)
    return "".join(parts)


def _line(name: str, points: list, colour: str, left: float, number: int) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    y = 36 + 14 * number
    legend = f'<text x="{left + PAD + 8}" y="{y}" fill="{colour}">{name}</text>'
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        legend,
    ]


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10 ** math.floor(math.log10(value or 1))
    return next(f * power for f in (1, 2, 2.5, 4, 5, 8, 10) if value <= f * power)

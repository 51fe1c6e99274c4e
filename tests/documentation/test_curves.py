"""The pictures of curves: whole, small, the same each time, and showing the numbers given."""

import re
from xml.etree import ElementTree

import pytest

from documentation.curves import Axis, Line, chart

X, Y = Axis("minutes"), Axis("power (kW)")
SVG = "{http://www.w3.org/2000/svg}"


def points_of(svg: str) -> list[list[tuple[float, float]]]:
    root = ElementTree.fromstring(svg)
    return [
        [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
        for line in root.iter(f"{SVG}polyline")
    ]


def test_a_line_goes_where_its_numbers_are():
    (line,) = points_of(chart("A rise", X, Y, [Line([(0, 0), (10, 50), (20, 100)])]))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert y0 - y1 == pytest.approx(y1 - y2)
    assert y2 < y0, "SVG counts downwards, a chart upwards"


def test_a_line_of_steps_holds_its_value_until_the_next():
    (line,) = points_of(chart("Steps", X, Y, [Line([(0, 10), (5, 20)], steps=True)]))
    assert len(line) == 3
    assert line[1][1] == line[0][1]
    assert line[1][0] == line[2][0]


def test_the_axes_name_their_units_and_round_numbers():
    svg = chart("A session", X, Y, [Line([(0, 0), (47, 143)])])
    words = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"minutes", "power (kW)", "0", "50", "100", "150"} <= set(words)


def test_the_same_numbers_give_the_same_bytes_and_thousands_of_them_stay_small():
    many = Line([(n, (n * 7919) % 1000) for n in range(20_000)], "noise & more")
    first = chart("<Noise>", X, Y, [many])
    assert first == chart("<Noise>", X, Y, [many])
    assert len(first) < 10_000
    assert re.search("&lt;Noise&gt;", first)
    ends = points_of(first)[0]
    assert ends[0][0] < ends[-1][0]


def test_a_chart_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to draw"):
        chart("Empty", X, Y, [Line([])])


def test_a_line_of_zeros_is_drawn():
    assert points_of(chart("At rest", X, Y, [Line([(0, 0), (5, 0)])]))

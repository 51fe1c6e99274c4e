"""The map of the fleet: places taken together, states, filters."""

from __future__ import annotations

import itertools
import math

import pytest

from stations.many import mapping
from stations.many.mapping import View, on_map, seen

DATA = "/admin/fleet/map/data/"


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    monkeypatch.setattr(mapping, "AGE", -1.0)


def test_stations_are_on_the_map_with_their_states(admin, make_station, set_state):
    make_station("A", latitude=50.1, longitude=8.6, running=True, tags=["n"], name="North")
    make_station("B", latitude=50.1001, longitude=8.6001)
    make_station("C", latitude=-33.9, longitude=18.4)
    make_station("D")
    set_state("A", {"status": "Faulted"})
    far = admin.get(DATA, {"zoom": 3}).json()
    assert (far["count"], far["elsewhere"]) == (3, 1)
    assert far["box"] == [-33.9, 8.6, 50.1001, 18.4]
    assert far["states"] == {"faulted": 1, "stopped": 2}
    assert sorted(place["count"] for place in far["places"]) == [1, 2]
    near = admin.get(DATA, {"zoom": 18, "south": 50, "north": 51, "west": 8, "east": 9}).json()
    assert [place["count"] for place in near["places"]] == [1, 1]
    assert [each["identity"] for each in near["listed"]] == ["A", "B"]
    assert near["listed"][0]["link"].endswith("/life/")
    one = admin.get(DATA, {"tag": "n", "state": "faulted"}).json()
    assert [each["name"] for each in one["listed"]] == ["North"]
    none = admin.get(DATA, {"state": "charging"}).json()
    assert (none["count"], none["box"]) == (0, None)


@pytest.mark.parametrize("query", [{"zoom": 99}, {"zoom": "x"}, {"south": "nan"}, {"west": "w"}])
def test_a_view_that_is_none_is_refused(admin, query):
    assert admin.get(DATA, query).status_code == 422


def placed(number: int, latitude: float, longitude: float) -> mapping.Placed:
    return mapping.Placed(
        "5" * 24, f"S{number}", "", "connected", frozenset(), latitude, longitude,
        *on_map(latitude, longitude),
    )  # fmt: skip


def test_an_answer_is_as_large_as_the_window_and_not_as_the_fleet():
    many = [placed(n, 48 + n % 100 / 100, 8 + n // 100 / 100) for n in range(10_000)]
    told = seen(View(zoom=4), many)
    assert told["count"] == 10_000 and sum(p["count"] for p in told["places"]) == 10_000
    assert len(told["places"]) < 10 and len(told["listed"]) == mapping.LISTED
    assert all(not place["stations"] for place in told["places"])


def test_those_of_one_place_are_named_where_zooming_parts_them_no_more():
    [place] = seen(View(zoom=18), [placed(n, 50, 8) for n in range(40)])["places"]
    assert (place["count"], len(place["stations"])) == (40, mapping.NAMED)
    assert place["at"] == [50, 8]


def test_the_projection_is_web_mercator():
    assert on_map(0, 0) == (0.5, 0.5)
    x, y = on_map(mapping.EDGE, 180)
    assert x == 1 and y == pytest.approx(0, abs=1e-9)


def test_a_cluster_on_the_edge_of_a_cell_is_drawn_as_one():
    """Of places a stone's throw apart, on both sides of a cell's edge at every zoom."""
    here = [placed(n, -0.0001 if n % 2 else 0.0001, -0.0001 if n % 3 else 0.0001) for n in range(9)]
    for zoom in range(15):
        assert [place["count"] for place in seen(View(zoom=zoom), here)["places"]] == [9]


def test_no_two_clusters_are_drawn_over_one_another():
    many = [placed(n, 45 + n % 40 / 10, 5 + n // 40 / 10) for n in range(1600)]
    for zoom in range(2, 9):
        told = seen(View(zoom=zoom), many)["places"]
        assert sum(place["count"] for place in told) == 1600
        spots = [(on_map(*place["at"]), mapping.radius(place["count"])) for place in told]
        for (one, small), (other, large) in itertools.combinations(spots, 2):
            apart = math.dist(one, other) * mapping.TILE * 2**zoom
            assert apart > max(small, large), (zoom, apart)

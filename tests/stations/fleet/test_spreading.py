"""Each shard is one stretch of the column `spread`, whatever the number of shards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.models import Station
from stations.orders.sharding import MOST, Share, shard_of
from stations.orders.spreading import (
    END,
    EVERYTHING,
    merged,
    pieces,
    range_of,
    spread_of,
    without,
)

NUMBERS = st.integers(1, MOST)
POINTS = st.integers(0, 40)
RANGES = st.lists(st.tuples(POINTS, POINTS).map(sorted).map(tuple).filter(lambda r: r[0] < r[1]))


@given(st.text(min_size=1), NUMBERS)
def test_a_station_lies_in_the_range_of_its_shard(identity, number):
    first, end = range_of(shard_of(identity, number), number)
    assert first <= spread_of(identity) < end


@pytest.mark.parametrize("number", [*range(1, 70), 100, 4095, MOST])
def test_shards_share_everything_and_nothing_twice(number):
    ranges = sorted(range_of(shard, number) for shard in range(number))
    assert ranges[0][0] == 0
    assert ranges[-1][1] == END
    assert all(one[1] == next_one[0] for one, next_one in zip(ranges, ranges[1:], strict=False))
    assert Share(range(number), number).ranges() == [EVERYTHING]


def points(ranges) -> set[int]:
    return {point for first, end in ranges for point in range(first, end)}


@given(RANGES, RANGES)
def test_ranges_are_merged_and_taken_from_one_another_as_sets_of_points(ranges, others):
    assert points(merged(ranges)) == points(ranges)
    assert points(without(ranges, others)) == points(ranges) - points(others)
    assert all(a[1] < b[0] for a, b in zip(merged(ranges), merged(ranges)[1:], strict=False))


@given(st.integers(0, 500), NUMBERS)
def test_pieces_are_all_of_it_in_order_and_none_is_large(number, shard_count):
    ranges = [range_of(0, shard_count)]
    found = list(pieces(ranges, number))
    assert merged(found) == ranges
    assert found == sorted(found)
    assert max(end - first for first, end in found) <= -(-END // max(1, number))


@pytest.mark.django_db(transaction=True)
def test_every_way_to_make_a_row_gives_it_its_place():
    Station.objects.create(identity="A", csms_url="ws://h")
    Station.objects.bulk_create([Station(identity="B", csms_url="ws://h", spread=7)])
    found = dict(Station.objects.values_list("identity", "spread"))
    assert found == {name: spread_of(name) for name in ("A", "B")}

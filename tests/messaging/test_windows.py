"""Cutting the log in stretches: together they are the whole time, and none is needlessly empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import history, store, windows
from messaging.history import Wanted, read_page
from messaging.windows import MINUTE_MS, MOST_READ, _edges, from_ms

MINUTE = 29_000_000 * MINUTE_MS


@given(
    total=st.integers(1, 100_000), target=st.integers(250, 5000),
    now=st.integers(-2 * MINUTE_MS, 2 * MINUTE_MS),
)  # fmt: skip
def test_the_stretches_of_a_minute_follow_one_another(total, target, now):
    edges = cut(total, target, MINUTE + now)
    assert edges[0] == MINUTE
    assert edges[-1] == MINUTE + MINUTE_MS
    assert edges == sorted(set(edges))


def test_what_is_to_come_of_this_minute_is_one_stretch():
    now = MINUTE + 10_000
    edges = cut(2600, 250, now)
    assert sum(edge > now + 1 for edge in edges) == 1
    assert sum(edge <= now + 1 for edge in edges) == 12  # eleven stretches of about 250


def cut(total: int, target: int, now: int) -> list[int]:
    """As `_edges` cuts at that time."""
    real, windows.now_ms = windows.now_ms, lambda: now
    try:
        return _edges(MINUTE, total, target)
    finally:
        windows.now_ms = real


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(text="nowhere"), Wanted(direction="sent")])
async def test_messages_that_are_counted_and_not_stored_yet_make_no_stretch_long(
    mongo, monkeypatch, wanted
):
    """What is empty is quick. It once led to a stretch of all the minutes before: 11 s of the
    embedded store, which answered nobody else meanwhile."""
    a_minute, number = 16_000, MINUTE // MINUTE_MS
    mongo[store.MINUTES].insert_many(
        {"_id": number - n, "time": from_ms(MINUTE - n * MINUTE_MS), "total": a_minute}
        for n in range(1, 17)
    )
    mongo[store.MINUTES].insert_one({"_id": number, "time": from_ms(MINUTE)})
    for module in (windows, history):
        monkeypatch.setattr(module, "now_ms", lambda: MINUTE + 7000)
    asked = []

    async def nothing(db, wanted, bounds, stretch, newest_first, limit):
        asked.append(stretch)
        return []

    monkeypatch.setattr(history, "_stretch", nothing)
    await read_page(store.async_database(), wanted, limit=100, seconds=30)
    await store.close_async()
    busy = [end - start for start, end in asked if end <= MINUTE]
    assert sum(busy) == 16 * MINUTE_MS
    assert max(busy) <= MINUTE_MS * MOST_READ / a_minute * 1.1

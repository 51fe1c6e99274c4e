"""Cutting the log in stretches: together they are the whole time, and none is needlessly empty."""

from hypothesis import given
from hypothesis import strategies as st

from messaging import windows
from messaging.windows import MINUTE_MS, _edges

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

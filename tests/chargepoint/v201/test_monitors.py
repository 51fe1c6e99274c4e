"""One monitor against a slow reader of the whole history, and the times of periodic ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.v201.monitoring.monitors import Monitor

NUMBERS = st.integers(-20, 20)


def monitor_of(kind: str, value: float, numeric: bool = True) -> Monitor:
    return Monitor(1, {"name": "C"}, {"name": "V"}, kind, value, 5, numeric=numeric)


def expected(kind: str, limit: int, history: list[int]) -> list:
    """What the last of these values tells, from the whole history each time."""
    told: list = []
    for n, value in enumerate(history):
        if kind == "Delta":
            since = [0, *[k for k in range(1, n + 1) if k < len(told) and told[k]]]
            moved = n > 0 and abs(value - history[since[-1]]) > limit
            told.append(("Delta", False) if moved else None)
            continue
        passed = [v > limit if kind == "UpperThreshold" else v < limit for v in history[: n + 1]]
        before = passed[n - 1] if n else False
        told.append(None if passed[n] == before else ("Alerting", not passed[n]))
    return told


@given(
    st.sampled_from(["UpperThreshold", "LowerThreshold", "Delta"]),
    st.integers(0, 10),
    st.lists(NUMBERS, max_size=12),
    st.integers(0, 12),
)
def test_a_monitor_tells_what_its_history_says_also_when_saved_between(kind, limit, values, at):
    monitor, told = monitor_of(kind, limit), []
    for n, value in enumerate(values):
        if n == at:
            monitor = Monitor.from_saved(monitor.to_saved())
        told.append(monitor.look(str(value)))
    assert told == expected(kind, limit, values)


def test_a_delta_monitor_of_words_tells_each_change_whatever_its_value():
    monitor = monitor_of("Delta", 99, numeric=False)
    told = [monitor.look(text) for text in ("Available", "Available", "Occupied", "Available")]
    assert told == [None, None, ("Delta", False), ("Delta", False)]


@given(st.floats(1e9, 2e9), st.integers(1, 86_400), st.floats(-5000, 5000))
def test_aligned_times_lie_on_the_clocks_grid_from_midnight(now, every, skew):
    due = monitor_of("PeriodicClockAligned", every).next_mark(now + skew) - skew
    clock = (due + skew) % 86_400
    assert now - 1e-3 <= due <= now + every + 1e-3
    off = min(clock % every, every - clock % every)
    assert off < 1e-3 or min(clock, 86_400 - clock) < 1e-3


@given(st.lists(st.floats(0, 12), max_size=20), st.integers(1, 5))
def test_a_periodic_monitor_keeps_its_step_unless_it_was_slept_over(waits, every):
    monitor = monitor_of("Periodic", every)
    due, now = monitor.next_at(1e9), 1e9
    assert due == 1e9 + every
    for wait in waits:
        now = due + wait
        following = monitor.next_at(now)
        assert now < following <= now + every
        assert following == (due + every if wait < every else now + every)
        due = following


@pytest.mark.parametrize(
    ("kind", "value", "inside", "outside"),
    [
        ("TargetDelta", 10, ("90", "100", "110"), ("89", "111")),
        ("TargetDeltaRelative", 0.1, ("90", "100", "110"), ("89", "111")),
    ],
)
def test_a_target_monitor_tells_what_is_off_the_target_and_when_it_is_back(
    kind, value, inside, outside
):
    monitor = monitor_of(kind, value)
    for text in inside:
        assert monitor.look(text, "100") is None
    for text in outside:
        assert monitor.look(text, "100") == ("Alerting", False)
        assert monitor.look(text, "100") is None
        assert monitor.look("100", "100") == ("Alerting", True)
    assert monitor.look("7", None) is None
    assert monitor.look("100", "200") == ("Alerting", False)  # the target has moved

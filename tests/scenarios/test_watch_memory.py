"""What the wire watch remembers of a CSMS's answers: its clock, and its transactions."""

from __future__ import annotations

import pytest

from scenarios.watch.memory import ROUNDING, SLACK, TimesTold, Transactions


def leaps(*answers: tuple[float, float, float]) -> list[tuple[float, float] | None]:
    """Of answers as (asked, came, told)."""
    made = TimesTold()
    return [made.leap(*each) for each in answers]


def test_a_clock_that_goes_on_is_none_whatever_it_shows() -> None:
    for ahead in (-3600.0, 0.0, 45.0):
        assert leaps(*((n, n + 0.1, float(int(n)) + ahead) for n in range(0, 900, 7))) == [
            None for _ in range(0, 900, 7)
        ]


def test_one_that_stands_still_is_found_by_small_steps_too() -> None:
    found = [each for each in leaps(*((n, n, 100.0) for n in range(10))) if each]
    assert found and found[0] == (pytest.approx(SLACK + ROUNDING, abs=1), 0.0)


def test_one_that_leaps_is_found_once() -> None:
    made = leaps((0, 0, 100), (10, 10, 110), (20, 20, 3720), (30, 30, 3730))
    assert made == [None, None, (20, 3620), None]


def test_a_time_that_was_read_long_before_it_came_is_right() -> None:
    """The answer took 9 s: it may tell the time of the question, or its own."""
    assert leaps((0, 0, 100), (10, 19, 110), (20, 29, 129), (30, 30, 130)) == [None] * 4


def begun(number: int, **more: object) -> tuple[dict, dict]:
    asked = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "T", **more}
    return asked, {"transactionId": number, "idTagInfo": {"status": "Accepted"}}


def test_an_id_is_given_once() -> None:
    made = Transactions()
    assert made.given(*begun(1)) is None
    assert made.given(*begun(2, connectorId=2)) is None
    assert made.given(*begun(1)) is None  # told again, since its answer was lost
    assert made.given(*begun(1, timestamp="U")) == 1


def test_of_one_that_is_not_to_be_it_means_nothing() -> None:
    made = Transactions()
    for tag in ("A", "B"):
        asked, answer = begun(0, idTag=tag)
        assert made.given(asked, {**answer, "idTagInfo": {"status": "Blocked"}}) is None
    assert made.given({"x": 1}, {"transactionId": "1"}) is None

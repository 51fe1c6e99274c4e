"""What makes a run fail: each verdict, with a warning, declared to fail, by `--strict`."""

from __future__ import annotations

import pytest

from terminal.suites.results import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    PARTIAL,
    PASS,
    SKIPPED,
    VERDICTS,
    Report,
    Result,
)

WARNED = "PASS with a warning"
# verdict -> whether it is bad: as it is, by --strict, declared to fail, both
TABLE = {
    PASS: (False, False, True, True),
    WARNED: (False, True, True, False),
    PARTIAL: (False, True, True, False),
    FAIL: (True, True, False, False),
    ERROR: (True, True, True, True),
    SKIPPED: (False, False, False, False),
    NOT_APPLICABLE: (False, False, False, False),
}


def result(verdict: str, declared: bool) -> Result:
    made = Result("TC_1", "x", "1.6", [], "CP-1", PASS if verdict == WARNED else verdict)
    made.declared = "ticket 17" if declared else ""
    made.warnings = ["Reset was answered NotImplemented."] if verdict == WARNED else []
    return made


def test_every_verdict_is_in_the_table() -> None:
    assert set(TABLE) == {*VERDICTS, WARNED}


@pytest.mark.parametrize("verdict", TABLE)
def test_what_is_bad(verdict: str) -> None:
    found = tuple(
        result(verdict, declared).is_bad(strict)
        for declared in (False, True) for strict in (False, True)
    )  # fmt: skip
    assert found == TABLE[verdict]


def test_a_run_in_which_nothing_was_judged_does_not_pass() -> None:
    def passed(*verdicts: str) -> bool:
        results = [result(each, False) for each in verdicts]
        return Report("x", "ws://x", 1, "", False, 0.0, 0.0, results).passed

    assert passed(PASS) and passed(PASS, SKIPPED) and passed(PARTIAL)
    assert not passed() and not passed(SKIPPED, NOT_APPLICABLE) and not passed(PASS, FAIL)

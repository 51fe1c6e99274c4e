"""The data of what is broken: its vocabulary, and that each case has enough of it."""

from __future__ import annotations

import pytest

from conformance import breakages, kept, suites
from conformance.breakages import BadBreakage, changed, one
from conformance.page import LEAST, PAGE, page
from terminal.suites import documents

WORDS = [known.word for known in suites.found([])]


@pytest.mark.parametrize("word", WORDS)
def test_each_case_has_enough_and_each_entry_a_case(word):
    (known,) = suites.found([word])
    cases = {case.id for case in documents.read(str(known.file), []).cases}
    broken = breakages.read(known.folder)
    assert set(broken) <= cases
    assert {case for case in cases if len(broken.get(case, [])) < LEAST} == set()
    for case, each in broken.items():
        assert len(each) == len({repr(one) for one in each}), f"{case} has one twice"


@pytest.mark.parametrize("word", WORDS)
def test_what_is_missing_has_a_reason(word):
    (known,) = suites.found([word])
    if not (ids := known.ids()):
        pytest.skip("nobody has a list of public ids of it")
    cases = {case.id for case in documents.read(str(known.file), []).cases}
    missing = set(ids) - cases
    assert missing == set(breakages.missing(known.folder))


def test_the_page_is_of_today():
    assert PAGE.read_text() == page(), "run python -m conformance --write"


def test_the_whole_run_that_is_told_of_was_of_these_suites():
    """Once cases or broken CSMSs are added: make conformance CONFORMANCE_ARGS=--keep."""
    if kept.last() is None:
        pytest.skip("no whole run was kept yet")
    told = {row.title: row for row in kept.last()["rows"]}
    for known in suites.KNOWN:
        cases = documents.read(str(known.file), []).cases
        broken = breakages.read(known.folder)
        number = sum(
            each.is_for(case.version) for case in cases for each in broken.get(case.id, [])
        )
        row = told[known.title]
        assert (row.cases, row.mutants) == (len(cases), number)
    whole = told["together"]
    assert whole.passed == whole.cases and whole.caught >= 0.98 * whole.mutants >= 0.98 * 600


def test_the_runs_in_a_row_that_are_told_of_were_of_all_cases():
    """Once cases are added: python -m conformance --in-a-row 20."""
    if (made := kept.last_in_a_row()) is None:
        pytest.skip("none were kept yet")
    cases = sum(len(documents.read(str(known.file), []).cases) for known in suites.KNOWN)
    assert (made.cases, made.clean) == (cases, made.runs)


@pytest.mark.parametrize("entry", [
    {}, {"answer": "Authorize"}, {"answer": "A", "call": "B", "silent": True}, {"link": "odd"},
    {"answer": "Authorize", "as": "Reset"}, {"call": "Reset", "error": "InternalError"},
    {"call": "Reset", "odd": 1}, "Reset", {"call": "Reset", "closes": True},
    {"answer": "Authorize", "silent": True, "after": {"odd": 1}},
    {"answer": "Authorize", "silent": True, "after": {"calls": "many"}},
    {"answer": "Authorize", "silent": True, "after": {"calls": 1, "links": 2}},
    {"answer": "Authorize", "silent": True, "harms": "self"},
    {"answer": "Authorize", "form": "odd"}, {"answer": "Authorize", "id": "same"},
    {"call": "Reset", "id": "former"}, {"call": "Reset", "stale": True},
    {"answer": "Authorize", "silent": True, "after": {"calls": 1}, "harms": "odd"},
])  # fmt: skip
def test_the_vocabulary_is_closed(entry):
    with pytest.raises(BadBreakage):
        one("here", entry)


def test_values_change_by_paths():
    payload = {"idTagInfo": {"status": "Accepted"}, "list": [{"a": 1}, {"a": 2}]}
    broken = one("here", {
        "answer": "Authorize", "drop": ["list.0", "nowhere.x"],
        "with": {"idTagInfo.status": "Blocked", "list.1.a": 3, "new.deep": None},
    })  # fmt: skip
    assert changed(payload, broken) == {
        "idTagInfo": {"status": "Blocked"}, "list": [{"a": 3}], "new": {"deep": None}
    }  # fmt: skip
    assert payload["idTagInfo"]["status"] == "Accepted"


def test_the_sentence_must_name_it():
    broken = one("here", {"call": "Reset", "as": "ClearCache"})
    assert broken.is_told_by("No received Reset (Call) came")
    assert broken.is_told_by("came Call ClearCache")
    assert not broken.is_told_by("nothing came")
    assert not one("here", {"link": "refuses", "says": "401"}).is_told_by("refuses")

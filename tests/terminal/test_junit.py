"""JUnit XML by its schema, whatever a CSMS has said."""

from __future__ import annotations

from pathlib import Path

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from terminal.suites.reports.junit import junit
from terminal.suites.results import VERDICTS, Report, Result, Step

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
STRANGE = "]]> <b> & \x00 \x1b[31m \ud800 \uffff 語 \n\t"


def report(text: str, *verdicts: str, strict: bool = False) -> Report:
    results = []
    for number, verdict in enumerate(verdicts):
        made = Result(f"TC_{number}", text, "1.6", ["B01.FR.01"], "CP-1", verdict, text)
        made.seconds = 1 / 3
        made.warnings = [text]
        made.declared = text if number % 2 else ""
        made.steps = [Step("1", "expect", text, "failed", text, 0.0, None)]
        seen = {"event": "frame", "time": "2026-01-31T12:00:00.000Z", "frame": text, "error": text}
        made.frames = [{**seen, "direction": way} for way in ("sent", "received", "")]
        results.append(made)
    environment = {"system": text}
    return Report(text, text, 7, text, strict, 1_769_860_800.0, 2.5, results, environment)


@pytest.mark.parametrize("strict", [False, True])
def test_every_verdict_and_strange_texts(strict: bool) -> None:
    made = junit(report(STRANGE, *VERDICTS, *VERDICTS[::-1], strict=strict))
    SCHEMA.validate(made.decode())


@given(st.text(max_size=30))
def test_any_text(text: str) -> None:
    SCHEMA.validate(junit(report(text, *VERDICTS)).decode())


def test_a_run_of_nothing() -> None:
    SCHEMA.validate(junit(report("x")).decode())


@pytest.mark.parametrize(
    ("old", "new"),
    [(' time="0.333"', ' time="soon"'), (' errors="1"', ""), ("<failure", "<fault"),
     ("<testcase ", '<testcase colour="blue" ')],
)  # fmt: skip
def test_the_schema_finds_what_is_wrong(old: str, new: str) -> None:
    made = junit(report("x", *VERDICTS)).decode()
    assert old in made
    wrong = made.replace(old, new)
    if new == "<fault":
        wrong = wrong.replace("</failure", "</fault")
    assert not SCHEMA.is_valid(wrong)

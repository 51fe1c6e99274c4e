"""JUnit XML as Jenkins, GitLab and GitHub's actions read it (the junit-10.xsd of Jenkins' xunit
plugin)."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from terminal.suites.results import ERROR, FAIL, UNJUDGED, Report, Result


def junit(report: Report) -> bytes:
    """A testcase for each case and version; `classname` is the suite and the version."""
    counts = report.counts()
    numbers = {
        "tests": len(report.results),
        "failures": sum(_is_failure(r, report) for r in report.results),
        "errors": counts[ERROR],
        "skipped": sum(counts[verdict] for verdict in UNJUDGED),
    }
    top = ET.Element(
        "testsuites", name=_clean(report.name), time=f"{report.seconds:.3f}", **_texts(numbers)
    )
    suite = ET.SubElement(
        top, "testsuite", name=_clean(report.name), time=f"{report.seconds:.3f}",
        timestamp=datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost", **_texts(numbers),
    )  # fmt: skip
    properties = ET.SubElement(suite, "properties")
    known = {"csms": report.csms, "seed": report.seed, "command": report.command}
    for name, value in {**known, **report.environment}.items():
        ET.SubElement(properties, "property", name=name, value=_clean(str(value)))
    for result in report.results:
        _case(suite, report, result)
    ET.indent(top)
    return ET.tostring(top, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, report: Report, result: Result) -> None:
    case = ET.SubElement(
        suite, "testcase", name=_clean(f"{result.id} {result.name}"), time=f"{result.seconds:.3f}",
        classname=_clean(f"{report.name}.OCPP {result.column}"),
    )  # fmt: skip
    text = _clean(_why(result))
    if result.verdict == ERROR:
        ET.SubElement(case, "error", message=_clean(result.message), type=ERROR).text = text
    elif result.verdict in UNJUDGED:
        ET.SubElement(case, "skipped", message=_clean(result.message))
    elif _is_failure(result, report):
        message = result.message or "; ".join(result.warnings) or result.words
        ET.SubElement(case, "failure", message=_clean(message), type=FAIL).text = text
    ET.SubElement(case, "system-out").text = _clean("\n".join(_frames(result)))


def _is_failure(result: Result, report: Report) -> bool:
    return result.verdict != ERROR and result.is_bad(report.strict)


def _why(result: Result) -> str:
    lines = [result.words, result.message, *(f"warning: {each}" for each in result.warnings)]
    if result.requirements:
        lines.append(f"requirements: {', '.join(result.requirements)}")
    lines += [
        f"{step.path} {step.type} {step.state}: {step.message or step.description}"
        for step in result.steps
    ]
    return "\n".join(line for line in lines if line)


def _frames(result: Result) -> list[str]:
    return [
        f"{f['time']} {f['direction'] or 'note'} {json.dumps(f['frame'], ensure_ascii=False)}"
        + (f"  {f['error']}" if f.get("error") else "")
        for f in result.frames
    ]


def _texts(numbers: dict[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in numbers.items()}


def _clean(text: str) -> str:
    """Without what XML 1.0 (2.2, Char) has no place for; a peer chooses some of these texts."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\ufffd"
        for c in text
    )  # fmt: skip

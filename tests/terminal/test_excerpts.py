"""The frames that a report shows: those around what failed, Calls beside their answers."""

from __future__ import annotations

from chargepoint.effects import Frame
from scenarios.engine.clock import Clock
from scenarios.engine.recording import StationLog
from scenarios.models import FAILED, PASSED
from terminal.hearing import Heard
from terminal.suites.excerpts import AFTER, FRAMES, excerpt
from terminal.suites.reports.junit import junit
from terminal.suites.reports.page import html
from terminal.suites.reports.plain import as_json
from terminal.suites.results import FAIL, Report, Result

BEGIN = 1_769_860_800.0


def heard(count: int = 100) -> list[Heard]:
    """Heartbeats and their answers, a second apart."""
    made = []
    for number in range(count):
        moment, uid = BEGIN + number, f"u{number // 2}"
        is_call = number % 2 == 0
        text = f'[2,"{uid}","Heartbeat",{{}}]' if is_call else f'[3,"{uid}",{{}}]'
        frame = Frame("sent" if is_call else "received", "Call" if is_call else "CallResult",
                      "Heartbeat", uid, text, moment, None if is_call else 0.25)  # fmt: skip
        made.append(Heard(number + 1, f"{round(moment * 1e6):014x}", frame))
    return made


def record(state: str, frame: str = "", **step: object) -> StationLog:
    made = StationLog("e1", "CP-1", Clock())
    made.state, made.frame = state, frame
    if step:
        made.steps.append({"state": state, "frame": "", "seen": [], "ended": None, **step})
    return made


def numbers(frames: list[dict]) -> list[int]:
    return [round(float(each["id"][1:]) * 2 + (each["kind"] != "Call")) for each in frames]


def test_without_a_failure_the_last_ones() -> None:
    shown = excerpt("CP-1", heard(), record(PASSED))
    assert numbers(shown) == list(range(100 - FRAMES, 100))
    assert not any(each.get("here") for each in shown)
    assert numbers(excerpt("CP-1", heard(), None)) == numbers(shown)


def test_around_the_frame_that_the_verdict_names() -> None:
    every = heard()
    shown = excerpt("CP-1", every, record(FAILED, every[40].id))
    assert numbers(shown) == list(range(41 + AFTER - FRAMES, 41 + AFTER))
    assert [n for n, each in zip(numbers(shown), shown, strict=True) if each.get("here")] == [40]


def test_what_came_instead_and_what_the_watch_found_are_marked() -> None:
    every = heard()
    made = record(FAILED, seen=[{"id": every[50].id}])
    made.findings = [{"level": "fail", "frames": [every[53].id]},
                     {"level": "warn", "frames": [every[54].id]}]  # fmt: skip
    shown = excerpt("CP-1", every, made)
    assert [n for n, e in zip(numbers(shown), shown, strict=True) if e.get("here")] == [50, 53]


def test_where_no_frame_is_to_blame_the_time_of_the_step_tells() -> None:
    shown = excerpt("CP-1", heard(), record(FAILED, ended=BEGIN + 30.5))
    assert numbers(shown)[-1] == 30 + AFTER


def test_frames_that_are_nested_deep_are_shown_as_texts() -> None:
    """Neither a report nor a line of `station --json` is lost by them."""
    for depth in (50, 230, 250, 400, 5000):
        text = '[2,"1","DataTransfer",' + "[" * depth + "]" * depth + "]"
        frame = Frame("received", "Call", "DataTransfer", "1", text, BEGIN)
        result = Result("TC_1", "", "1.6", [], "CP-1", FAIL)
        result.frames = excerpt("CP-1", [Heard(1, f"{round(BEGIN * 1e6):014x}", frame)], None)
        assert isinstance(result.frames[0]["frame"], list if depth < 240 else str)
        report = Report("Proof", "ws://x", 7, "x", False, BEGIN, 1.0, [result])
        for write in (html, as_json, junit):
            assert b"[[[[" in write(report) or write is as_json


def test_the_page_has_a_call_beside_its_answer_and_marks_the_place() -> None:
    every = heard(4)
    result = Result("TC_1", "A <b>case</b>", "1.6", ["B01.FR.01"], "CP-1", FAIL, "It came late.")
    result.frames = excerpt("CP-1", every, record(FAILED, every[3].id))
    result.latencies = {"*": {"count": 2, "p50_ms": 1.5, "p95_ms": 2, "p99_ms": 2, "max_ms": 2}}
    report = Report("Proof", "ws://x", 7, "runsuite x --seed 7", False, BEGIN, 1.0, [result],
                    {"system": "Linux"})  # fmt: skip
    page = html(report).decode()
    assert page.count('<tr class="here">') == 1 and page.count("250.0 ms") == 2
    row = page.split('<tr class="here">')[1].split("</tr>")[0]
    assert "[2,&quot;u1&quot;" in row and "[3,&quot;u1&quot;" in row
    for words in ("B01.FR.01", "runsuite x --seed 7", "seed 7", "system Linux", "p95 ms"):
        assert words in page
    assert "<b>case" not in page

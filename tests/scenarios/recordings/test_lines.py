"""Recordings of a frame a line: ours, and what others write."""

from __future__ import annotations

import json

import pytest

from scenarios.replay.conversation import Said, Unreadable
from scenarios.replay.lines import by_station
from scenarios.replay.sources import read

BEAT, ANSWER, RESET = '[2,"1","Heartbeat",{}]', '[3,"1",{}]', '[2,"2","Reset",{"type":"Soft"}]'
NOON = 1769860800.0


def one(*lines: object, **more: bool) -> list[Said]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (said,) = by_station(texts, **more).values()
    return said


@pytest.mark.parametrize(
    "line",
    [
        {"id": "x", "time": "2026-01-31T12:00:00.000Z", "station": "CP-1", "direction": "sent",
         "kind": "Call", "mark": "", "text": BEAT},
        {"event": "frame", "time": "2026-01-31T12:00:00.000Z", "station": "CP-1",
         "direction": "sent", "frame": json.loads(BEAT)},
        {"timestamp": NOON, "dir": "OUT", "message": BEAT, "chargePointId": "CP-1"},
        ["2026-01-31T13:00:00+01:00", "sent", json.loads(BEAT)],
        [NOON * 1000, "->", BEAT],
    ],
)  # fmt: skip
def test_forms_of_a_line(line: object) -> None:
    assert one(line) == [Said(NOON, "sent", BEAT)]


def test_lines_without_times_or_directions() -> None:
    said = one(BEAT, ANSWER, "", RESET, '[3,"2",{"status":"Accepted"}]')
    assert [each.direction for each in said] == ["sent", "received", "received", "sent"]
    assert [each.time for each in said] == sorted(each.time for each in said)
    assert [each.direction for each in one(["in", RESET])] == ["received"]
    assert [each.direction for each in one(["in", BEAT], flip=True)] == ["sent"]


def test_what_was_not_on_the_wire_is_passed_over() -> None:
    lines = [
        {"event": "link", "station": "CP-1", "state": "open", "why": ""},
        {"direction": "", "kind": "Note", "text": "power cut", "time": NOON},
        {"direction": "sent", "kind": "Call", "mark": "dropped", "text": BEAT, "time": NOON},
        {"direction": "sent", "kind": "Call", "mark": "held", "text": BEAT, "time": NOON},
        {"code": "cut_off", "message": "..."},
        {"direction": "sent", "kind": "Call", "mark": "held 3 s, edited", "text": RESET,
         "time": NOON},
    ]  # fmt: skip
    assert one(*lines) == [Said(NOON, "sent", RESET)]


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "no JSON"), ({"time": 1, "direction": "sent"}, "no frame"), ([1, 2, 3, 4], "who said"),
     ("[" * 100_000, "no JSON"), ('[3,"9",{}]', "who said"), ("7", "no frame")],
)  # fmt: skip
def test_a_line_that_is_none_is_told_with_its_number(line: object, words: str) -> None:
    with pytest.raises(Unreadable, match=f"Line 2 .*{words}"):
        one(BEAT, line)


def test_a_file_of_several_stations_needs_a_name(tmp_path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [{"station": s, "direction": "sent", "text": BEAT, "time": NOON} for s in ("A", "B")]
    path.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(Unreadable, match="A, B"):
        read(str(path))
    assert read(str(path), "B").station == "B"
    with pytest.raises(Unreadable, match="cannot be read"):
        read(str(tmp_path / "none"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="UTF-8"):
        read(str(path))

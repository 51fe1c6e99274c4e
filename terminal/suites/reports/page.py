"""The report for people: one HTML file that needs nothing else."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.template import Context, Engine

from messaging.records import speakable_tree
from terminal.suites.results import UNJUDGED, Report, Result

TEMPLATES = Path(__file__).parent / "templates"


def html(report: Report) -> bytes:
    """Everything that is foreign is escaped by the template."""
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=True)
    versions = sorted({result.column for result in report.results})
    context = {
        "report": report,
        "began": datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "counts": report.counts(),
        "versions": versions,
        "matrix": _matrix(report, versions),
        "results": [_shown(report, number, each) for number, each in enumerate(report.results)],
    }
    return (
        engine.get_template("report.html")
        .render(Context(context))
        .encode(errors="backslashreplace")
    )


def _matrix(report: Report, versions: list[str]) -> list[dict[str, Any]]:
    """A row for each case, a cell for each version."""
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    for number, result in enumerate(report.results):
        row = rows[result.id]
        row["name"] = result.name
        row[result.column] = {"number": number, "verdict": result.verdict,
                               "kind": _kind(report, result)}  # fmt: skip
    return [
        {"id": identity, "name": row["name"], "cells": [row.get(each) for each in versions]}
        for identity, row in rows.items()
    ]


def _kind(report: Report, result: Result) -> str:
    if result.is_bad(report.strict):
        return "bad"
    return "none" if result.verdict in UNJUDGED else "good"


def _shown(report: Report, number: int, result: Result) -> dict[str, Any]:
    return {
        "number": number, "id": result.id, "name": result.name, "version": result.column,
        "words": result.words, "kind": _kind(report, result), "message": result.message,
        "warnings": result.warnings, "requirements": ", ".join(result.requirements),
        "seconds": f"{result.seconds:.1f}", "station": result.station,
        "steps": [
            {"path": s.path, "type": s.type, "description": s.description, "state": s.state,
             "message": s.message, "began": f"{s.began:.2f}"} for s in result.steps
        ],
        "frames": _exchanges(result.frames),
        "latencies": [{"action": "all" if action == "*" else action, **row}
                      for action, row in result.latencies.items()],
    }  # fmt: skip


def _exchanges(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each frame; an answer that comes next stands beside its Call."""
    rows: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for frame in frames:
        row = _frame(frame)
        other = "received" if before.get("direction") == "sent" else "sent"
        answers = frame.get("kind") in ("CallResult", "CallError") and frame["direction"] == other
        if answers and before.get("kind") == "Call" and before["id"] == frame["id"]:
            call = rows.pop()
            row = {**row, "time": call["time"], before["direction"]: call[before["direction"]],
                   "here": row["here"] or call["here"]}  # fmt: skip
        rows.append(row)
        before = frame
    return rows


def _frame(frame: dict[str, Any]) -> dict[str, Any]:
    text = frame["frame"]
    if not isinstance(text, str):
        text = orjson.dumps(speakable_tree(text), default=str).decode()
    return {
        "time": frame["time"][11:23], "sent": text if frame["direction"] == "sent" else "",
        "received": text if frame["direction"] == "received" else "",
        "note": "" if frame["direction"] else text, "error": frame.get("error", ""),
        "latency": frame.get("latency_ms"), "here": frame.get("here", False),
    }  # fmt: skip

"""The frames of a case that a report shows: those around what failed it, else the last ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from messaging.masking import masked, masked_error
from messaging.records import time_of
from scenarios.engine.recording import StationLog
from scenarios.models import FAILED
from terminal.hearing import Heard, as_plain

FRAMES = 30
AFTER = 8  # of them, those that came after what failed


def excerpt(identity: str, heard: Iterable[Heard], record: StationLog | None) -> list[dict]:
    """As terminal.hearing.as_plain has them, with `here` where the verdict is about a frame.

    record: the station's, None where the case was not carried out.
    """
    frames = list(heard)
    wanted = _concerned(record) if record is not None else set()
    place = max((n for n, each in enumerate(frames) if each.id in wanted), default=None)
    if place is None and record is not None:
        place = _place_of_failure(frames, record)
    end = len(frames) if place is None else min(len(frames), place + 1 + AFTER)
    shown = frames[max(0, end - FRAMES) : end]
    return [_plain(identity, each, each.id in wanted) for each in shown]


def _concerned(record: StationLog) -> set[str]:
    """Ids of the frames that the verdict names, or that came in place of what was expected."""
    if record.state != FAILED:
        return set()
    found = {record.frame}
    for step in record.steps:
        if step["state"] == FAILED:
            found |= {step["frame"], *(row["id"] for row in step["seen"])}
    for finding in record.findings:
        if finding["level"] == "fail":
            found |= set(finding["frames"])
    return found - {""}


def _place_of_failure(frames: list[Heard], record: StationLog) -> int | None:
    """The last frame before the step that failed was given up; None where none failed."""
    ends = [step["ended"] for step in record.steps if step["state"] == FAILED and step["ended"]]
    if not ends:
        return None
    before = [number for number, each in enumerate(frames) if time_of(each.id) <= ends[-1]]
    return before[-1] if before else 0


def _plain(identity: str, heard: Heard, here: bool) -> dict[str, Any]:
    """Reports travel: passwords and keys in frames are masked."""
    frame = heard.frame
    text = masked(frame.text, frame.kind, frame.action)
    made = as_plain(
        identity, frame._replace(text=text, error=masked_error(frame.error, frame.action))
    )
    return {**made, "here": True} if here else made

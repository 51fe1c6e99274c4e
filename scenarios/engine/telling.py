"""Sentences of a wait that came to nothing: what was expected, and what came instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from messaging.masking import masked, masked_error, masked_value
from messaging.records import time_of, when
from messaging.rows import iso
from scenarios.rules.matching import shown
from scenarios.rules.patterns import Frame, Pattern

MOST_SEEN = 5  # frames that a failed step names
LONGEST = 200  # characters of each
LONGEST_NEAR = 4000  # of the one that was nearest


def row_of(frame: Frame, longest: int = LONGEST) -> dict[str, Any]:
    """A frame as it stands in a step's `seen`."""
    text = masked(frame.text, frame.kind, frame.action)
    return {
        "id": frame.id, "time": iso(when(time_of(frame.id))), "direction": frame.direction,
        "kind": frame.kind, "action": frame.action, "text": text[:longest],
        "error": masked_error(frame.error, frame.action)[:LONGEST],
    }  # fmt: skip


def expected_of(wanted: Pattern, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a step waited for, as its entry has it: {"direction", "action", "kind", "payload",
    "answers", "within_ms", "mark"}. Values that a name tells to be secret are masked, and a long
    payload is left out."""
    payload = masked_value(wanted.payload)
    if len(json.dumps(payload, default=str)) > LONGEST_NEAR:
        payload = {}
    actions = ", ".join(dict.fromkeys(action for action, _ in wanted.actions))
    return {
        "direction": wanted.direction, "action": actions, "kind": wanted.kind, "payload": payload,
        "answers": bool(params.get("answers")), "within_ms": params.get("within_ms"),
        "mark": wanted.mark,
    }  # fmt: skip


def named(frame: Frame) -> str:
    """ "received StartTransaction (CallError)"."""
    return f"{frame.direction} {frame.action or 'frame'} ({frame.kind})"


def said_of(frame: Frame) -> str:
    """The log's own words about a frame, as the end of a sentence."""
    error = masked_error(frame.error, frame.action)
    return f" The log says of it: {shown(error)}." if error else ""


def instead(frames: list[Frame]) -> str:
    """What came in place of what was expected, as a sentence; "" for nothing."""
    if not frames:
        return " Nothing came meanwhile."
    last = frames[-MOST_SEEN:]
    told = ", ".join(f"{named(frame)} at {clock_of(frame)}" for frame in last)
    before = f" {len(frames)} frames, the last" if len(frames) > len(last) else ""
    return f" Meanwhile came{before}: {told}."


def clock_of(frame: Frame) -> str:
    """The time of day of a frame, UTC with milliseconds."""
    return day_time(time_of(frame.id))


def day_time(moment: float) -> str:
    """The time of day, UTC with milliseconds, of unix seconds."""
    return iso(when(moment))[11:]

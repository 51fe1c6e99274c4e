"""Frames that are written otherwise than OCPP-J wants it, under other ids, or with other times."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

# What a CSMS can write wrong though it means the right thing: a frame -> what is sent in its place.
FORMS: dict[str, Callable[[list], Any]] = {
    "no-payload": lambda frame: frame[:-1],
    "text-payload": lambda frame: [*frame[:-1], json.dumps(frame[-1])],
    "list-payload": lambda frame: [*frame[:-1], [frame[-1]]],
    "null-payload": lambda frame: [*frame[:-1], None],
    "one-more": lambda frame: [*frame, {}],
    "text-type": lambda frame: [str(frame[0]), *frame[1:]],
    "number-id": lambda frame: [frame[0], 4711, *frame[2:]],
    "object": lambda frame: {"type": frame[0], "id": frame[1], "payload": frame[-1]},
    "binary": lambda frame: frame,  # the right words in a binary message
}
ANSWER_IDS = ("former", "made-up")  # that of the station's Call before; one that none had
CALL_IDS = ("same", "long")  # one for all Calls; longer than the 36 characters that there may be
SAME, MADE_UP = "1", "of-nobody"
LONG = 40  # characters


def written(frame: list, form: str) -> str | bytes:
    """As it goes out. form: of FORMS, or "" for the right one."""
    made = FORMS[form](frame) if form else frame
    text = json.dumps(made, separators=(",", ":"))
    return text.encode() if form == "binary" else text


def call_id(uid: str, kind: str) -> str:
    """kind: of CALL_IDS, or "" for the right one."""
    match kind:
        case "same":
            return SAME
        case "long":
            return uid.ljust(LONG, "x")
    return uid


def shifted(payload: Any, by: Mapping[str, float]) -> dict[str, Any]:
    """{path: the time that stands there, so many seconds later}; a path without one is left out."""
    made: dict[str, Any] = {}
    for path, seconds in by.items():
        value = payload
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            moment = datetime.fromisoformat(value) + timedelta(seconds=seconds)
            made[path] = moment.isoformat().replace("+00:00", "Z")
    return made

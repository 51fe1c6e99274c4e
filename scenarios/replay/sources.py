"""Where recordings come from: a file of lines or of packets, and the message log."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pymongo.asynchronous.database import AsyncDatabase

from messaging.masking import masked
from messaging.queries.history import Wanted, each
from messaging.records import time_of
from scenarios.replay.capture.files import is_capture, segments
from scenarios.replay.capture.talks import talks
from scenarios.replay.conversation import (
    MOST_CHARACTERS,
    MOST_FRAMES,
    Conversation,
    Said,
    Unreadable,
    conversation,
)
from scenarios.replay.lines import by_station
from scenarios.replay.masks import STATION, masked_frames

MOST_NAMED = 20
NOT_ON_THE_WIRE = ("Note", "Dropped")


@dataclass
class Recorded:
    """What was recorded of one station, before it is read as a conversation."""

    said: list[Said] = field(default_factory=list)
    subprotocol: str = ""
    notes: list[str] = field(default_factory=list)


def read(path: str, station: str = "", mask: bool = False, flip: bool = False) -> Conversation:
    """A file's conversation of a station, which may be left out where there is one only.

    flip: its lines tell directions as the CSMS sees them. Raises Unreadable.
    """
    return chosen(recorded(path, flip), station, mask)


def recorded(path: str, flip: bool = False) -> dict[str, Recorded]:
    """By identity, "" where that is not told. Raises Unreadable."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if is_capture(head):
                return _of_capture(file)
            text = io.TextIOWrapper(file, encoding="utf-8-sig")
            found = by_station(_bounded(text), flip)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is no capture, and not UTF-8.") from error
    return {name: Recorded(said) for name, said in found.items()}


def _bounded(lines: Iterable[str]) -> Iterable[str]:
    left = MOST_CHARACTERS
    for line in lines:
        left -= len(line)
        if left < 0:
            raise Unreadable(f"It has more than {MOST_CHARACTERS} characters: cut it.")
        yield line


def _of_capture(file: io.BufferedReader) -> dict[str, Recorded]:
    found: dict[str, Recorded] = {}
    for talk in talks(segments(file)):
        made = found.setdefault(talk.station, Recorded())
        made.said += talk.said
        made.subprotocol = made.subprotocol or talk.subprotocol
        made.notes += talk.notes
    return found


def chosen(found: dict[str, Recorded], station: str, mask: bool) -> Conversation:
    """Raises Unreadable where it is not clear which station is meant."""
    if not found:
        raise Unreadable("Nothing was said in it.")
    if not station and len(found) == 1:
        (station,) = found
    if station not in found:
        names = ", ".join(sorted(name or "(no name)" for name in found)[:MOST_NAMED])
        raise Unreadable(f"Name one of its stations: {names}.")
    made = found[station]
    said = sorted(made.said, key=lambda each: each.time)
    return of_frames(station, said, mask, made.subprotocol, made.notes)


def of_frames(
    station: str, said: list[Said], mask: bool, subprotocol: str = "", notes: Iterable[str] = ()
) -> Conversation:
    """Raises Unreadable where nothing was said."""
    if mask:
        said = masked_frames(said, station)
        station = STATION
    return conversation(station, said, subprotocol, list(notes))


async def from_log(
    db: AsyncDatabase,
    station: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    mask: bool = False,
    hide: bool = False,
) -> Conversation:
    """What the message log has of a station. hide: secrets, for one who may not see them.

    Raises Unreadable where that is nothing, or too much for one scenario.
    """
    said: list[Said] = []
    async for documents in each(db, Wanted(stations=(station,), start=start, end=end)):
        for made in documents:
            if not _was_said(made):
                continue
            text = made["text"]
            if hide:
                text = masked(text, made["kind"], made["action"])
            said.append(Said(time_of(made["_id"]), made["direction"], text))
        if len(said) > MOST_FRAMES:
            why = f"There are more than {MOST_FRAMES} messages: name a shorter time."
            raise Unreadable(why)
    if not said:
        raise Unreadable(f"The log has no message of {station} in that time.")
    return of_frames(station, said, mask)


def _was_said(made: dict) -> bool:
    """On the wire, and as it stands here: what was held stands again as it went on."""
    mark = made.get("mark", "")
    held = mark == "held" or "dropped" in mark
    return bool(made["direction"]) and made["kind"] not in NOT_ON_THE_WIRE and not held

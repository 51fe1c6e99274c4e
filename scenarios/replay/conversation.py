"""What one station and its CSMS said, in its order: Calls with what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chargepoint.config import SUBPROTOCOLS
from chargepoint.wire import schemas
from runtime.words import counted
from scenarios.rules.words import VERSIONS

SENT, RECEIVED = "sent", "received"
MOST_FRAMES = 20_000
MOST_CHARACTERS = 50_000_000
CALL, RESULT, ERROR, SEND = 2, 3, 4, 6  # OCPP-J 4.1.3; 6 is 2.1's


class Unreadable(Exception):
    """A source that is no recording: a sentence for people."""


class Said(NamedTuple):
    """A frame. time: unix seconds; direction as the station sees it: sent or received."""

    time: float
    direction: str
    text: str


@dataclass
class Exchange:
    """A Call of either side, or a text that is none (then `action` is "").

    kind     of the answer: CallResult, CallError, or "" where none came
    answer   the payload of a CallResult; the code of a CallError
    sequel   when it was over: the answer's time, else its own
    """

    time: float
    direction: str
    action: str
    payload: Any
    text: str
    uid: str = ""
    kind: str = ""
    answer: Any = None
    sequel: float = 0.0

    @property
    def is_sent(self) -> bool:
        return self.direction == SENT

    def answered(self, *path: str) -> Any:
        """What stands at this place of a CallResult; None where nothing does."""
        return at(self.answer, *path) if self.kind == "CallResult" else None

    def said(self, *path: str) -> Any:
        return at(self.payload, *path)


@dataclass
class Conversation:
    """station: the identity, "" where the source does not tell; version: of OCPP.

    notes: what of the source is missing or was left out, in sentences.
    """

    station: str
    version: str
    exchanges: list[Exchange]
    notes: list[str] = field(default_factory=list)


def at(value: Any, *path: str) -> Any:
    """What stands at a path of names in nested objects; None where there is nothing."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def conversation(
    station: str, said: Iterable[Said], subprotocol: str = "", notes: Sequence[str] = ()
) -> Conversation:
    """Frames of one station, oldest first. Raises Unreadable where nothing was said."""
    exchanges: list[Exchange] = []
    open_calls: dict[tuple[str, str], Exchange] = {}
    strays = 0
    for each in said:
        match _read(each.text):
            case [2 | 6 as kind, str(uid), str(action), payload, *_]:
                made = Exchange(
                    each.time, each.direction, action, payload, each.text, uid, sequel=each.time
                )
                exchanges.append(made)
                if kind == CALL:
                    open_calls[each.direction, uid] = made
            case [3 | 4 as kind, str(uid), *rest]:
                asked = open_calls.pop((_other(each.direction), uid), None)
                if asked is None:
                    strays += 1
                    continue
                asked.kind = "CallResult" if kind == RESULT else "CallError"
                asked.answer = rest[0] if rest else None
                asked.sequel = each.time
            case _ if each.direction == SENT:  # what a station spoils is a part of its side
                exchanges.append(Exchange(each.time, SENT, "", None, each.text, sequel=each.time))
    if not exchanges:
        raise Unreadable("Nothing was said: there is no Call of either side in it.")
    told = list(notes)
    if strays:
        told.append(f"Left out: {counted(strays, 'answer')} without a Call.")
    return Conversation(station, _version(exchanges, subprotocol), exchanges, told)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _other(direction: str) -> str:
    return RECEIVED if direction == SENT else SENT


def _version(exchanges: list[Exchange], subprotocol: str) -> str:
    """By the sub-protocol; else the first version that has every action, and the boot's shape."""
    for version, name in SUBPROTOCOLS.items():
        if name == subprotocol:
            return version
    for each in exchanges:
        if each.action == "BootNotification" and each.is_sent and isinstance(each.payload, dict):
            if "chargePointModel" in each.payload:
                return "1.6"
            if "chargingStation" in each.payload:
                return _fullest(exchanges, VERSIONS[1:])
    return _fullest(exchanges, VERSIONS)


def _fullest(exchanges: list[Exchange], versions: Sequence[str]) -> str:
    known = {version: schemas.actions(version) for version in versions}
    scores = {v: sum(each.action in known[v] for each in exchanges) for v in versions}
    return max(versions, key=lambda v: scores[v])

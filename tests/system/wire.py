"""What a CSMS saw, frame by frame, and the comparison with what our log says."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator
from ocpp.messages import get_validator

from benchmarks.processes import wait_until
from messaging.keeping import frames

CALL, RESULT, ERROR, SEND = 2, 3, 4, 6


@dataclass(frozen=True)
class Seen:
    """One frame at the CSMS. `received` is from the CSMS's view: what the station sent."""

    station: str
    received: bool
    text: str
    time: float
    link: int  # which of the connections of this CSMS

    @property
    def message(self) -> list[Any]:
        return json.loads(self.text)

    @property
    def action(self) -> str:
        message = self.message
        return message[2] if message[0] in (CALL, SEND) else ""

    @property
    def payload(self) -> dict[str, Any]:
        message = self.message
        return message[3] if message[0] in (CALL, SEND) else message[-1]


class Wire:
    """The frames of one CSMS, in order; written by its thread, read by the test's."""

    def __init__(self) -> None:
        self._frames: list[Seen] = []
        self._lock = threading.Lock()

    def note(self, station: str, received: bool, text: str, link: int = 0) -> None:
        with self._lock:
            self._frames.append(Seen(station, received, text, time.time(), link))

    def frames(self, station: str | None = None) -> list[Seen]:
        with self._lock:
            return [f for f in self._frames if station is None or f.station == station]

    def calls(self, station: str, action: str) -> list[Seen]:
        """Calls that the station made, and what it sent without awaiting an answer (2.1)."""
        return [f for f in self.frames(station) if f.received and f.action == action]

    def await_call(
        self,
        station: str,
        action: str,
        seconds: float = 60,
        after: int = 0,
        where: Callable[[dict[str, Any]], bool] = lambda payload: True,
    ) -> Seen:
        """The first such Call beyond the first `after` ones."""

        def found() -> Seen | None:
            fitting = [c for c in self.calls(station, action)[after:] if where(c.payload)]
            return fitting[0] if fitting else None

        return wait_until(found, seconds, f"{action} of {station}; came: {self.summary(station)}")

    def summary(self, station: str) -> dict[str, int]:
        return dict(Counter(f.action or f.text[:60] for f in self.frames(station) if f.received))


@cache
def _validator(kind: int, action: str, version: str) -> Draft4Validator:
    # 0.1 has multiples as a decimal number only; `ocpp` keeps one validator for all who ask.
    return get_validator(kind, action, version, parse_float=Decimal)


@cache
def _send_validator(action: str) -> Draft4Validator:
    """2.1's schema of what nobody answers has the bare action's name."""
    file = files("ocpp.v21").joinpath("schemas", f"{action}.json")
    return Draft4Validator(json.loads(file.read_text("utf-8-sig"), parse_float=Decimal))


def assert_valid(frames: list[Seen], version: str) -> None:
    """Every frame, of both sides, by the OCA's schemas as PyPI `ocpp` ships them.

    This is on top of what the CSMS's own library checked.
    """
    actions: dict[tuple[bool, str], str] = {}
    checked = 0
    for frame in frames:
        message = json.loads(frame.text, parse_float=Decimal)
        if message[0] == SEND:
            _send_validator(message[2]).validate(message[3])
        elif message[0] == CALL:
            actions[frame.received, message[1]] = message[2]
            _validator(CALL, message[2], version).validate(message[3])
        elif message[0] == RESULT:
            action = actions[not frame.received, message[1]]
            _validator(RESULT, action, version).validate(message[2])
        else:
            raise AssertionError(f"a CallError in an orderly session: {frame}")
        checked += 1
    assert checked, "no frame was seen"


def logged(database: Any, station: str, direction: str) -> list[dict[str, Any]]:
    """Documents of the log in the order of their ids."""
    found = frames.documents(database, {"station": station, "direction": direction})
    return sorted(found, key=lambda document: document["_id"])


def await_logged(
    database: Any, wire: Wire, station: str, seconds: float = 120, crashed: bool = False
) -> list[Seen]:
    """Wait until the log holds every frame that the CSMS has got from the station by now and sent
    to it; these frames. The station may go on speaking, and the log is always a little behind.

    Of what it sent to one whose worker was killed (crashed) see assert_logged_once.
    """
    directions = {True: "sent"} if crashed else {True: "sent", False: "received"}
    frames = wire.frames(station)

    def all_there() -> bool:
        return not any(
            Counter(f.text for f in frames if f.received is received)
            - Counter(d["text"] for d in logged(database, station, direction))
            for received, direction in directions.items()
        )

    wait_until(all_there, seconds, f"every frame of {station} is in the log", step=0.2)
    return frames


def assert_logged_once(database: Any, wire: Wire, station: str, crashed: bool = False) -> None:
    """Each frame that the CSMS has seen is in the log exactly once, or soon will be.

    After a killed worker (crashed) what the CSMS wrote into a dying connection may never have
    reached the station: such a frame may be missing, but never be there twice.
    """
    frames = await_logged(database, wire, station, crashed=crashed)
    seen = Counter(f.text for f in frames if f.received)
    sent = Counter(d["text"] for d in logged(database, station, "sent"))
    assert not seen - sent, f"the log misses {list((seen - sent).elements())[:3]}"
    assert max(sent.values()) == 1, f"twice in the log: {sent.most_common(1)}"
    received = Counter(d["text"] for d in logged(database, station, "received"))
    told = Counter(f.text for f in wire.frames(station) if not f.received)
    extra = received - told
    assert not extra, f"the log has what the CSMS never sent: {list(extra)[:3]}"
    if not crashed:
        missing = Counter(f.text for f in frames if not f.received) - received
        assert not missing, f"the log misses {list(missing.elements())[:3]}"

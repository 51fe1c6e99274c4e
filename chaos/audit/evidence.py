"""What is known of one station in the end, from both sides, as plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from chaos.record import SENT, TOLD, Seen

CALL, RESULT, ERROR = 2, 3, 4


class Logged(NamedTuple):
    """A document of `messages`."""

    id: str
    run: int
    seq: int
    direction: str
    time: float
    text: str


class Said(NamedTuple):
    """A frame that the CSMS saw, read. `payload`: of a Call the last element, else the result."""

    mono: float
    wall: float
    link: int
    by_station: bool
    kind: int
    uid: str
    action: str
    payload: Any
    text: str


class Violation(NamedTuple):
    check: str
    station: str
    what: str

    def __str__(self) -> str:
        return f"[{self.check}] {self.station}: {self.what}"


@dataclass
class Evidence:
    """`seen`: frames and connections in the CSMS's order. `log`: in the order of the ids.

    `sessions`: documents of `transactions`; `samples`: session id -> [{"t", "energy_wh", ...}].
    `state`: the newest snapshot, as the API shows it. `lost`: what Dialogue.verify found.
    """

    station: str
    version: str
    seen: list[Seen]
    log: list[Logged]
    sessions: list[dict[str, Any]]
    samples: dict[str, list[dict[str, Any]]]
    state: dict[str, Any] | None
    call_timeout: float
    lost: list[str] = field(default_factory=list)

    @cached_property
    def said(self) -> list[Said]:
        """Every frame, in the CSMS's order."""
        return [read_frame(seen) for seen in self.seen if seen.kind in (SENT, TOLD)]

    @cached_property
    def calls(self) -> list[Said]:
        """Calls of the station."""
        return [one for one in self.said if one.by_station and one.kind == CALL]

    def violation(self, check: str, what: str) -> Violation:
        return Violation(check, self.station, what)


def read_frame(seen: Seen) -> Said:
    """A frame of the record; kind 0 for one that is no OCPP-J."""
    try:
        frame = json.loads(seen.text)
        kind, uid = frame[0], frame[1]
        action = frame[2] if kind in (CALL, 6) else ""
        payload = frame[-1] if kind != ERROR else frame[2]
    except (ValueError, LookupError, TypeError):
        kind, uid, action, payload = 0, "", "", None
    by_station = seen.kind == SENT
    return Said(seen.mono, seen.wall, seen.link, by_station, kind, uid, action, payload, seen.text)


def at(said: Said) -> str:
    """Where a frame is found: for people."""
    return f"link {said.link} at {said.wall:.3f}: {said.text[:160]}"

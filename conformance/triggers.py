"""When a CSMS begins to be broken: at once, or once a station has done what it does not survive."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a CSMS may die of -> of what kind its value is.
AFTER: dict[str, type] = {
    "text": str,  # a frame of the station that has this in it
    "calls": int,  # so many Calls of a station
    "again": bool,  # a Call under an id that was there
    "links": int,  # so many links of a station
    "seconds": float,  # so many seconds after the first link
    "called": str,  # the CSMS has sent a Call of this action
}
HARMS = ("all", "self", "others")  # of the stations of a case, for whom it is broken then


def problem_of(after: Any) -> str:
    """Why it is none; "" if it is one: {"text": "x"}."""
    if not isinstance(after, Mapping) or len(after) != 1 or set(after) - set(AFTER):
        return f"say after as one of {', '.join(AFTER)}, not {after}"
    ((name, value),) = after.items()
    kinds = (int, float) if AFTER[name] is float else AFTER[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and AFTER[name] is not bool):
        return f"after {name} wants a {AFTER[name].__name__}, not {value!r}"
    return ""


@dataclass
class Trigger:
    """What the stations of one trial have done; one for all of them.

    after: of AFTER; {}: from the beginning.
    """

    after: Mapping[str, Any]
    harms: str = "all"
    by: str = ""  # the station that did it
    _calls: Counter[str] = field(default_factory=Counter)
    _links: Counter[str] = field(default_factory=Counter)
    _ids: set[tuple[str, str]] = field(default_factory=set)
    _first: float = 0.0  # monotonic seconds: the first link

    def linked(self, station: str) -> None:
        self._links[station] += 1
        self._first = self._first or time.monotonic()
        if self._links[station] >= self.after.get("links", float("inf")):
            self._pull(station)

    def heard(self, station: str, text: str, call_id: str) -> None:
        """call_id: "" of what is no Call."""
        if "text" in self.after and self.after["text"] in text:
            self._pull(station)
        if not call_id:
            return
        self._calls[station] += 1
        if self._calls[station] >= self.after.get("calls", float("inf")):
            self._pull(station)
        if "again" in self.after and (station, call_id) in self._ids:
            self._pull(station)
        self._ids.add((station, call_id))

    def called(self, station: str, action: str) -> None:
        if self.after.get("called") == action:
            self._pull(station)

    def strikes(self, station: str) -> bool:
        """Whether the CSMS is broken for this station by now."""
        if not self.after:
            return True
        if "seconds" in self.after:
            return bool(self._first) and time.monotonic() - self._first >= self.after["seconds"]
        match self.harms:
            case "self":
                return self.by == station
            case "others":
                return self.by not in ("", station)
        return bool(self.by)

    def _pull(self, station: str) -> None:
        self.by = self.by or station


async def close(connection: Any) -> None:
    """As a CSMS does that has had enough; what is on its way to it is lost."""
    task = asyncio.ensure_future(connection.close(1011))
    await asyncio.wait([task], timeout=1.0)

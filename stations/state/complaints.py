"""Why the stations of a page are sick, in words: what the dashboard says of the sickest, of any."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from messaging.keeping import tallies
from stations.state.census import FAILURES_OF
from stations.state.seen import snapshots_of
from stations.state.sickness import reasons

if TYPE_CHECKING:
    from stations.models import Station

AGE = 5.0  # seconds: what went wrong with messages is read for the whole fleet at once
_reading = threading.Lock()
_read: tuple[float, Mapping[str, Mapping[str, int]]] = (float("-inf"), {})


def why(stations: Sequence[Station]) -> dict[str, str]:
    """{identity: the heaviest reason}, "" for one that is well. They have `.live`, see live.py."""
    rows = [{"identity": station.identity} for station in stations]
    failures, now = _failures(), time.time()
    found = {}
    for station, snapshot in zip(stations, snapshots_of(rows) if rows else [], strict=True):
        if station.live.doubt:
            found[station.identity] = station.live.doubt
            continue
        name, label = station.identity, station.live.label
        told = reasons(label, station.held_back, snapshot, failures.get(name, {}), now)
        found[name] = told[0].text if told else ""
    return found


def _failures() -> Mapping[str, Mapping[str, int]]:
    global _read
    with _reading:
        if time.monotonic() - _read[0] > AGE:
            minute = int(time.time()) // 60
            told = tallies.failures_of(range(minute - FAILURES_OF + 1, minute + 1))
            _read = time.monotonic(), told
        return _read[1]

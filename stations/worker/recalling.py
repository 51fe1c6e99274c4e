"""What stations left in the journals: states and frames newer than any snapshot may tell.

The journal has each frame before the CSMS, and what an event changes for good before its frames.
So it, and not the newest snapshot, knows what a station has told before its worker died or froze.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from chargepoint.wire.said import Said
from messaging.journals import reading
from messaging.journals.recorder import SEQ_BITS
from messaging.records import FrameRecord
from stations.state.snapshots import write_if_newer
from stations.state.stamps import STAMP_SIZE
from stations.worker.loading import configured


def recall(root: Path, mine: Container[str]) -> dict[str, Said]:
    """Bring Redis up to the newest states in the journals under `root`, of the stations that are
    `mine`; return what the frames of each said."""
    said: dict[str, Said] = {}
    states: dict[str, bytes] = {}
    known: dict[str, bool] = {}
    for record in reading.records(root):
        identity = record.station
        wanted = known.get(identity)
        if wanted is None:
            wanted = known[identity] = identity in mine
        if not wanted:
            continue
        if not isinstance(record, FrameRecord):
            if record.state[:STAMP_SIZE] > states.get(identity, b""):
                states[identity] = record.state
            continue
        if identity not in said:
            said[identity] = Said()
        said[identity].take(
            record.run << SEQ_BITS | record.seq, record.direction, record.kind, record.action,
            record.uid, record.text,
        )  # fmt: skip
    there = configured(list(states))
    write_if_newer({i: state for i, state in states.items() if i in there})
    return said


def number_of(logged: Sequence[int] | None) -> int | None:
    """The number of a record, of a snapshot's `logged`."""
    return None if logged is None else logged[0] << SEQ_BITS | logged[1]


def run_of(number: int) -> int:
    """The run of a record's number."""
    return number >> SEQ_BITS

"""Sessions whose station cannot tell their end: it was deleted, or a crash lost what it knew."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from messaging.keeping import ending, store
from messaging.records import REV_BITS
from stations.state import keys
from stations.state.snapshots import redis_client
from stations.state.stamps import STAMP_SIZE, split_stamp
from stations.worker.loading import configured

log = logging.getLogger(__name__)

DELETED = "Station deleted"
LOST = "Lost in a crash"
# Of an owner that knows nothing of a session: by then the log has what it tells at its start.
SURE_AFTER = 600.0
CHUNK = 500


def close_deleted(identities: Iterable[str]) -> int:
    """End the open sessions of deleted stations; returns how many."""
    database, now = store.database(), time.time()
    # Above all that a worker which has not heard of it yet may still tell.
    rev = int(now * 1000) + 1 << REV_BITS
    return sum(
        ending.end_session(database, session, DELETED, max(rev, session["rev"] + 1), now)
        for session in list(ending.active_sessions(database, identities))
    )


def close_lost(now: float | None = None) -> dict[str, int]:
    """End open sessions of stations that are no longer configured, and those that their station's
    state does not know; returns how many of each. Those without a run (of the first releases)
    stay: a station that has not been started since may go on with one.

    A station tells its open transactions again whenever it is started (under another epoch each
    time), so one that was told last under an older epoch is not among them.
    """
    now = time.time() if now is None else now
    database = store.database()
    sessions = list(ending.active_sessions(database))
    names = sorted({session["station"] for session in sessions})
    there, epochs = configured(names), _epochs(names)
    deleted, lost = [], 0
    for session in sessions:
        epoch = epochs.get(session["station"], 0)
        if session["station"] not in there:
            deleted.append(session["station"])
        elif 0 < ending.run_of(session) < epoch < (now - SURE_AFTER) * 1000:
            lost += ending.end_session(database, session, LOST, session["rev"] + 1, now)
    if lost:
        log.error("%d sessions were ended that no station knows of any more", lost)
    return {"deleted": close_deleted(deleted), "lost": lost}


def _epochs(identities: list[str]) -> dict[str, int]:
    """The epoch of each station's newest state in Redis, where it has one."""
    found = {}
    for start in range(0, len(identities), CHUNK):
        chunk = identities[start : start + CHUNK]
        with redis_client().pipeline(transaction=False) as pipeline:
            for identity in chunk:
                pipeline.getrange(keys.state_key(identity), 0, STAMP_SIZE - 1)
            for identity, stamp in zip(chunk, pipeline.execute(), strict=True):
                if stamp:
                    found[identity] = split_stamp(stamp.decode())[0]
    return found

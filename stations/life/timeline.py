"""The past day of a station: what befell it (state/moments.py) and its sessions, by index."""

from __future__ import annotations

import time
from typing import Any

from asgiref.sync import sync_to_async

from messaging.keeping.store import async_database
from messaging.queries import sessions
from stations.state import keys, moments
from stations.state.snapshots import redis_client

HOUR = 3600
MOST_SESSIONS = 200
LONGEST_MS = 24 * HOUR * 1000  # a session that began so long before the span may reach into it


async def timeline_of(identity: str, hours: int, with_sessions: bool) -> dict[str, Any]:
    """{"from", "to", "moments": [[time, kind, what...]], "sessions": [...]}, oldest first.

    Raises STORE_ERRORS where Redis or MongoDB is away.
    """
    end = time.time()
    begin = end - hours * HOUR
    values = await sync_to_async(redis_client().lrange)(keys.moments_key(identity), 0, -1)
    told = {"from": begin, "to": end, "moments": moments.read(values, begin), "sessions": []}
    if with_sessions:
        low = int(begin * 1000) - LONGEST_MS
        found, _ = await sessions.read_page(
            async_database(), {"station": identity}, low=low, limit=MOST_SESSIONS
        )
        told["sessions"] = [
            _shown(made) for made in reversed(found)
            if not made.get("ended") or made["ended"].timestamp() >= begin
        ]  # fmt: skip
    return told


def _shown(made: dict[str, Any]) -> dict[str, Any]:
    ended = made.get("ended")
    return {
        "id": made["_id"],
        "connector": made.get("connector"),
        "transaction": str(made.get("transaction_id") or ""),
        "id_tag": made.get("id_tag"),
        "started": made["started"].timestamp(),
        "ended": ended.timestamp() if ended else None,
        "energy_wh": made.get("energy_wh"),
        "reason": made.get("reason"),
    }

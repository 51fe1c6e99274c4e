"""Reading the collection `transaction_news`: see bundles.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.bundles import newest_in

# Seconds back in which the newest of a session is looked for, a part at a time. What is older is
# folded, or will be before long.
LOOKS = (15, 30, 60, 120, 240, 480)
AHEAD = 3600  # seconds by which a worker's clock may be ahead of ours


def _spans(now: datetime) -> Iterator[dict]:
    """Filters of the time, newest first."""
    high = now + timedelta(seconds=AHEAD)
    for seconds in LOOKS:
        low = now - timedelta(seconds=seconds)
        yield {"time": {"$gte": low, "$lt": high}}
        high = low


async def newest(db: AsyncDatabase, sessions: Iterable[str]) -> dict[str, dict]:
    """The newest that is told of each of these sessions and may not be in its document yet."""
    missing, found = set(sessions), {}
    for span in _spans(datetime.now(UTC)):
        if not missing:
            break
        bundles = await db[store.NEWS].find(span).to_list()
        found |= newest_in(bundles, missing)
        missing -= found.keys()
    return found


def newest_now(db: Database, sessions: Iterable[str]) -> dict[str, dict]:
    """`newest` for a thread."""
    missing, found = set(sessions), {}
    for span in _spans(datetime.now(UTC)):
        if not missing:
            break
        found |= newest_in(db[store.NEWS].find(span), missing)
        missing -= found.keys()
    return found

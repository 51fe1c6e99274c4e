"""Reading the trail: filters, pages, and deleting what is too old.

The embedded store sorts by no index and uses one only for a filter that has nothing beyond it, so
the trail is read in stretches of time, as the message log is (docs/decisions/0006-retention.md).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

from accounts.trail.acts import time_of
from accounts.trail.keeping import COLLECTION, collection
from runtime.parts import delete_by_ids

PAGE_SECONDS = 0.6  # a page is answered with what was found by then
FIRST_STRETCH = timedelta(minutes=10)
LONGEST_STRETCH = timedelta(days=400)
SLOW, QUICK = 0.2, 0.05  # seconds that a stretch takes, and the next is half or four times as long
DELETE_AT_ONCE = 500
PAUSE = 0.05  # seconds between two deletions, for the others
is_id = re.compile(r"[0-9a-f]{22}").fullmatch


@dataclass(frozen=True)
class Wanted:
    """Which entries. Texts are whole, `page` and `message` a part in any case; "": any."""

    actor: str = ""
    address: str = ""
    via: str = ""
    page: str = ""
    token: str = ""
    session: str = ""
    execution: str = ""
    act: str = ""
    action: str = ""
    model: str = ""
    object: str = ""
    result: str = ""
    message: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def match(self) -> dict[str, Any]:
        """The MongoDB filter but for the time and the object."""
        made: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in ("since", "until", "object") or not value:
                continue
            part = each.name in ("page", "message")
            made[each.name] = {"$regex": re.escape(value), "$options": "i"} if part else value
        return made


@dataclass(frozen=True)
class Page:
    """Entries as they are stored, newest first, and the cursor of the next page or None."""

    items: list[dict[str, Any]]
    next: str | None = None


def ensure_indexes(db: Database) -> None:
    db[COLLECTION].create_indexes([
        IndexModel([("time", ASCENDING)], name="time"),
        IndexModel([("objects", ASCENDING), ("time", ASCENDING)], name="objects_time"),
    ])  # fmt: skip


def read_page(
    wanted: Wanted, limit: int, cursor: str = "", seconds: float = PAGE_SECONDS
) -> Page:
    """Up to `limit` entries, newest first. A page may be short, even empty, and have a `next`."""
    now = datetime.now(UTC)
    low = now - timedelta(days=settings.TRAIL_RETENTION_DAYS + 1)
    high = now + timedelta(minutes=1)
    if wanted.since:
        low = max(low, wanted.since)
    if wanted.until:
        high = min(high, wanted.until)
    if cursor:
        high = min(high, time_of(cursor) + timedelta(milliseconds=1))
    began, items = time.monotonic(), []
    for start, end in _stretches(low, high):
        items += _stretch(wanted, start, end, cursor, limit - len(items))
        if len(items) >= limit:
            return Page(items, items[-1]["_id"])
        if time.monotonic() - began > seconds and start > low:
            return Page(items, f"{int(start.timestamp() * 1e6):014x}{0:08x}")
    return Page(items)


def _stretches(low: datetime, high: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) from the newest on, as long as the store is quick about."""
    length = FIRST_STRETCH
    while low < high:
        start = max(low, high - length)
        asked = time.monotonic()
        yield start, high
        spent = time.monotonic() - asked
        if spent > SLOW:
            length = max(length / 2, timedelta(seconds=10))
        elif spent < QUICK:
            length = min(length * 4, LONGEST_STRETCH)
        high = start


def _stretch(
    wanted: Wanted, start: datetime, end: datetime, cursor: str, limit: int
) -> list[dict[str, Any]]:
    indexed: dict[str, Any] = {"time": {"$gte": start, "$lt": end}}
    if wanted.object:
        indexed = {"objects": wanted.object, **indexed}
    rest = wanted.match()
    if cursor:
        rest["_id"] = {"$lt": cursor}
    stages: list[dict] = [{"$match": indexed}, *([{"$match": rest}] if rest else [])]
    stages += [{"$sort": {"_id": -1}}, {"$limit": limit}]
    return list(collection().aggregate(stages))


def newest_of(model: str, name: str, most: int) -> list[dict[str, Any]]:
    """The last entries of one object."""
    return read_page(Wanted(model=model, object=name), most).items


def prune(before: datetime, seconds: float) -> tuple[int, bool]:
    """Delete entries from before that time, for so long at most: (how many, whether all)."""
    deadline, deleted = time.monotonic() + seconds, 0
    while True:
        old = collection().find({"time": {"$lt": before}}, {"_id": 1}).limit(DELETE_AT_ONCE)
        ids = [entry["_id"] for entry in old]
        if ids:
            deleted += delete_by_ids(collection(), ids)
        if len(ids) < DELETE_AT_ONCE:
            return deleted, True
        if time.monotonic() >= deadline:
            return deleted, False
        time.sleep(PAUSE)


_ITEM = (
    "act", "via", "page", "actor", "address", "token", "session", "execution", "action", "model",
    "result", "message",
)  # fmt: skip


def item(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as the API tells it."""
    time_text = entry["time"].strftime("%Y-%m-%dT%H:%M:%S.")
    return {
        "id": entry["_id"],
        "time": f"{time_text}{entry['time'].microsecond // 1000:03d}Z",
        **{name: entry.get(name, "") for name in _ITEM},
        "status": entry.get("status"),
        "objects": entry.get("objects", []),
        "changes": entry.get("changes", []),
        "details": entry.get("details", {}),
    }

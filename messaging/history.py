"""Reading the log: filters, pages, one message with its pair, deletion."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from pymongo.asynchronous.database import AsyncDatabase

from messaging import store
from messaging.records import id_at, time_of
from messaging.windows import (
    FIRST_TARGET,
    LEAST_TARGET,
    MOST_READ,
    MOST_TARGET,
    Pace,
    from_ms,
    horizon_ms,
    now_ms,
    stretches,
    to_ms,
)

ONE_STATION_TARGET = 5000
PAGE_SECONDS = 0.6  # a page is answered with what was found by then, and how far it looked
PAIR_WITHIN = timedelta(minutes=3)  # call timeouts are half a minute
RECORD_ID = re.compile(r"[0-9a-f]{14,22}").fullmatch


@dataclass(frozen=True)
class Wanted:
    """Which messages. `first_id` and `last_id` are inclusive, `start` inclusive, `end` not."""

    stations: tuple[str, ...] = ()
    direction: str = ""
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    uid: str = ""
    text: str = ""
    errors: bool = False
    marked: bool = False
    start: datetime | None = None
    end: datetime | None = None
    first_id: str = ""
    last_id: str = ""

    @property
    def everything(self) -> bool:
        return self == Wanted()

    def match(self) -> dict:
        """Return the MongoDB filter but for the time."""
        made: dict = {}
        for name, values in (
            ("station", self.stations),
            ("kind", self.kinds),
            ("action", self.actions),
        ):
            if values:
                made[name] = values[0] if len(values) == 1 else {"$in": list(values)}
        if self.direction:
            made["direction"] = self.direction
        if self.uid:
            made["uid"] = self.uid
        if self.errors:
            made["failed"] = True
        if self.marked:
            made["mark"] = {"$exists": True}
        if self.text:
            made["text"] = {"$regex": re.escape(self.text), "$options": "i"}
        return made

    def bounds_ms(self) -> tuple[int, int]:
        """Return the unix ms [from, to) that the wanted messages lie in."""
        lows = [horizon_ms(settings.MESSAGE_RETENTION_DAYS)]
        highs = [now_ms() + 60_000]
        if self.start:
            lows.append(to_ms(self.start))
        if self.end:
            highs.append(to_ms(self.end))
        if self.first_id:
            lows.append(_id_ms(self.first_id))
        if self.last_id:
            highs.append(_id_ms(self.last_id) + 1)
        return max(lows), min(highs)

    def id_bounds(self) -> dict:
        bounds = {}
        if self.first_id:
            bounds["$gte"] = self.first_id
        if self.last_id:
            bounds["$lte"] = self.last_id
        return bounds


@dataclass(frozen=True)
class Page:
    """Messages, the cursor of the next page or None, and the time the search came to."""

    items: list[dict]
    next: str | None
    searched_to: datetime | None = None


def _id_ms(record_id: str) -> int:
    return int(record_id[:14], 16) // 1000


async def read_page(
    db: AsyncDatabase,
    wanted: Wanted,
    *,
    limit: int,
    cursor: str = "",
    newest_first: bool = True,
    seconds: float = PAGE_SECONDS,
) -> Page:
    """Return up to `limit` messages beyond `cursor`.

    Where few match, a page may be short, even empty, and still have a `next`: each request looks
    at the log for `seconds` only. The end of the log is a `next` of None.
    """
    low, high = wanted.bounds_ms()
    bounds = wanted.id_bounds()
    if cursor and newest_first:
        high = min(high, _id_ms(cursor) + 1)
        bounds["$lt"] = cursor
    elif cursor:
        low = max(low, _id_ms(cursor))
        bounds["$gt"] = cursor
    deadline = time.monotonic() + seconds
    items: list[dict] = []
    pace = Pace(target=_first_target(wanted, limit), most=_most(wanted))
    if wanted.uid and not wanted.stations:  # few have it, and it has an index
        walk = _at_once(low, high)
    else:
        walk = stretches(db, low, high, newest_first=newest_first, pace=pace)
    async for start, end in walk:
        pace.begin()
        items += await _stretch(db, wanted, bounds, (start, end), newest_first, limit - len(items))
        pace.end()
        if len(items) >= limit:
            return Page(items, items[-1]["_id"])
        if time.monotonic() > deadline:
            edge = start if newest_first else end
            return Page(items, id_at(edge / 1000), from_ms(edge))
    return Page(items, None)


def _first_target(wanted: Wanted, limit: int) -> int:
    """How many messages of all stations the first stretch is to hold."""
    if len(wanted.stations) == 1:
        return ONE_STATION_TARGET  # by its index, which leaves out the others
    if wanted.start or wanted.end or wanted.match():
        return FIRST_TARGET
    return min(FIRST_TARGET, max(LEAST_TARGET, 2 * limit))


def _most(wanted: Wanted) -> int:
    """How many messages of all stations a stretch may hold."""
    return MOST_TARGET if len(wanted.stations) == 1 or wanted.errors else MOST_READ


async def _at_once(low: int, high: int) -> AsyncIterator[tuple[int, int]]:
    if low < high:
        yield low, high


async def _stretch(
    db: AsyncDatabase,
    wanted: Wanted,
    bounds: dict,
    stretch: tuple[int, int],
    newest_first: bool,
    limit: int | None,
) -> list[dict]:
    stages = two_matches(wanted, bounds, stretch)
    stages.append({"$sort": {"_id": -1 if newest_first else 1}})
    if limit is not None:
        stages.append({"$limit": limit})
    return await (await db[store.MESSAGES].aggregate(stages)).to_list()


def two_matches(wanted: Wanted, bounds: dict, stretch: tuple[int, int]) -> list[dict]:
    """Return $match stages: what an index holds whole, then the rest.

    The embedded store uses an index only for a filter that has no field beyond it (and answers a
    hint by walking the whole index), so the rest must stand apart; MongoDB puts them together.
    """
    span = {"$gte": from_ms(stretch[0]), "$lt": from_ms(stretch[1])}
    rest = wanted.match()
    if wanted.uid and not wanted.stations:
        indexed = {"uid": rest.pop("uid")}
        rest["time"] = span
    elif wanted.errors:
        indexed = {"failed": rest.pop("failed"), "time": span}
    elif len(wanted.stations) == 1:
        indexed = {"station": rest.pop("station"), "time": span}
    else:
        indexed = {"time": span}
    if bounds:
        rest["_id"] = bounds
    return [{"$match": indexed}, {"$match": rest}] if rest else [{"$match": indexed}]


async def each(db: AsyncDatabase, wanted: Wanted, size: int = 1000) -> AsyncIterator[list[dict]]:
    """Yield all wanted messages, oldest first, about `size` or fewer at a time."""
    low, high = wanted.bounds_ms()
    bounds = wanted.id_bounds()
    pace = Pace(target=size, most=size)
    async for stretch in stretches(db, low, high, newest_first=False, pace=pace):
        if found := await _stretch(db, wanted, bounds, stretch, False, None):
            yield found


async def message_and_pair(db: AsyncDatabase, record_id: str) -> tuple[dict | None, dict | None]:
    """Return a message and the request or response that belongs to it, None where unknown."""
    message = await db[store.MESSAGES].find_one({"_id": record_id})
    if message is None or not message["uid"]:
        return message, None
    near = {
        "station": message["station"],
        "time": {"$gte": message["time"] - PAIR_WITHIN, "$lte": message["time"] + PAIR_WITHIN},
    }
    stages = [{"$match": near}, {"$match": {"uid": message["uid"]}}]
    others = await (await db[store.MESSAGES].aggregate(stages)).to_list()
    return message, pair_among(message, others)


# What cannot be read may be an answer: the unique id says of what.
_PAIRED_WITH = {
    "Call": ("CallResult", "CallError", "Invalid"),
    "CallResultError": ("CallResult", "Invalid"),
    "Send": (),
}


def pair_among(message: dict, others: list[dict]) -> dict | None:
    """A Call's pair is the first answer after it, an answer's the last Call before it.

    A CallResultError's is the last answer before it; a Send has none. Unique ids may come again,
    both by a CSMS that counts from 1 and by the two sides together.
    """
    is_call = message["kind"] == "Call"
    wanted = _PAIRED_WITH.get(message["kind"], ("Call",))
    fitting = [
        other
        for other in others
        if other["direction"] != message["direction"]
        and other["kind"] in wanted
        and (other["_id"] > message["_id"]) == is_call
        and other["uid"] == message["uid"]
    ]
    if not fitting:
        return None
    chosen = min if is_call else max
    return chosen(fitting, key=lambda other: other["_id"])


async def delete(db: AsyncDatabase, wanted: Wanted, seconds: float = 20.0) -> tuple[int, bool]:
    """Delete the wanted messages, oldest first; return how many, and whether these were all."""
    low, high = wanted.bounds_ms()
    deadline = time.monotonic() + seconds
    pace = Pace(most=MOST_READ)
    deleted = 0
    bounds = wanted.id_bounds()
    async for start, end in stretches(db, low, high, newest_first=False, pace=pace):
        pace.begin()
        deleted += await _delete_stretch(db, two_matches(wanted, bounds, (start, end)))
        pace.end()
        if time.monotonic() > deadline:
            return deleted, False
    if wanted.everything:
        deleted += (await db[store.MESSAGES].delete_many({})).deleted_count
        for counts in (store.MINUTES, store.HOURS):
            await db[counts].delete_many({})
    return deleted, True


async def _delete_stretch(db: AsyncDatabase, matches: list[dict]) -> int:
    messages = db[store.MESSAGES]
    if len(matches) == 1:
        return (await messages.delete_many(matches[0]["$match"])).deleted_count
    found = await (await messages.aggregate([*matches, {"$project": {"_id": 1}}])).to_list()
    deleted = 0
    for start in range(0, len(found), 500):
        ids = [made["_id"] for made in found[start : start + 500]]
        deleted += (await messages.delete_many({"_id": {"$in": ids}})).deleted_count
    return deleted


def is_record_id(text: str) -> bool:
    """Whether text can be a cursor or id."""
    return bool(RECORD_ID(text)) and time_of(text) < 2**40

"""Reading the log: filters, pages, one message with its pair, deletion."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter

from django.conf import settings
from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.catalog import FAILED, MARKED, Choice, Sheet, name_of
from messaging.keeping.counting import LISTS, PLAIN
from messaging.masking import HINT, shown
from messaging.queries.kept import Judge, Place, by_id, forget, read
from messaging.queries.windows import from_ms, horizon_ms, now_ms, steps, to_ms
from messaging.records import id_at, time_of
from messaging.rows import document_item
from runtime.parts import delete_by_ids_async

FIRST_SIZE, MOST_SIZE = 250, 4000  # messages that are looked into at a time
QUICK, SLOW = 0.04, 0.2  # seconds that may take before the next are more or fewer
DELETED_AT_ONCE = 500
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
    masks: bool = False  # for one who may not see secrets: see messaging/masking.py

    @property
    def everything(self) -> bool:
        return replace(self, masks=False) == Wanted()

    def choice(self) -> Choice:
        """What the catalog can tell of it."""
        flags = FAILED * self.errors + MARKED * self.marked
        return Choice(self.stations, self.direction, self.kinds, self.actions, self.uid, flags)

    def judge(self) -> Judge | None:
        """What the catalog does not tell: whether a message is wanted; None: all are."""
        if not (self.uid or self.text):
            return None
        # What may hold a secret is taken whatever its text, and judged by what is shown of it: a
        # page that is short because of a secret's letters would tell them.
        also = f"|{HINT}" if self.masks else ""
        found = re.compile(f"{re.escape(self.text)}{also}", re.IGNORECASE).search
        uid = self.uid
        return lambda record: (not uid or record.uid == uid) and found(record.text) is not None

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


@dataclass(frozen=True)
class Page:
    """Messages, the cursor of the next page or None, and the time the search came to."""

    items: list[dict]
    next: str | None
    searched_to: datetime | None = None


class Pace:
    """How many messages to look into at a time, learned from how long the last ones took."""

    def __init__(self) -> None:
        self.size = FIRST_SIZE
        self._began = 0.0

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self) -> None:
        """Make the next slice larger where this one was quick, smaller where it was slow
        (seconds QUICK, SLOW)."""
        spent = time.monotonic() - self._began
        if spent < QUICK:
            self.size = min(2 * self.size, MOST_SIZE)
        elif spent > SLOW:
            self.size = max(self.size // 2, FIRST_SIZE)


def _id_ms(record_id: str) -> int:
    return int(record_id[:14], 16) // 1000


def _id_of(milliseconds: int) -> str:
    """The lowest id of that time."""
    return f"{milliseconds * 1000:014x}"


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
    deadline = time.monotonic() + seconds
    items: list[dict] = []
    pace, gaps = Pace(), wanted.judge() is not None
    async for looked in _looks(db, wanted, cursor, newest_first):
        place = 0
        while place < len(looked.ids):
            size = pace.size if gaps else limit - len(items)
            some = looked.ids[place : place + size]
            place += len(some)
            pace.begin()
            found = await _fetch(db, wanted, looked, some, newest_first)
            pace.end()
            items += found
            gaps = gaps or len(found) < len(some)  # what was deleted is listed still
            if len(items) >= limit:
                return Page(items[:limit], items[limit - 1]["_id"])
            if time.monotonic() > deadline:
                return Page(items, some[-1], from_ms(_id_ms(some[-1])))
        if time.monotonic() > deadline:
            return Page(items, id_at(looked.edge / 1000), from_ms(looked.edge))
    return Page(items, None)


@dataclass(frozen=True)
class _Looked:
    """The ids of a step, in the order that is asked for, where it ends in unix ms, where each is
    kept (and those that came in two batches are, too), and the sheets of which all are wanted."""

    ids: list[str]
    edge: int
    where: dict[str, Place]
    again: list[tuple[str, Place]]
    whole: list[Sheet]


async def _looks(
    db: AsyncDatabase, wanted: Wanted, cursor: str = "", newest_first: bool = False
) -> AsyncIterator[_Looked]:
    """What the catalog knows of the wanted messages beyond `cursor`, step by step."""
    low, high = wanted.bounds_ms()
    if cursor and newest_first:
        high = min(high, _id_ms(cursor) + 1)
    elif cursor:
        low = max(low, _id_ms(cursor))
    choice = wanted.choice()
    walk = steps(db, low, high, newest_first=newest_first, choice=choice)
    async for step in walk:
        first, end = max(wanted.first_id, _id_of(step.start)), _id_of(step.end)
        where: dict[str, Place] = {}
        again: list[tuple[str, Place]] = []
        whole = []
        for sheet in step.sheets:
            name, of, chosen = name_of(sheet), len(sheet.ids), 0
            for place, one in choice.places(sheet):
                if (
                    first <= one < end and (not wanted.last_id or one <= wanted.last_id)
                    and (not cursor or (one < cursor if newest_first else one > cursor))
                ):  # fmt: skip
                    if one in where:
                        again.append((one, where[one]))
                    where[one] = Place(name, place, of)
                    chosen += 1
            if chosen == of:
                whole.append(sheet)
        edge = step.start if newest_first else step.end
        yield _Looked(sorted(where, reverse=newest_first), edge, where, again, whole)


async def _fetch(
    db: AsyncDatabase, wanted: Wanted, looked: _Looked, ids: list[str], newest_first: bool
) -> list[dict]:
    """Those of the messages that are wanted, in their order. What was deleted is not there."""
    found = await read(db, {one: looked.where[one] for one in ids}, wanted.judge())
    return sorted(found, key=itemgetter("_id"), reverse=newest_first)


async def each(
    db: AsyncDatabase, wanted: Wanted, size: int = 1000, cursor: str = "",
    newest_first: bool = False,
) -> AsyncIterator[list[dict]]:  # fmt: skip
    """Yield all wanted messages beyond the cursor, about `size` or fewer at a time."""
    async for looked in _looks(db, wanted, cursor, newest_first):
        for place in range(0, len(looked.ids), size):
            some = looked.ids[place : place + size]
            if found := await _fetch(db, wanted, looked, some, newest_first):
                yield found


async def message_and_pair(db: AsyncDatabase, record_id: str) -> tuple[dict | None, dict | None]:
    """Return a message and the request or response that belongs to it, None where unknown."""
    message = await by_id(db, record_id) if is_record_id(record_id) else None
    if message is None or not message["uid"]:
        return message, None
    near = Wanted(
        stations=(message["station"],), uid=message["uid"],
        start=message["time"] - PAIR_WITHIN, end=message["time"] + PAIR_WITHIN,
    )  # fmt: skip
    others = [other async for some in each(db, near) for other in some]
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
    deadline = time.monotonic() + seconds
    deleted = 0
    async for looked in _looks(db, wanted):
        for place in range(0, len(looked.ids), DELETED_AT_ONCE):
            some = looked.ids[place : place + DELETED_AT_ONCE]
            deleted += await _delete_some(db, wanted, looked, some)
            if time.monotonic() > deadline:
                return deleted, False
        if looked.whole and wanted.judge() is None:
            names = [name_of(sheet) for sheet in looked.whole]
            await delete_by_ids_async(db[store.CATALOG], names)
    if wanted.everything:
        deleted += await _delete_all(db)
    return deleted, True


async def _delete_some(db: AsyncDatabase, wanted: Wanted, looked: _Looked, ids: list[str]) -> int:
    gone = set(ids)
    if wanted.judge() is not None:
        found = await _fetch(db, wanted, looked, ids, False)
        gone = {made["_id"] for made in found}
        if wanted.masks and wanted.text:
            # By what is shown of them: what goes would tell a secret letter by letter.
            seen = shown([document_item(made) for made in found], wanted.text)
            gone = {item["id"] for item in seen}
    places = [(one, looked.where[one]) for one in gone]
    return await forget(db, places + [each for each in looked.again if each[0] in gone])


async def _delete_all(db: AsyncDatabase) -> int:
    """The catalog first: what comes meanwhile is listed after it is there. The marks that say
    where to look stay; those who make them do so once."""
    await db[store.CATALOG].delete_many({})
    deleted = 0
    async for kept in db[store.FRAMES].find({}, {"n": 1}):
        deleted += kept["n"]
    await db[store.FRAMES].delete_many({})
    deleted += (await db[store.MESSAGES].delete_many({})).deleted_count
    await db[store.STATISTICS].delete_many({})
    nothing = {"$unset": dict.fromkeys((*PLAIN, *LISTS), 1)}
    for counts in (store.MINUTES, store.HOURS):
        await db[counts].update_many({"total": {"$exists": True}}, nothing)
    return deleted


def is_record_id(text: str) -> bool:
    """Whether text can be a cursor or id."""
    return bool(RECORD_ID(text)) and time_of(text) < 2**40

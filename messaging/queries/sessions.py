"""Reading the collection `transactions`: one document a charging session."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.bundles import brought_up as one_brought_up
from messaging.keeping.bundles import newest_of, series_of, updates_in
from messaging.queries import news
from messaging.queries.windows import from_ms, now_ms, to_ms
from messaging.rows import iso
from runtime.parts import PART

FIRST_SPAN, LONGER = 15_000, 4  # ms that are asked for first; times, where that held little
FIRST_SPAN_OF_STATIONS = 28 * 86_400_000  # of each by itself, which has few
EACH = 500  # sessions that are held at a time
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01, before any session of ours


def item(made: dict, samples: list[dict] | None = None) -> dict:
    """The JSON object of a session; `samples` if its meter series is wanted too."""
    answer = {name: value for name, value in made.items() if name not in ("_id", "samples")}
    answer["id"] = made["_id"]
    for name in ("started", "ended"):
        if answer.get(name) is not None:
            answer[name] = iso(answer[name])
    if samples is not None:
        answer["samples"] = samples
    return answer


async def read_one(db: AsyncDatabase, session_id: str) -> tuple[dict, list[dict]] | None:
    """A session as of its newest news, and its meter series, oldest first:
    [{"t": unix seconds, "energy_wh": ...}]. None where there is none."""
    # The news first: what is folded between two looks is then read twice, not never.
    bundles = await db[store.NEWS].find({}).to_list()
    made = await db[store.TRANSACTIONS].find_one({"_id": session_id})
    if made is None:
        return None
    rows = await db[store.SAMPLES].find({"session": session_id}).to_list()
    updates = list(updates_in(bundles, [session_id]))
    told = newest_of(updates).get(session_id)
    return one_brought_up(made, told), series_of(made, rows, updates)


async def read_page(
    db: AsyncDatabase,
    match: dict,
    *,
    low: int = EARLIEST_MS,
    high: int | None = None,
    limit: int = 50,
    cursor: str = "",
) -> tuple[list[dict], str | None]:
    """Return sessions, newest first, and the cursor of the next page or None.

    The embedded store reads all sessions of the time that it is asked for, however few it is to
    give out. So the time is asked in stretches that begin short and grow while they hold little.
    """
    end = now_ms() + 60_000 if high is None else high
    found: list[dict] = []
    if cursor:
        began, key = parse_cursor(cursor)
        if low <= began < end:
            same = {**match, "_id": {"$lt": key}}
            found = await _stretch(db, same, began, began + 1, limit + 1)
        end = min(end, began)
    names = _stations(match)
    by_station = names is not None and len(names) <= PART
    length = FIRST_SPAN_OF_STATIONS if by_station else FIRST_SPAN
    while end > low and len(found) < limit:
        start = max(low, end - length)
        part = await _stretch(db, match, start, end, limit + 1 - len(found))
        found += part
        missing = limit - len(found)
        if len(part) * LONGER < missing:
            length *= LONGER
        end = start
    page = await brought_up(db, found[:limit])
    more = len(found) > limit or (len(found) == limit and end > low)
    return page, (cursor_of(page[-1]) if more and page else None)


async def each(
    db: AsyncDatabase, match: dict, *, low: int = EARLIEST_MS, high: int | None = None,
    cursor: str = "",
) -> AsyncIterator[list[dict]]:  # fmt: skip
    """Yield all sessions beyond the cursor, newest first, a page at a time."""
    following: str | None = cursor
    while following is not None:
        page, following = await read_page(
            db, match, low=low, high=high, limit=EACH, cursor=following
        )
        yield page


def totals(found: Iterable[dict]) -> dict:
    """Of sessions: how many, active, energy in Wh, seconds of those that ended, by reason."""
    energy, spent, ended, count = 0.0, 0.0, 0, 0
    reasons: Counter = Counter()
    for made in found:
        count += 1
        energy += made.get("energy_wh") or 0
        if made.get("ended"):
            ended += 1
            spent += (made["ended"] - made["started"]).total_seconds()
            reasons[made.get("reason") or "unknown"] += 1
    return {
        "sessions": count,
        "active": count - ended,
        "energy_wh": round(energy),
        "mean_energy_wh": round(energy / count) if count else None,
        "mean_seconds": round(spent / ended, 1) if ended else None,
        "reasons": dict(reasons.most_common()),
    }


async def brought_up(db: AsyncDatabase, found: list[dict]) -> list[dict]:
    """Sessions with what was told of those in progress since their documents were written."""
    open_ones = [made["_id"] for made in found if made.get("state") == "active"]
    told = await news.newest(db, open_ones)
    return [one_brought_up(made, told.get(made["_id"])) for made in found]


async def _stretch(db: AsyncDatabase, match: dict, start: int, end: int, most: int) -> list[dict]:
    """The newest of those that began in [start, end), unix ms; `most` or, where the stations are
    chosen here, more."""
    names = _stations(match)
    if names is None:
        return await _newest(db, match, start, end, most)
    if len(names) <= PART:  # each by its index
        asked = (_newest(db, {**match, "station": name}, start, end, most) for name in names)
        found = [made for some in await asyncio.gather(*asked) for made in some]
        return sorted(found, key=_place, reverse=True)[:most]
    rest = {name: value for name, value in match.items() if name != "station"}
    found = await _newest(db, rest, start, end)
    return sorted((made for made in found if made["station"] in names), key=_place, reverse=True)


async def _newest(
    db: AsyncDatabase, match: dict, start: int, end: int, most: int | None = None
) -> list[dict]:
    """Two matches, because the embedded store takes a compound index for its own fields alone."""
    rest = dict(match)
    indexed: dict = {"started": {"$gte": from_ms(start), "$lt": from_ms(end)}}
    for name in ("station", "state"):
        if name in rest:
            indexed[name] = rest.pop(name)
            break
    stages: list[dict] = [{"$match": indexed}, {"$match": rest}] if rest else [{"$match": indexed}]
    if most is not None:
        # No projection where all are given out: it takes the embedded store as long as the rest.
        stages += [{"$sort": {"started": -1, "_id": -1}}, {"$limit": most}]
        stages.append({"$project": {"samples": 0}})
    return await (await db[store.TRANSACTIONS].aggregate(stages)).to_list()


def _stations(match: dict) -> frozenset[str] | None:
    """The stations that a match names; None where it is of all."""
    wanted = match.get("station")
    if isinstance(wanted, dict):
        return frozenset(wanted["$in"])
    return None if wanted is None else frozenset([wanted])


def _place(made: dict) -> tuple[int, str]:
    return to_ms(made["started"]), made["_id"]


def cursor_of(made: dict) -> str:
    """The cursor that goes on after a session."""
    started, key = _place(made)
    return f"{started}.{key}"


def is_cursor(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,14}\..+", text, re.ASCII) is not None


def parse_cursor(cursor: str) -> tuple[int, str]:
    """Undo cursor_of, of what is_cursor."""
    started, _, key = cursor.partition(".")
    return int(started), key

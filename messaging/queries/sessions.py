"""Reading the collection `transactions`: one document a charging session."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.bundles import brought_up as one_brought_up
from messaging.keeping.bundles import newest_of, series_of, updates_in
from messaging.queries import news
from messaging.queries.windows import from_ms, now_ms, to_ms
from messaging.rows import iso
from runtime.parts import PART

FIRST_SPAN = timedelta(hours=1)
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

    The time is asked in stretches that grow, see windows.py.
    """
    end = now_ms() + 60_000 if high is None else high
    before: tuple[int, str] | None = None
    if cursor:
        before = parse_cursor(cursor)
        end = min(end, before[0] + 1)
    length = int(FIRST_SPAN.total_seconds() * 1000)
    found: list[dict] = []
    while end > low and len(found) < limit:
        start = max(low, end - length)
        span = {"$gte": from_ms(start), "$lt": from_ms(end)}
        part = await _stretch(db, match, span)
        part.sort(key=_place, reverse=True)
        found += [made for made in part if before is None or _place(made) < before]
        end, length = start, length * 4
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


async def _stretch(db: AsyncDatabase, match: dict, span: dict) -> list[dict]:
    """Two matches for the embedded store's sake, see history.two_matches."""
    rest = dict(match)
    names = _many_names(rest)
    if names:
        del rest["station"]
    indexed = {"started": span}
    for name in ("station", "state"):
        if name in rest:
            indexed[name] = rest.pop(name)
            break
    stages = [{"$match": indexed}, {"$match": rest}, {"$project": {"samples": 0}}]
    found = await (await db[store.TRANSACTIONS].aggregate(stages)).to_list()
    return [made for made in found if made["station"] in names] if names else found


def _many_names(match: dict) -> frozenset[str]:
    """The stations of a match, where they are more than the store should look through."""
    wanted = match.get("station")
    names = wanted.get("$in", ()) if isinstance(wanted, dict) else ()
    return frozenset(names) if len(names) > PART else frozenset()


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

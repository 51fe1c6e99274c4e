"""Reading the collection `transactions`: one document a charging session."""

from __future__ import annotations

from datetime import timedelta

from pymongo.asynchronous.database import AsyncDatabase

from messaging import store
from messaging.rows import iso
from messaging.windows import from_ms, now_ms, to_ms

FIRST_SPAN = timedelta(hours=1)
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


async def samples_of(db: AsyncDatabase, made: dict) -> list[dict]:
    """The meter series of a session, oldest first: [{"t": unix seconds, "energy_wh": ...}]."""
    found = await db[store.SAMPLES].find({"session": made["_id"]}).to_list()
    # Sessions of before have theirs in the session itself.
    series = [*made.get("samples", ()), *(row["sample"] for row in found)]
    return sorted(series, key=lambda sample: sample.get("t", 0))


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
    page = found[:limit]
    more = len(found) > limit or (len(found) == limit and end > low)
    return page, (cursor_of(page[-1]) if more and page else None)


async def _stretch(db: AsyncDatabase, match: dict, span: dict) -> list[dict]:
    """Two matches for the embedded store's sake, see history.two_matches."""
    rest = dict(match)
    indexed = {"started": span}
    for name in ("station", "state"):
        if name in rest:
            indexed[name] = rest.pop(name)
            break
    stages = [{"$match": indexed}, {"$match": rest}, {"$project": {"samples": 0}}]
    return await (await db[store.TRANSACTIONS].aggregate(stages)).to_list()


def _place(made: dict) -> tuple[int, str]:
    return to_ms(made["started"]), made["_id"]


def cursor_of(made: dict) -> str:
    """The cursor that goes on after a session."""
    started, key = _place(made)
    return f"{started}.{key}"


def parse_cursor(cursor: str) -> tuple[int, str]:
    """Undo cursor_of; ValueError where it is none."""
    started, _, key = cursor.partition(".")
    return int(started), key

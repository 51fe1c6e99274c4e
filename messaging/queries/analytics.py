"""Numbers over the log and the transactions, from counts kept as messages are stored."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from time import monotonic

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.catalog import sheet
from messaging.keeping.counting import LISTS, PLAIN, tally, together
from messaging.keeping.session_counts import sums_of
from messaging.keeping.session_counts import together as sums_together
from messaging.masking import shown
from messaging.queries import session_sums, sessions
from messaging.queries.history import Wanted, read_page
from messaging.records import when
from messaging.rows import document_item, iso

MINUTES_UP_TO = 6  # hours; longer spans are read from the hours' counts
MOST_UNCOUNTED = 10  # minutes that are counted while somebody waits
MOST_WAITED = 150_000  # messages of these; more wait for the task
# Of so many sessions of a span, or messages of an hour, an answer takes long enough to be given
# again for some seconds.
MANY_SESSIONS, MANY_MESSAGES = 500, 50_000
GIVEN_AGAIN = 5.0  # seconds
_given: dict[tuple, tuple[float, dict]] = {}  # (what, database) -> (until when, monotonic; answer)


def _again(what: tuple) -> dict | None:
    until, answer = _given.get(what, (0.0, None))
    return answer if monotonic() < until else None


def _give_again(what: tuple, answer: dict) -> None:
    for old in [each for each, (until, _) in _given.items() if monotonic() >= until]:
        _given.pop(old, None)
    _given[what] = monotonic() + GIVEN_AGAIN, answer


class Counts(list[dict]):
    """Counted minutes or hours; `uncounted`: that at least so many are not among them yet."""

    uncounted = 0


async def counts(
    db: AsyncDatabase, hours: int, end: datetime | None = None, most: int | None = None
) -> Counts:
    """Return the counted minutes or hours of the last `hours`, oldest first.

    The last minutes are not counted yet: they are counted here, the oldest first, while that is up
    to `most` messages.
    """
    end = end or datetime.now(UTC)
    span = {"$gte": end - timedelta(hours=hours), "$lte": end}
    by_minute = hours <= MINUTES_UP_TO
    rows = await db[store.MINUTES if by_minute else store.HOURS].find({"time": span}).to_list()
    found = {row["_id"]: row for row in rows}
    made = Counts()
    for minute in await _uncounted(db, span):
        number = minute["_id"] if by_minute else minute["_id"] // 60
        listed = await db[store.CATALOG].find({"minute": minute["_id"]}).to_list()
        if most is not None and (told := sum(one["n"] for one in listed)) > most:
            made.uncounted = max(told - minute.get("total", 0), 1)
            break
        if most is not None:
            most -= told
        parts = [] if by_minute else [found.get(number, {}), _taken_away(minute)]
        fresh = tally(map(sheet, listed))
        began = when(number * (60 if by_minute else 3600))
        found[number] = {"_id": number, "time": began, **together([*parts, fresh])}
    made += sorted((row for row in found.values() if row.get("total")), key=lambda row: row["_id"])
    return made


async def _uncounted(db: AsyncDatabase, span: dict) -> list[dict]:
    dirty = await db[store.MINUTES].find({"dirty": {"$gt": 0}}).to_list()
    asked = [row for row in dirty if span["$gte"] <= row["time"] <= span["$lte"]]
    return sorted(asked, key=lambda row: row["_id"])[-MOST_UNCOUNTED:]


def _taken_away(row: dict) -> dict:
    """What its hour has of a minute already."""
    plain = {name: -row[name] for name in PLAIN if name in row}
    lists = {name: {one: -amount for one, amount in row.get(name, {}).items()} for name in LISTS}
    return {**plain, **lists}


def added_up(rows: list[dict]) -> dict:
    """Sum counts; `latency_ms` becomes the mean, None where nothing was answered."""
    sums = together(rows)
    answers, spent = sums.pop("latencies", 0), sums.pop("latency_ms", 0)
    listed = {name: Counter(sums.pop(name, {})) for name in LISTS}
    sums = {name: sums.get(name, 0) for name in PLAIN if name not in ("latency_ms", "latencies")}
    sums["latency_ms"] = round(spent / answers, 3) if answers else None
    return sums | {name: dict(found.most_common(100)) for name, found in listed.items()}


def series(rows: list[dict]) -> list[dict]:
    """One point a counted minute or hour, for a chart."""
    return [
        {
            "time": iso(row["time"]),
            **{name: row.get(name, 0) for name in ("total", "sent", "received", "errors")},
        }
        for row in rows
    ]


async def messages(db: AsyncDatabase, hours: int) -> dict:
    """Totals and a series of the last `hours`."""
    rows = await counts(db, hours, most=MOST_WAITED)
    step = 60 if hours <= MINUTES_UP_TO else 3600
    sums = {**added_up(rows), "uncounted": rows.uncounted}
    return {"hours": hours, "step": step, **sums, "series": series(rows)}


async def errors(db: AsyncDatabase, hours: int, limit: int = 20, masks: bool = True) -> dict:
    """Failures of the last `hours` by code, and the newest of them."""
    rows = await counts(db, hours, most=MOST_WAITED)
    sums = added_up(rows)
    since = datetime.now(UTC) - timedelta(hours=hours)
    page = await read_page(db, Wanted(errors=True, start=since), limit=limit)
    recent = [document_item(made) for made in page.items]
    return {
        "hours": hours,
        "total": sums["total"],
        "uncounted": rows.uncounted,
        "errors": sums["errors"],
        "rate": round(sums["errors"] / sums["total"], 6) if sums["total"] else 0.0,
        "codes": sums["codes"],
        "recent": shown(recent) if masks else recent,
    }


async def transactions(db: AsyncDatabase, hours: int) -> dict:
    """Sessions begun in the last `hours`: how many, how long, how much, by day and reason.

    Of many sessions this is as of when a task has counted them, up to a minute ago, from a full
    minute on, and may be some seconds older; the energy of those in progress is what their
    documents had then, which are written with each sync.
    """
    what = ("transactions", db.name, hours)
    if (given := _again(what)) is not None:
        return given
    since = datetime.now(UTC) - timedelta(hours=hours)
    kept = await session_sums.read(db, since)
    if kept is None or kept.started <= MANY_SESSIONS:
        kept = await _looked_at(db, since)
    by_day = {day: sums_together(some) for day, some in sorted(_days(kept).items())}
    whole = sums_together(by_day.values())
    ended = whole["ended"]
    answer = {
        "hours": hours,
        "started": whole["started"],
        "ended": ended,
        "active": kept.active,
        "energy_wh": whole["energy_wh"],
        "mean_seconds": round(whole["seconds"] / ended, 1) if ended else None,
        "reasons": dict(whole["reasons"]),
        "days": [
            {"day": day, **{name: sums[name] for name in ("started", "energy_wh", "ended")}}
            for day, sums in by_day.items()
        ],
    }
    if whole["started"] > MANY_SESSIONS:
        _give_again(what, answer)
    return answer


async def _looked_at(db: AsyncDatabase, since: datetime) -> session_sums.Kept:
    """The sums of sessions as they are now, each by itself."""
    found = await db[store.TRANSACTIONS].find({"started": {"$gte": since}}).to_list()
    if len(found) <= MANY_SESSIONS:
        found = await sessions.brought_up(db, found)
    active = await db[store.TRANSACTIONS].count_documents({"state": "active"})
    return session_sums.Kept([(made["started"], sums_of([made])) for made in found], active)


def _days(kept: session_sums.Kept) -> dict[str, list[dict]]:
    days: dict[str, list[dict]] = {}
    for moment, sums in kept.parts:
        if sums["started"]:
            days.setdefault(moment.strftime("%Y-%m-%d"), []).append(sums)
    return days


async def dashboard(db: AsyncDatabase) -> dict:
    """The last hour's messages and the last day's transactions at one look.

    Of many messages or sessions this may be some seconds old.
    """
    what = ("dashboard", db.name)
    if (given := _again(what)) is not None:
        return given
    hour = await messages(db, 1)
    day = await transactions(db, 24)
    answer = {"messages": hour, "transactions": {k: v for k, v in day.items() if k != "days"}}
    if hour["total"] > MANY_MESSAGES:
        _give_again(what, answer)
    return answer

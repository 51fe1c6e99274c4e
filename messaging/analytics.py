"""Numbers over the log and the transactions, from counts kept as messages are stored."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from pymongo.asynchronous.database import AsyncDatabase

from messaging import store
from messaging.history import Wanted, read_page
from messaging.rows import document_item, iso

MINUTES_UP_TO = 6  # hours; longer spans are read from the hours' counts
LISTED = ("kinds", "actions", "codes")
PLAIN = ("total", "sent", "received", "errors", "bytes", "latency_ms", "latencies")


async def counts(db: AsyncDatabase, hours: int, end: datetime | None = None) -> list[dict]:
    """Return the counted minutes or hours of the last `hours`, oldest first."""
    end = end or datetime.now(UTC)
    name = store.MINUTES if hours <= MINUTES_UP_TO else store.HOURS
    span = {"$gte": end - timedelta(hours=hours), "$lte": end}
    rows = await db[name].find({"time": span}).to_list()
    return sorted((row for row in rows if row.get("total")), key=lambda row: row["_id"])


def added_up(rows: list[dict]) -> dict:
    """Sum counts; `latency_ms` becomes the mean, None where nothing was answered."""
    plain: Counter = Counter()
    listed = {name: Counter() for name in LISTED}
    for row in rows:
        for name in PLAIN:
            plain[name] += row.get(name, 0)
        for name in LISTED:
            listed[name].update(row.get(name, {}))
    answers = plain.pop("latencies", 0)
    spent = plain.pop("latency_ms", 0)
    sums = {name: plain[name] for name in PLAIN if name not in ("latency_ms", "latencies")}
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
    rows = await counts(db, hours)
    step = 60 if hours <= MINUTES_UP_TO else 3600
    return {"hours": hours, "step": step, **added_up(rows), "series": series(rows)}


async def errors(db: AsyncDatabase, hours: int, limit: int = 20) -> dict:
    """Failures of the last `hours` by code, and the newest of them."""
    sums = added_up(await counts(db, hours))
    since = datetime.now(UTC) - timedelta(hours=hours)
    page = await read_page(db, Wanted(errors=True, start=since), limit=limit)
    return {
        "hours": hours,
        "total": sums["total"],
        "errors": sums["errors"],
        "rate": round(sums["errors"] / sums["total"], 6) if sums["total"] else 0.0,
        "codes": sums["codes"],
        "recent": [document_item(made) for made in page.items],
    }


async def transactions(db: AsyncDatabase, hours: int) -> dict:
    """Sessions begun in the last `hours`: how many, how long, how much, by day and reason."""
    since = datetime.now(UTC) - timedelta(hours=hours)
    found = await (
        db[store.TRANSACTIONS].find({"started": {"$gte": since}}, {"samples": 0}).to_list()
    )
    days: dict[str, Counter] = {}
    reasons: Counter = Counter()
    seconds = []
    for made in found:
        day = days.setdefault(made["started"].strftime("%Y-%m-%d"), Counter())
        day["started"] += 1
        day["energy_wh"] += made.get("energy_wh") or 0
        if made.get("ended"):
            day["ended"] += 1
            seconds.append((made["ended"] - made["started"]).total_seconds())
            reasons[made.get("reason") or "unknown"] += 1
    return {
        "hours": hours,
        "started": len(found),
        "ended": len(seconds),
        "active": await db[store.TRANSACTIONS].count_documents({"state": "active"}),
        "energy_wh": sum(made.get("energy_wh") or 0 for made in found),
        "mean_seconds": round(sum(seconds) / len(seconds), 1) if seconds else None,
        "reasons": dict(reasons),
        "days": [{"day": day, **days[day]} for day in sorted(days)],
    }


async def dashboard(db: AsyncDatabase) -> dict:
    """The last hour's messages and the last day's transactions at one look."""
    hour = await messages(db, 1)
    day = await transactions(db, 24)
    day.pop("days")
    return {"messages": hour, "transactions": day}

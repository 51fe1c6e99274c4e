"""What the task does each minute: samples the platform and keeps the figures of the last hour."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from emulator.dashboard import figures
from emulator.monitoring import health, signs
from messaging.keeping import store, tallies
from messaging.queries import analytics
from stations.state.census import Census, Fleet

_census = Census()


def keep(now: float | None = None) -> int:
    """Sample and aggregate once; returns how many minutes were written."""
    now = time.time() if now is None else now
    db = store.database()
    parts: dict[int, dict[str, Any]] = {}
    for minute, counts in asyncio.run(_counts(now)).items():
        parts.setdefault(minute, {})["messages"] = counts
    touched = tallies.take_touched()
    for minute, latencies in tallies.latencies_of(touched).items():
        parts.setdefault(minute, {})["latencies"] = latencies
    sample = parts.setdefault(int(now) // 60, {})
    sample["fleet"] = fleet_part(_census.keep(now))
    answer, found = health.ask_redis()
    if answer["ok"]:
        sample["platform"] = platform_part(found)
    written = figures.keep(db, parts, now)
    figures.forget_old(db, now)
    return written


async def _counts(now: float) -> dict[int, dict[str, int]]:
    """{minute: counts of its messages} of the last hour, as far as they are stored."""
    try:
        rows = await analytics.counts(store.async_database(), 1, datetime.fromtimestamp(now, UTC))
    finally:
        await store.close_async()
    names = ("total", "sent", "received", "errors")
    return {row["_id"]: {name: row.get(name, 0) for name in names} for row in rows}


def fleet_part(fleet: Fleet) -> dict[str, Any]:
    return {
        "stations": fleet.stations,
        "connected": fleet.connected,
        "charging": fleet.charging,
        "sick": fleet.sick,
        "power_w": round(fleet.power_w),
        "energy_wh": round(fleet.energy_wh),
        "states": dict(fleet.states),
    }


def platform_part(found: signs.Signs) -> dict[str, Any]:
    """The platform's own figures: tasks in queues, lags in seconds, states to store, workers,
    executions."""
    age = found.sync_age
    return {
        "queues": dict(found.queues),
        "log_lag": health.log_lag(found),
        "sync_lag": None if age is None else round(max(0.0, age), 1),
        "dirty": found.dirty,
        "workers": len(found.charge_points),
        "executions": sum(line["executions"] for line in found.scenarios),
    }

"""One look at the platform for all who look on: the parts of the dashboard, by right."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from emulator.dashboard.series import actions
from emulator.monitoring import health
from messaging.keeping import tallies
from runtime.stores import STORE_ERRORS
from scenarios.models import RUNNING, Execution
from stations.state.census import Census, Fleet

MOST_EXECUTIONS = 10
LATENCIES_OF = 5  # minutes
# Who may see which part, of the table of rights. The rest is of the platform itself.
RIGHTS = {
    "stations": "stations.view_station",
    "messages": "messaging.view_message",
    "scenarios": "scenarios.view_execution",
}


class Look:
    """Makes the parts; blocking, for one thread. `take` raises nothing where a store is away."""

    def __init__(self) -> None:
        self._census = Census()

    def take(self) -> dict[str, Any]:
        """{part: its JSON}, and "time". A part whose store is away is {"away": why}."""
        now = time.time()
        answer = health.check()
        return {
            "time": now,
            "platform": platform(answer),
            "stations": _or_away(lambda: stations(self._census.look(now))),
            "messages": _or_away(lambda: messages(answer, now)),
            "scenarios": _or_away(executions),
        }


def _or_away(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make()
    except STORE_ERRORS as error:
        return {"away": f"{type(error).__name__}: {str(error).split(',')[0]}"[:200]}


def platform(answer: dict[str, Any]) -> dict[str, Any]:
    """Of /api/health's answer what the page shows; lags in seconds."""
    points, celery = answer["charge_points"], answer["celery"]
    return {
        "status": answer["status"],
        "problems": answer["problems"],
        "workers": points["workers"],
        "celery": len(celery["workers"]),
        "runners": answer["scenarios"]["runners"],
        "beat": answer["beat"]["alive"],
        "shards": len(points["shards"]),
        "shards_of": points["shards_of"],
        "queues": celery["queues"],
        "failed_tasks": celery["failed"],
        "log_lag": points["log_lag"],
        "log_buffered": points["log_buffered"],
        "log_dropped": points["log_dropped"],
        "sync_lag": answer["sync"]["lag"],
        "sync_waiting": answer["sync"]["waiting"],
        "loop_lag": points["loop_lag"],
        "stores": {name: answer[name].get("ms") for name in ("mongodb", "redis")},
    }


def stations(fleet: Fleet) -> dict[str, Any]:
    return {
        "stations": fleet.stations,
        "running": fleet.running,
        "connected": fleet.connected,
        "charging": fleet.charging,
        "power_w": round(fleet.power_w),
        "energy_wh": round(fleet.energy_wh),
        "states": dict(fleet.states),
        "groups": [
            {
                "name": group.name,
                "stations": group.stations,
                "power_w": round(group.power_w),
                "states": dict(group.states),
            }
            for group in fleet.groups
        ],
        "sick": fleet.sick,
        "sickest": [
            {
                "identity": sick.identity,
                "name": sick.name,
                "label": sick.label,
                "reasons": [reason.text for reason in sick.reasons[:3]],
                "link": reverse("admin:stations_station_life", args=[sick.pk]),
            }
            for sick in fleet.sickest
        ],
    }


def messages(answer: dict[str, Any], now: float) -> dict[str, Any]:
    """Rates are a second; `errors` is the mean of the last minute; `actions` of some minutes."""
    minute = int(now) // 60
    held = tallies.latencies_of(range(minute - LATENCIES_OF + 1, minute + 1))
    points = answer["charge_points"]
    return {
        "sent": points["sent_per_second"],
        "received": points["received_per_second"],
        "errors": round(_errors(minute, now) / 60, 2),
        "actions": actions(held.values()),
        "all": (actions([_together(held.values())]) or [{}])[0],
    }


def _errors(minute: int, now: float) -> float:
    """Failures of the last 60 s: of the minute that is not over, and its share of that before."""
    share = 1 - (now - minute * 60) / 60
    this, before = (
        sum((sum(codes.values()) for codes in tallies.failures_of([number]).values()), 0)
        for number in (minute, minute - 1)
    )
    return this + before * share


def _together(parts: Any) -> dict[str, dict[str, int]]:
    sums: Counter = Counter()
    for part in parts:
        for buckets in part.values():
            sums.update(buckets)
    return {"": dict(sums)} if sums else {}


def executions() -> dict[str, Any]:
    """The executions that run, the newest first."""
    rows = Execution.objects.filter(state=RUNNING).order_by("-created")
    found = list(rows.values("pk", "scenario_name", "started", "stations")[: MOST_EXECUTIONS + 1])
    return {
        "more": len(found) > MOST_EXECUTIONS,
        "running": [
            {
                "name": row["scenario_name"],
                "stations": len(row["stations"]),
                "started": row["started"].timestamp() if row["started"] else None,
                "link": reverse("admin:scenarios_execution_change", args=[row["pk"]]),
            }
            for row in found[:MOST_EXECUTIONS]
        ],
    }

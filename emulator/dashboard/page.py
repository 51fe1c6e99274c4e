"""The admin's first page: the frame of the dashboard. What is in it comes by ws/dashboard."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from emulator.admin_look import link_to
from emulator.dashboard.first_steps import first_steps
from emulator.dashboard.look import RIGHTS, platform
from emulator.dashboard.series import RANGES
from emulator.monitoring import health
from emulator.rights import TABLE
from runtime.words import counted
from stations.state.live import LABELS

# Of the states in the chart and the tables, from what is well to what is not.
ORDER = (
    "charging", "connected", "pending", "disconnected", "faulted", "held back", "stopped",
    "disabled",
)  # fmt: skip


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by django-unfold for the admin's first page."""
    answer = health.check()
    context |= {
        "health": answer,
        "is_fullwidth": "1",
        "parts": [part for part, right in RIGHTS.items() if TABLE.may(request, right)],
        "ranges": {name: chosen.label for name, chosen in RANGES.items()},
        "states": [{"label": label, "text": LABELS[label][0]} for label in ORDER],
        "tiles": tiles(answer),
        "stations_link": link_to(request, "admin:stations_station_changelist"),
        "live_link": link_to(request, "live-view"),
        "first_steps": first_steps(request),
        "executions_link": link_to(request, "admin:scenarios_execution_changelist"),
    }
    return context


def tiles(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Of the platform: name, title, figure and the text below it; platform.js writes the same."""
    told = platform(answer)
    queues = ", ".join(f"{name} {depth}" for name, depth in told["queues"].items())
    waiting = told["sync_waiting"]
    beat = "beat runs" if told["beat"] else "beat is down"
    return [
        _tile("workers", "Charge point workers", str(told["workers"]),
              f"{told['shards']} of {told['shards_of']} shards"),
        _tile("celery", "Celery workers", str(told["celery"]),
              f"{beat}; {counted(told['failed_tasks'], 'task')} failed"),
        _tile("queues", "Task queues", str(sum(told["queues"].values())), queues),
        _tile("log", "Log lag", seconds(told["log_lag"]),
              f"{counted(told['log_buffered'], 'record')} on their way, "
              f"{told['log_dropped']} dropped"),
        _tile("sync", "Last sync", ago(told["sync_lag"]),
              f"{counted(waiting, 'station')} to be synced"),
        _tile("stores", "Stores", " / ".join(map(milliseconds, told["stores"].values())),
              "MongoDB / Redis"),
    ]  # fmt: skip


def _tile(name: str, title: str, figure: str, text: str) -> dict[str, str]:
    return {"name": name, "title": title, "figure": figure, "text": text}


def ago(lag: float | None) -> str:
    return "never" if lag is None else f"{lag:.0f} s ago"


def seconds(lag: float | None) -> str:
    return "unknown" if lag is None else f"{lag:.1f} s"


def milliseconds(took: float | None) -> str:
    return "away" if took is None else f"{took:.0f} ms"

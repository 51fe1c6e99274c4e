"""What the admin's first page shows: the same answer as /api/health, as cards."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from emulator import health


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by django-unfold for the admin's first page."""
    answer = health.check()
    context["health"] = answer
    context["cards"] = cards(answer)
    return context


def cards(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Title, figure, text below it, and where a click leads."""
    points, celery, runners = answer["charge_points"], answer["celery"], answer["scenarios"]
    beat = "runs" if answer["beat"]["alive"] else "is down"
    return [
        {
            "title": "Stations",
            "figure": f"{points['connected']:.0f} / {points['stations']:.0f}",
            "text": "connected / running",
            "link": reverse("admin:stations_station_changelist"),
        },
        {
            "title": "Messages",
            "figure": f"{points['sent_per_second'] + points['received_per_second']:.1f} /s",
            "text": f"{points['sent_per_second']:.1f} sent, "
            f"{points['received_per_second']:.1f} received",
            "link": reverse("live-view"),
        },
        {
            "title": "Sync",
            "figure": _ago(answer["sync"]["lag"]),
            "text": f"{answer['sync']['waiting']} stations wait; the last run wrote "
            f"{answer['sync']['written'] or 0}",
            "link": reverse("admin:django_celery_results_taskresult_changelist"),
        },
        {
            "title": "Task queues",
            "figure": str(sum(celery["queues"].values())),
            "text": ", ".join(f"{name} {depth}" for name, depth in celery["queues"].items()),
            "link": "",
        },
        {
            "title": "Workers",
            "figure": f"{points['workers']} + {len(celery['workers'])} + {runners['runners']}",
            "text": f"charge point + Celery + scenarios; beat {beat}",
            "link": "",
        },
        {
            "title": "Tasks",
            "figure": str(celery["failed"]),
            "text": f"failed; {celery['retried']} retried, {celery['succeeded']} succeeded",
            "link": "",
        },
        {
            "title": "Log",
            "figure": str(points["log_buffered"]),
            "text": f"records on their way; {points['log_dropped']} dropped",
            "link": "",
        },
        {
            "title": "Stores",
            "figure": " / ".join(_milliseconds(answer[name]) for name in ("mongodb", "redis")),
            "text": "MongoDB / Redis"
            + (" (embedded)" if answer["mongodb"].get("embedded") else ""),
            "link": "",
        },
    ]


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s ago"


def _milliseconds(store: dict[str, Any]) -> str:
    return f"{store['ms']:.0f} ms" if store["ok"] else "away"

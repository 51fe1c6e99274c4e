"""django-unfold: title, the sidebar with every list, the dashboard as first page."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

from emulator.rights import TABLE


def sees(request: HttpRequest, page: str) -> bool:
    """Whether the table of rights lets this user open a page, by its name."""
    return TABLE.may(request, TABLE.pages[page])


def link_to(request: HttpRequest, page: str) -> str:
    """The page's address; empty for one who may not open it."""
    return reverse(page) if sees(request, page) else ""


def _item(title: str, icon: str, page: str) -> dict:
    return {
        "title": title, "icon": icon, "link": reverse_lazy(page),
        "permission": lambda request: sees(request, page),
    }  # fmt: skip


def _list(title: str, icon: str, label: str) -> dict:
    return _item(title, icon, f"admin:{label.replace('.', '_')}_changelist")


def _flower(request) -> str:
    from django.conf import settings

    return settings.FLOWER_URL


UNFOLD = {
    "SITE_TITLE": "OCPP Emulator",
    "SITE_HEADER": "OCPP Emulator",
    "SITE_SUBHEADER": "Charge points on demand",
    "SITE_SYMBOL": "ev_station",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("emulator/favicon.svg"),
        }
    ],
    "STYLES": [lambda request: static("emulator/keys.css")],
    "SCRIPTS": [
        lambda request: static("emulator/keys.js"),
        lambda request: static("emulator/times.js"),
    ],
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "accounts.forms.LoginForm"},
    "DASHBOARD_CALLBACK": "emulator.dashboard.page.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Charging",
                "items": [
                    _item("Dashboard", "dashboard", "admin:index"),
                    _list("Stations", "ev_station", "stations.station"),
                    _item("Map of the fleet", "map", "fleet-map"),
                    _item("Jobs", "playlist_play", "fleet-jobs"),
                    _item("Sessions", "receipt_long", "session-list"),
                    _list("Templates", "content_copy", "stations.template"),
                    _list("Makes", "precision_manufacturing", "stations.make"),
                    _list("EV profiles", "directions_car", "stations.carprofile"),
                    _list("Tag groups", "sell", "stations.taggroup"),
                ],
            },
            {
                "title": "Scenarios",
                "items": [
                    _list("Scenarios", "account_tree", "scenarios.scenario"),
                    _list("Executions", "play_circle", "scenarios.execution"),
                    _list("Behaviours", "autorenew", "scenarios.behaviour"),
                    _list("Suites", "fact_check", "scenarios.suiteplan"),
                    _list("Suite runs", "rule", "scenarios.suiterun"),
                ],
            },
            {
                "title": "Messages",
                "items": [
                    _item("Live view", "stream", "live-view"),
                    _item("Statistics", "query_stats", "statistics"),
                    _item("Message crafter", "edit_note", "crafter"),
                ],
            },
            {
                "title": "Operation",
                "separator": True,
                "items": [
                    _list("Periodic tasks", "schedule", "django_celery_beat.periodictask"),
                    _list("Task results", "task_alt", "django_celery_results.taskresult"),
                    {
                        "title": "Workers (Flower)",
                        "icon": "monitoring",
                        "link": _flower,
                        "permission": lambda request: (
                            bool(_flower(request))
                            and sees(request, "admin:django_celery_results_taskresult_changelist")
                        ),
                    },
                    _item("Documentation", "menu_book", "documentation"),
                    _item("API", "api", "api:openapi-view"),
                    _item("Health", "favorite", "api:get_health"),
                    _item("My tokens", "key", "own-tokens"),
                    _list("API tokens", "vpn_key", "accounts.apitoken"),
                    _list("Users", "person", "auth.user"),
                    _list("Groups", "group", "auth.group"),
                    _item("Trail", "history", "trail"),
                ],
            },
            {
                "title": "Schedules",
                "collapsible": True,
                "items": [
                    _list("Intervals", "timer", "django_celery_beat.intervalschedule"),
                    _list("Crontabs", "event_repeat", "django_celery_beat.crontabschedule"),
                    _list("Clocked", "alarm", "django_celery_beat.clockedschedule"),
                    _list("Solar events", "wb_sunny", "django_celery_beat.solarschedule"),
                    _list("Group results", "checklist", "django_celery_results.groupresult"),
                ],
            },
        ],
    },
}

"""django-unfold: title, sidebar and the dashboard on the admin's first page."""

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, link) -> dict:
    return {"title": title, "icon": icon, "link": link}


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
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "emulator.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Charging",
                "items": [
                    _item("Dashboard", "dashboard", reverse_lazy("admin:index")),
                    _item(
                        "Stations", "ev_station", reverse_lazy("admin:stations_station_changelist")
                    ),
                    _item(
                        "Templates",
                        "content_copy",
                        reverse_lazy("admin:stations_template_changelist"),
                    ),
                    _item("Tag groups", "sell", reverse_lazy("admin:stations_taggroup_changelist")),
                ],
            },
            {
                "title": "Scenarios",
                "items": [
                    _item(
                        "Scenarios",
                        "account_tree",
                        reverse_lazy("admin:scenarios_scenario_changelist"),
                    ),
                    _item(
                        "Executions",
                        "play_circle",
                        reverse_lazy("admin:scenarios_execution_changelist"),
                    ),
                    _item(
                        "Behaviours",
                        "autorenew",
                        reverse_lazy("admin:scenarios_behaviour_changelist"),
                    ),
                ],
            },
            {
                "title": "Messages",
                "items": [
                    _item("Live view", "stream", reverse_lazy("live-view")),
                ],
            },
            {
                "title": "Operation",
                "separator": True,
                "items": [
                    _item(
                        "Periodic tasks",
                        "schedule",
                        reverse_lazy("admin:django_celery_beat_periodictask_changelist"),
                    ),
                    _item(
                        "Task results",
                        "task_alt",
                        reverse_lazy("admin:django_celery_results_taskresult_changelist"),
                    ),
                    {
                        **_item("Workers (Flower)", "monitoring", _flower),
                        "permission": lambda request: bool(_flower(request)),
                    },
                    _item("API", "api", "/api/docs"),
                    _item("Health", "favorite", "/api/health"),
                    _item("API tokens", "key", reverse_lazy("admin:accounts_apitoken_changelist")),
                    _item("Users", "person", reverse_lazy("admin:auth_user_changelist")),
                ],
            },
        ],
    },
}

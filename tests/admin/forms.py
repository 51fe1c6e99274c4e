"""What is filled in on the add page of each model, and what is changed on its change page."""

from __future__ import annotations

import json

from django.db.models import Model
from django_celery_beat.models import IntervalSchedule

from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from scenarios.models import Scenario
from tests.admin.rows import STEPS, TASK, URL

# The first row that the page's script adds.
CONNECTOR = {
    "connectors-0-evse": "1", "connectors-0-kind": "Type2", "connectors-0-phases": "3",
    "connectors-0-max_power_w": "22000",
}  # fmt: skip
MAKE = {"name": "new", "vendor": "Volt", "model": "Wall", "versions": ["1.6"]}
EV_PROFILE = told(shipped()["van"]) | {"name": "new-car"}
PASSWORD = "a long one 4 you"


def _first(model: type[Model]) -> str:
    return str(model._default_manager.first().pk)


def added(label: str) -> dict[str, str]:
    """KeyError for a model that nobody has filled in: put it here."""
    match label:
        case "django_celery_beat.PeriodicTask":
            return {"name": "New", "regtask": TASK, "interval": _first(IntervalSchedule)}
        case "scenarios.Behaviour":
            return {"name": "New", "scenario": _first(Scenario), "tag": "north"}
    return {
        "accounts.ApiToken": {"name": "new"},
        "auth.Group": {"name": "New"},
        "auth.User": {"username": "new", "password1": PASSWORD, "password2": PASSWORD},
        "django_celery_beat.ClockedSchedule": {
            "clocked_time_0": "2030-01-01", "clocked_time_1": "12:00:00",
        },
        "django_celery_beat.CrontabSchedule": {"minute": "7", "hour": "7"},
        "django_celery_beat.IntervalSchedule": {"every": "77", "period": "seconds"},
        "django_celery_beat.SolarSchedule": {
            "event": "sunset", "latitude": "10", "longitude": "11",
        },
        "scenarios.Scenario": {"name": "New", "slug": "new", "steps": json.dumps(STEPS)},
        "scenarios.SuitePlan": {"name": "New", "suite": "ocpp16", "csms_url": URL},
        "stations.CarProfile": {"document": json.dumps(EV_PROFILE)},
        "stations.Make": {"document": json.dumps(MAKE)},
        "stations.Station": {"identity": "NEW", "csms_url": URL, **CONNECTOR},
        "stations.TagGroup": {"name": "New", "tags": "a, b"},
        "stations.Template": {"name": "New", "csms_url": URL, **CONNECTOR},
    }[label]  # fmt: skip


# Field of the form and of the row alike, also as a function of the row. None: the page has nothing
# to edit.
CHANGED = {
    "accounts.ApiToken": {"name": "other"},
    "auth.Group": {"name": "Other"},
    "auth.User": {"first_name": "Other"},
    "django_celery_beat.ClockedSchedule": {"clocked_time_0": "2031-01-01"},
    "django_celery_beat.CrontabSchedule": {"minute": "9"},
    "django_celery_beat.IntervalSchedule": {"every": "99"},
    "django_celery_beat.PeriodicTask": {"description": "Other"},
    "django_celery_beat.SolarSchedule": {"latitude": "12"},
    "django_celery_results.GroupResult": {"group_id": "other"},
    "django_celery_results.TaskResult": {},
    "scenarios.Behaviour": {"tag": "other"},
    "scenarios.Execution": None,
    "scenarios.Scenario": {"name": "Other"},
    "scenarios.SuitePlan": {"name": "Other"},
    "scenarios.SuiteRun": None,
    "stations.CarProfile": lambda row: {"document": json.dumps(row.document | {"title": "Other"})},
    "stations.Make": lambda row: {"document": json.dumps(row.document | {"firmware": "2.0"})},
    "stations.Station": {"name": "Other"},
    "stations.TagGroup": {"description": "Other"},
    "stations.Template": {"description": "Other"},
}

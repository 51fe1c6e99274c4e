"""The table of rights: every app's part put together and checked. See accounts/rights.py."""

from __future__ import annotations

import accounts.table
import messaging.rights
import scenarios.rights
import stations.rights
from accounts.rights import (
    ADMINISTER,
    ANYONE,
    CONFIGURE,
    DRIVE,
    LOGIN,
    METRICS,
    READ,
    Part,
    compose,
    crud,
    model_pages,
)

_ADMINISTERED = (
    "auth.user", "auth.group", "django_celery_beat.periodictask",
    "django_celery_beat.intervalschedule", "django_celery_beat.crontabschedule",
    "django_celery_beat.solarschedule", "django_celery_beat.clockedschedule",
    "django_celery_results.taskresult", "django_celery_results.groupresult",
)  # fmt: skip
# Tables of Django and Celery that no page shows.
_INNER = (
    "auth.permission", "admin.logentry", "contenttypes.contenttype", "sessions.session",
    "django_celery_beat.periodictasks", "django_celery_results.chordcounter",
)  # fmt: skip
_OF_THE_SITE = (
    "index", "app_list", "password_change", "password_change_done", "jsi18n", "search", "logout",
    "autocomplete",
)  # fmt: skip
_TASKS = ("enable_tasks", "disable_tasks", "toggle_tasks", "run_tasks")

OWN = Part(
    levels={
        name: level
        for label in (*_ADMINISTERED, *_INNER)
        for name, level in crud(label, ADMINISTER, ADMINISTER).items()
    },
    operations={"GET /health": ANYONE, "GET /metrics": METRICS},
    # Its parts have rights of their own besides, see emulator/dashboard/look.py.
    sockets={"ws/dashboard": LOGIN, "ws/dashboard range": LOGIN},
    pages={
        **{name: row for label in _ADMINISTERED for name, row in model_pages(label).items()},
        "home": ANYONE,
        "favicon": ANYONE,
        "documentation": ANYONE,
        "documentation-page": ANYONE,
        "admin:login": ANYONE,
        **{f"admin:{name}": LOGIN for name in _OF_THE_SITE},
        "admin:auth_user_password_change": "auth.change_user",
        "api:openapi-json": ANYONE,
        "api:openapi-view": ANYONE,
        "api:api-root": ANYONE,
        "api:get_health": ANYONE,
    },
    actions={
        **{f"{label} delete_selected": label.replace(".", ".delete_") for label in _ADMINISTERED},
        **{
            f"django_celery_beat.periodictask {name}": "django_celery_beat.change_periodictask"
            for name in _TASKS
        },
    },
)

TABLE = compose(
    accounts.table.PART, stations.rights.PART, messaging.rights.PART, scenarios.rights.PART, OWN
)

# {group: what it is for, what it may do}. Each has what those before it have.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Viewer": ("sees stations, messages, sessions, scenarios and their executions", (READ,)),
    "Tester": (
        "also drives stations, crafts and intercepts messages, runs scenarios",
        (READ, DRIVE),
    ),
    "Operator": (
        "also configures stations, their CSMS addresses, templates, scenarios and behaviours",
        (READ, DRIVE, CONFIGURE),
    ),
    "Administrator": (
        "also sees secrets, deletes messages, and keeps users, groups, tokens and periodic tasks",
        (READ, DRIVE, CONFIGURE, ADMINISTER),
    ),
}


def group_permissions(group: str) -> list[str]:
    return TABLE.permissions(*GROUPS[group][1])

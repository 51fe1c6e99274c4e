"""A web process on the tests' own stores, with rows in every table, for browsers to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from benchmarks.processes import Process, answers, free_port, wait_until
from benchmarks.stack import beside_python
from scenarios.models import Execution, Scenario
from stations.models import Station
from tests.admin import rows
from tests.admin.addresses import places
from tests.admin.users import client_of, make_user

LOOKERS = ("superuser", "staff that views")


class Site:
    """A web process on the tests' own stores; `addresses` are opened by each user."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sessions = {kind: _session(kind) for kind in LOOKERS}
        self.crontab_task = _change(PeriodicTask.objects.get(name="By crontab"))
        self.crontabs = {str(row.pk): row.human_readable for row in CrontabSchedule.objects.all()}
        names = [f"{m._meta.app_label}_{m._meta.model_name}" for m in rows.tables()]
        lists = [f"admin:{name}_changelist" for name in names]
        looked_at = [
            *(Station.objects.get(identity=f"CP-{name}") for name in
              ("1.6-charging", "2.0.1-faulted", "2.1-stopped")),
            PeriodicTask.objects.get(name="By clocked"), CrontabSchedule.objects.first(),
            Execution.objects.get(state="running"), Scenario.objects.first(),
            User.objects.get(username="ada"),
        ]  # fmt: skip
        self.addresses = [
            "/admin/", "/admin/sessions/", "/admin/sessions/of/s1/", "/admin/live/",
            "/admin/live/?mode=history", "/admin/password_change/",
            "/admin/trail/", "/admin/trail/?actor=ada&since=2026-01-01T00:00",
            self.crontab_task, self.crontab_task.replace("change", "history"),
            *(reverse(name) for name in lists), *(_change(row) for row in looked_at),
        ]  # fmt: skip
        self.everywhere = everywhere()
        self.writing = [
            "/admin/stations/station/add/", "/admin/stations/station/create-many/",
            "/admin/django_celery_beat/periodictask/add/", "/admin/scenarios/behaviour/add/",
            f"/admin/scenarios/scenario/{Scenario.objects.first().pk}/run/",
            self.crontab_task.replace("change", "delete"),
        ]  # fmt: skip


def everywhere() -> list[str]:
    """Every page that there is, of one row of each table; of those that one template makes for
    every table alike (a row's history, its deletion, the tables of an app) one."""
    found, made = {}, set()
    for place in places(every_row=False):
        alike = "app" if place.label else place.page if place.page in ("history", "delete") else ""
        if alike not in made:
            found[place.address] = None
        made |= {alike} - {""}
    return sorted(found)


def _session(kind: str) -> str:
    return client_of(make_user(kind)).cookies[settings.SESSION_COOKIE_NAME].value


def _change(row) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def serve(folder: Path, django_db_blocker) -> Iterator[Site]:
    port = free_port()
    log = folder / "web.log"
    with django_db_blocker.unblock():
        # Where no test that is run has the mark of the database, pytest-django makes no tables.
        call_command("migrate", verbosity=0, interactive=False)
        call_command("flush", verbosity=0, interactive=False)  # makes the permissions as well
        rows.make_rows()
        made = Site(f"http://127.0.0.1:{port}")
        env = {**os.environ, "MONGODB_NAME": connection.settings_dict["NAME"]}
    command = [beside_python("daphne"), "-b", "127.0.0.1", "-p", str(port)]
    web = Process("web", [*command, "emulator.asgi:application"], log, env).start()
    wait_until(lambda: answers(port), 120, "the web process")
    yield made
    web.stop()
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)

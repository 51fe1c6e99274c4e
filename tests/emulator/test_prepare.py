"""`manage.py prepare`: once and again."""

from __future__ import annotations

import io
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from stations.models import Station

pytestmark = pytest.mark.django_db


def prepare(*arguments: str) -> str:
    output = io.StringIO()
    call_command("prepare", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


@pytest.fixture(autouse=True)
def nothing_of_the_environment(monkeypatch):
    for name in ("USERNAME", "PASSWORD", "EMAIL"):
        monkeypatch.delenv(f"DJANGO_SUPERUSER_{name}", raising=False)


def test_a_random_password_that_works_is_shown_once():
    password = re.search(r"password (\S+)", prepare("--no-seed"))[1]
    assert get_user_model().objects.get(username="admin").check_password(password)
    assert "password" not in prepare("--no-seed")


def test_the_environments_administrator(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "boss")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long one 4 you")
    assert "a long one" not in prepare("--no-seed")
    assert get_user_model().objects.get(username="boss").check_password("a long one 4 you")


@pytest.mark.parametrize(("before", "after"), [(5, 30), (7, 7)])
def test_an_interval_that_was_made_too_short_is_made_longer(before, after):
    prepare("--no-seed")
    task = PeriodicTask.objects.get(task="scenarios.tasks.tidy_executions")
    assert task.interval.every == 30
    task.interval, _ = IntervalSchedule.objects.get_or_create(every=before, period="seconds")
    task.save()
    prepare("--no-seed")
    task = PeriodicTask.objects.get(task="scenarios.tasks.tidy_executions")
    assert task.interval.every == after


def test_makes_and_ev_profiles_that_ship_are_brought():
    from chargepoint.cars.shipped import shipped
    from stations.cars.tables import CarProfile
    from stations.makes import documents
    from stations.makes.tables import Make

    told = prepare("--no-seed")
    assert "EV profile     van" in told and "make           hallvik-home-7" in told
    assert {row.name for row in CarProfile.objects.filter(shipped=True)} == {*shipped()}
    assert {row.name for row in Make.objects.filter(shipped=True)} == {*documents.shipped()}
    assert "EV profile" not in prepare("--no-seed")


def test_what_the_user_deleted_or_changed_stays_so(monkeypatch):
    monkeypatch.delenv("SYNC_INTERVAL", raising=False)
    prepare()
    assert Station.objects.count() == 10
    Station.objects.filter(identity="DEMO-KEBA-07").delete()
    PeriodicTask.objects.filter(task="stations.tasks.sync_station_state").update(enabled=False)
    prepare()
    assert Station.objects.count() == 9
    tasks = PeriodicTask.objects.filter(task="stations.tasks.sync_station_state")
    assert [(t.enabled, t.queue, t.interval.every) for t in tasks] == [(False, "sync", 30)]

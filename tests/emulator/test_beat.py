"""Periodic tasks on the MongoDB backend: what the admin saves, a real beat does."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_beat.models import IntervalSchedule as Interval

from benchmarks.processes import Process, wait_until
from benchmarks.stack import beside_python
from chaos.clock import WallClock
from emulator.beat import TellingScheduler
from emulator.celery import app
from emulator.monitoring import signs
from tests.admin.html import Page

TASK = "scenarios.tasks.tidy_executions"
HOUR = 3600
PATIENCE = 120  # seconds, on a loaded machine


def make_task(name: str = "Ours", **values) -> PeriodicTask:
    return PeriodicTask.objects.create(name=name, task=TASK, queue="maintenance", **values)


@pytest.fixture
def beat(tmp_path, transactional_db):
    """start() runs a real beat on the tests' own stores."""
    started: list[Process] = []

    def start(**more: str) -> Process:
        env = {**os.environ, "MONGODB_NAME": connection.settings_dict["NAME"], **more}
        command = [beside_python("celery"), "-A", "emulator", "beat", "-l", "INFO", "--pidfile", ""]
        started.append(Process("beat", command, tmp_path / "beat.log", env).start())
        return started[0]

    yield start
    for process in started:
        process.stop()


def test_an_interval_changed_in_the_admin_reaches_a_running_beat(admin_client, beat) -> None:
    hourly = Interval.objects.create(every=3600, period="seconds")
    often = Interval.objects.create(every=1, period="seconds")
    task = make_task(interval=hourly, last_run_at=timezone.now())
    process = beat()
    client = redis.Redis.from_url(os.environ["REDIS_URL"])

    def last_sent() -> bytes | None:
        process.check()
        return client.hget(signs.beat_key(), "task")

    wait_until(lambda: client.hlen(signs.lines_key("beat")), PATIENCE, "the first turn of beat")
    assert PeriodicTask.objects.get(pk=task.pk).total_run_count == 0

    address = f"/admin/django_celery_beat/periodictask/{task.pk}/change/"
    form = Page(admin_client.get(address).content.decode()).form("periodictask_form")
    saved = admin_client.post(address, form.data(interval=str(often.pk), _save="Save"))
    assert saved.status_code == 302, saved.content.decode()[-2000:]
    wait_until(lambda: last_sent() == TASK.encode(), PATIENCE, "a run by the new interval")
    process.stop()  # it writes its counts at the latest when it ends
    task.refresh_from_db()
    assert task.interval == often and task.total_run_count >= 1


def test_a_clock_that_was_an_hour_ahead_stops_no_periodic_task(beat, tmp_path) -> None:
    clock = WallClock(tmp_path)
    if clock.missing:
        pytest.skip(clock.missing)
    make_task(interval=Interval.objects.create(every=1, period="seconds"))
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.delete(signs.beat_key())
    process = beat(**clock.env)

    def runs_at(offset: int) -> bool:
        process.check()
        run = client.hget(signs.beat_key(), "run")
        return run is not None and abs(float(run) - offset - time.time()) < 600

    for offset in (0, HOUR, 0):
        clock.jump(offset)
        wait_until(lambda offset=offset: runs_at(offset), PATIENCE, f"a run, {offset} s off")


def test_a_last_run_in_the_future_counts_as_now(scheduler) -> None:
    task = make_task(
        interval=Interval.objects.create(every=60, period="seconds"),
        last_run_at=timezone.now() + timedelta(hours=1),
    )
    due, wait = scheduler.schedule[task.name].is_due()
    assert not due
    assert wait <= 60


@pytest.fixture
def scheduler(transactional_db) -> TellingScheduler:
    return TellingScheduler(app=app, lazy=True)


def test_a_row_that_cannot_be_planned_stops_no_other(scheduler, caplog) -> None:
    """What a shell or an import wrote: the admin's form refuses these."""
    hourly = Interval.objects.create(every=1, period="hours")
    endless = Interval.objects.create(every=99_999_999_999_999, period="days")
    make_task("sound", interval=hourly)
    make_task("endless", interval=endless)
    make_task("headers of another kind", interval=hourly, headers="[1]")
    names = set(scheduler.all_as_schedule())
    assert "sound" in names
    assert not {"endless", "headers of another kind"} & names
    assert "endless" in caplog.text


def test_a_solar_schedule_is_planned(scheduler) -> None:
    sunrise = SolarSchedule.objects.create(event="sunrise", latitude="52.37", longitude="4.90")
    make_task("at dawn", solar=sunrise)
    assert "at dawn" in scheduler.all_as_schedule()


@pytest.mark.parametrize(
    ("field", "text"),
    [("args", '{"a": 1}'), ("args", "[" * 5000), ("kwargs", "[2]"), ("headers", "[1]"),
     ("headers", "{"), ("kwargs", "{" * 3)],
)  # fmt: skip
def test_the_form_refuses_what_beat_cannot_read(admin_client, field, text) -> None:
    hourly = Interval.objects.create(every=1, period="hours")
    values = {
        "name": "Ours", "task": TASK, "interval": hourly.pk, "args": "[]", "kwargs": "{}",
        "headers": "{}", "enabled": "on", field: text,
    }  # fmt: skip
    answer = admin_client.post("/admin/django_celery_beat/periodictask/add/", values)
    assert answer.status_code == 200
    assert "JSON" in str(answer.context["adminform"].form.errors[field])
    assert not PeriodicTask.objects.filter(name="Ours").exists()


def test_the_form_refuses_an_interval_without_end(admin_client) -> None:
    page = "/admin/django_celery_beat/intervalschedule/add/"
    tasks = {
        "periodictask_set-TOTAL_FORMS": "0", "periodictask_set-INITIAL_FORMS": "0",
    }  # fmt: skip
    for every in ("99999999999999", "999999999"):
        answer = admin_client.post(page, {"every": every, "period": "days", **tasks})
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["every"]
    answer = admin_client.post(page, {"every": "30", "period": "days", **tasks})
    assert answer.status_code == 302


def test_the_tasks_that_beat_looks_at(scheduler) -> None:
    """Those far away are left out, and by nothing but their hour and time."""
    now = timezone.now()
    for hour in range(24):
        schedule = CrontabSchedule.objects.create(minute="0", hour=str(hour), timezone="UTC")
        make_task(f"at {hour}", crontab=schedule)
    make_task("always", crontab=CrontabSchedule.objects.create(minute="*/5", hour="*"))
    make_task("every", interval=Interval.objects.create(every=9, period="seconds"))
    make_task("off", interval=Interval.objects.first(), enabled=False)
    for name, distance in (("soon", 60), ("late", 86_400)):
        time = ClockedSchedule.objects.create(clocked_time=now + timedelta(seconds=distance))
        make_task(name, clocked=time, one_off=True)
    found = {task.name for task in scheduler.enabled_models()}
    near = {(now.hour + offset) % 24 for offset in (-1, 0, 1)}
    far = {(now.hour + offset) % 24 for offset in range(6, 19)} - {4}
    assert {"always", "every", "soon", *(f"at {hour}" for hour in near)} <= found
    assert not {"off", "late", *(f"at {hour}" for hour in far)} & found


def test_what_beat_writes_takes_nothing_back(scheduler) -> None:
    first = Interval.objects.create(every=60, period="seconds")
    task = make_task(interval=first)
    entry = next(scheduler.schedule[task.name])
    other = Interval.objects.create(every=5, period="seconds")
    task.interval, task.description = other, "Changed"
    task.save()
    with CaptureQueriesContext(connection) as written:
        entry.save()
    # A row that is read and saved whole takes back what was saved between the two.
    assert "description" not in str([query["sql"] for query in written])
    task.refresh_from_db()
    assert (task.interval, task.description, task.total_run_count) == (other, "Changed", 1)

    entry._disable(entry.model)  # which was read before the change
    entry.save()
    task.refresh_from_db()
    assert (task.enabled, task.last_run_at, task.description) == (False, None, "Changed")


def test_a_change_is_seen_by_its_time(scheduler) -> None:
    task = make_task(interval=Interval.objects.create(every=60, period="seconds"))
    assert task.name in scheduler.schedule
    assert not scheduler.schedule_changed()
    Interval.objects.get().delete()
    assert scheduler.schedule_changed()
    assert not PeriodicTask.objects.exists()

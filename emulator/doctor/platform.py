"""What the stores tell of the platform: migrations, periodic tasks, processes, queues, shards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from emulator.doctor.findings import Area, Finding
from emulator.monitoring import health, problems, signs
from stations.models import Station
from stations.orders import sharding

DATABASE, PROCESSES, QUEUES, SHARDS, STATIONS, LOG = map(
    Area, ("database", "processes", "queues", "shards", "stations", "message log")
)
PREPARE = "Run `manage.py prepare` (`manage.py up` and compose do it)."
# Those that `manage.py prepare` makes.
TASKS = (
    "accounts.tasks.look_after_trail", "emulator.tasks.keep_figures",
    "messaging.tasks.apply_retention", "messaging.tasks.count_messages",
    "messaging.tasks.fold_news", "scenarios.tasks.start_suites", "scenarios.tasks.tidy_executions",
    "stations.tasks.close_lost_sessions", "stations.tasks.sync_station_state",
)  # fmt: skip


def database() -> Iterator[Finding]:
    """Migrations that wait, and the periodic tasks."""
    executor = MigrationExecutor(connection)
    waiting = [
        f"{migration.app_label}.{migration.name}"
        for migration, backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not backwards
    ]
    if waiting:
        named = ", ".join(waiting[:5]) + (", and others" if len(waiting) > 5 else "")
        yield DATABASE.error(f"{len(waiting)} migrations are not carried out: {named}.", PREPARE)
        return  # the tables may not be there
    yield DATABASE.ok("All migrations are carried out.")
    if not get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        yield DATABASE.error("There is no administrator who can log in.", PREPARE)
    yield from periodic_tasks()


def periodic_tasks() -> Iterator[Finding]:
    """Those of ours that are missing or switched off."""
    from django_celery_beat.models import PeriodicTask

    known = dict(PeriodicTask.objects.filter(task__in=TASKS).values_list("task", "enabled"))
    for task in TASKS:
        if task not in known:
            yield DATABASE.error(f"The periodic task {task} is missing.", PREPARE)
        elif not known[task]:
            yield DATABASE.warning(
                f"The periodic task {task} is switched off.",
                "Switch it on in the admin, under Periodic tasks.",
            )


def wanted_stations() -> int:
    """How many stations shall run."""
    return Station.objects.filter(running=True).count()


def read_signs() -> signs.Signs:
    """Raises redis.RedisError."""
    with signs.connect(settings.REDIS_URL, 3.0) as client:
        return signs.read(client, settings.CHARGE_POINT_SHARDS)


# Area, what looks, what to do where it finds something.
LOOKS: tuple[tuple[Area, Callable[[dict[str, Any], signs.Signs], Iterator[str]], str], ...] = (
    (PROCESSES, lambda answer, found: problems.redis(found),
     "Make room for Redis: its disk or its maxmemory."),
    (PROCESSES, lambda answer, found: problems.processes(found),
     "Start what is missing; the log of what ended says why (`manage.py up`: DATA_DIR/logs)."),
    (PROCESSES, lambda answer, found: problems.celery_children(found),
     "See Celery's log; a batch is delivered to another child after 45 s."),
    (PROCESSES, lambda answer, found: problems.services(found), "See its log in DATA_DIR/logs."),
    (LOG, problems.message_log,
     "See whether MongoDB is slow, and whether Celery runs."),
    (LOG, problems.sync, "See whether Celery and its beat run, and the queue sync."),
    (QUEUES, problems.queues, "Start another Celery worker, or charge point worker for a shard's."),
    (QUEUES, lambda answer, found: problems.executions(found), "Start another scenario runner."),
    (STATIONS, lambda answer, found: problems.charge_points(found),
     "See the worker's log; where its loop is late, start another worker."),
    (QUEUES, lambda answer, found: problems.failures(found), "See Celery's log."),
)  # fmt: skip


def processes(found: signs.Signs) -> Iterator[Finding]:
    """What health calls a problem, and what to do about it."""
    answered = {"ok": True}
    answer = health.report(answered, answered, found, time.time())
    well = True
    for area, look, do in LOOKS:
        for sentence in look(answer, found):
            well = False
            yield area.error(sentence, do)
    if well:
        yield PROCESSES.ok("Every process gives its signs, and no queue is behind.")
    yield from shards(found)


def shards(found: signs.Signs) -> Iterator[Finding]:
    """Workers without shards, and shards without a worker, by the leases in Redis."""
    number, workers = found.shards, len(found.charge_points)
    if workers > number:
        yield SHARDS.warning(
            f"{workers} charge point workers share {number} shards: {workers - number} are idle.",
            f"Stop those, or raise the number while they run: manage.py shards {4 * workers}.",
        )
    if workers and found.shards_owned == number:
        yield SHARDS.ok(f"All {number} shards have a worker ({workers} in all).")


def dividing(found: signs.Signs) -> Iterator[Finding]:
    """Whether the workers are still to make more shards."""
    wanted = sharding.wanted()
    if found.charge_points and wanted > found.shards:
        yield SHARDS.warning(
            f"The stations are being divided into {wanted} shards: there are {found.shards}.",
            "Wait: workers divide what they hold, a shard without a worker after its takeover.",
        )

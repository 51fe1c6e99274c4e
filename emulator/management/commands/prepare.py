"""Make the database ready: migrations, an administrator, demo stations, periodic tasks.

Run by `up` before the other processes, and by the `prepare` service of docker/. Running it again
changes nothing that a user has changed.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

RETENTION_INTERVAL = 60  # seconds; each run deletes for 20 s at most
REAPING_INTERVAL = 5  # seconds; where no runner is left, this finds what a dead one left


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-seed", action="store_true", help="make no demo stations")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"The database was not migrated: {error}") from error
        self.ensure_administrator()
        self.ensure_periodic_tasks()
        if not options["no_seed"] and self.is_empty():
            call_command("seedstations", verbosity=0, stdout=self.stderr)
        if self.has_run_nothing():
            call_command("seedscenarios", verbosity=0, stdout=self.stderr)
        call_command("autostart", verbosity=0, stdout=self.stderr)

    def is_empty(self) -> bool:
        """No station and no template yet: what a user deleted must not come back."""
        from stations.models import Station, Template

        return not Station.objects.exists() and not Template.objects.exists()

    def has_run_nothing(self) -> bool:
        """No scenario and no execution yet; the same rule for the built-in scenarios."""
        from scenarios.models import Execution, Scenario

        return not Scenario.objects.exists() and not Execution.objects.exists()

    def ensure_administrator(self) -> None:
        """At the first start only: DJANGO_SUPERUSER_*, else `admin` with a random password."""
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        name = os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin"
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(12)
        email = os.environ.get("DJANGO_SUPERUSER_EMAIL") or ""
        users.create_superuser(name, email, password)
        if given:
            self.stdout.write(f"  administrator  {name}, with the password of the environment")
        else:
            self.stdout.write(
                f"  administrator  {name}, password {password} (shown only this once; change it "
                "with `python manage.py changepassword`)"
            )

    def ensure_periodic_tasks(self) -> None:
        """Registered once; from then on the admin's word counts, unless SYNC_INTERVAL is set."""
        from django_celery_beat.models import IntervalSchedule, PeriodicTask

        def every(seconds: float) -> IntervalSchedule:
            return IntervalSchedule.objects.get_or_create(
                every=max(1, round(seconds)), period=IntervalSchedule.SECONDS
            )[0]

        sync, made = PeriodicTask.objects.get_or_create(
            name="Sync station state to MongoDB",
            defaults={
                "task": "stations.tasks.sync_station_state",
                "interval": every(settings.SYNC_INTERVAL),
                "queue": "sync",
                "expires": None,
            },
        )
        if not made and os.environ.get("SYNC_INTERVAL"):
            sync.interval = every(settings.SYNC_INTERVAL)
            sync.save()
        retention, made = PeriodicTask.objects.get_or_create(
            name="Apply the retention of messages",
            defaults={
                "task": "messaging.tasks.apply_retention",
                "interval": every(RETENTION_INTERVAL),
                "queue": "maintenance",
            },
        )
        if not made and retention.interval == every(3600):  # of the first release, with TTLs
            retention.interval = every(RETENTION_INTERVAL)
            retention.save()
        PeriodicTask.objects.get_or_create(
            name="Mark executions whose runner died",
            defaults={
                "task": "scenarios.tasks.tidy_executions",
                "interval": every(REAPING_INTERVAL),
                "queue": "maintenance",
            },
        )

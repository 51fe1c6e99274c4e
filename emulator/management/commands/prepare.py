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

from runtime.stores import STORE_ERRORS

RETENTION_INTERVAL = 60  # seconds; each run deletes for 20 s at most
CLOSING_INTERVAL = 300
FIGURES_INTERVAL = 60
TRAIL_INTERVAL = 300
# Seconds; where no runner is left, this finds what a dead one left. Who looks at executions, by the
# API or in the admin, has it looked for before.
REAPING_INTERVAL = 30
SUITES_INTERVAL = 60


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-seed", action="store_true", help="make no demo stations")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except STORE_ERRORS as error:
            raise CommandError(f"The database was not migrated: {error}") from error
        self.ensure_administrator()
        self.ensure_periodic_tasks()
        self.ensure_makes()
        self.ensure_ev_profiles()
        if not options["no_seed"] and self.is_empty():
            call_command("seedstations", verbosity=0, stdout=self.stderr)
        if self.has_run_nothing():
            call_command("seedscenarios", verbosity=0, stdout=self.stderr)
        call_command("autostart", verbosity=0, stdout=self.stderr)

    def ensure_makes(self) -> None:
        """Those that ship, as this version has them; stations of one that has changed follow."""
        from stations.makes import changes

        for make in changes.seed():
            self.stdout.write(f"  make           {make.name}")

    def ensure_ev_profiles(self) -> None:
        """Those that ship, as this version has them."""
        from stations.cars import changes

        for profile in changes.seed():
            self.stdout.write(f"  EV profile     {profile.name}")

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

        def registered(
            name: str, task: str, seconds: float, queue: str = "maintenance", **more: Any
        ) -> tuple[PeriodicTask, bool]:
            defaults = {"task": task, "interval": every(seconds), "queue": queue, **more}
            return PeriodicTask.objects.get_or_create(name=name, defaults=defaults)

        sync, made = registered(
            "Sync station state to MongoDB", "stations.tasks.sync_station_state",
            settings.SYNC_INTERVAL, "sync", expires=None,
        )  # fmt: skip
        if not made and os.environ.get("SYNC_INTERVAL"):
            sync.interval = every(settings.SYNC_INTERVAL)
            sync.save()
        retention, made = registered(
            "Apply the retention of messages", "messaging.tasks.apply_retention", RETENTION_INTERVAL
        )
        if not made and retention.interval == every(3600):  # of the first release, with TTLs
            retention.interval = every(RETENTION_INTERVAL)
            retention.save()
        registered(
            "Put the readings of sessions in their places", "messaging.tasks.fold_news",
            RETENTION_INTERVAL,
        )  # fmt: skip
        registered(
            "Count the messages of the last minutes", "messaging.tasks.count_messages",
            RETENTION_INTERVAL,
        )  # fmt: skip
        registered("Look after the trail", "accounts.tasks.look_after_trail", TRAIL_INTERVAL)
        registered(
            "End sessions that no station knows of", "stations.tasks.close_lost_sessions",
            CLOSING_INTERVAL,
        )  # fmt: skip
        registered(
            "Keep the dashboard's figures", "emulator.tasks.keep_figures", FIGURES_INTERVAL,
            expire_seconds=round(FIGURES_INTERVAL),
        )  # fmt: skip
        reaping, made = registered(
            "Mark executions whose runner died", "scenarios.tasks.tidy_executions",
            REAPING_INTERVAL,
        )  # fmt: skip
        registered(
            "Start the suites whose time has come", "scenarios.tasks.start_suites",
            SUITES_INTERVAL, expire_seconds=SUITES_INTERVAL,
        )  # fmt: skip
        if not made and reaping.interval == every(5):  # as it was made before
            reaping.interval = every(REAPING_INTERVAL)
            reaping.save()

"""Make the built-in scenarios that are missing; those that are there are not touched."""

from typing import Any

from django.core.management.base import BaseCommand

from runtime.words import counted
from scenarios.seeding import seed


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = seed()
        names = ", ".join(row.slug for row in made)
        self.stdout.write(f"{counted(len(made), 'scenario')} made: {names}")

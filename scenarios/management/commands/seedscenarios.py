"""Make the built-in scenarios that are missing; those that are there are not touched."""

from typing import Any

from django.core.management.base import BaseCommand

from scenarios.seeding import seed


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = seed()
        self.stdout.write(f"{len(made)} scenarios made: {', '.join(row.slug for row in made)}")

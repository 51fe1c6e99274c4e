"""Write the table of rights into docs/reference/rights.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from emulator.matrix import PAGE, with_matrix


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # noqa: RUF012 - it asks no store

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(with_matrix(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        self.stdout.write(f"{PAGE.name} has the table of today.")

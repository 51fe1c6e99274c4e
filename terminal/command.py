"""What the commands of this room have in common."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand


class TerminalCommand(BaseCommand):
    """Its docstring is its help, and it needs no checks of the web and the stores."""

    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        # Django's own --version, its number, gives way to the one that means OCPP's.
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve", **kwargs,
        )  # fmt: skip

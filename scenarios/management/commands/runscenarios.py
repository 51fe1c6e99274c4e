"""Run scenarios: one runner process. Start as many as you like; they share the executions."""

from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from runtime import lifetime
from scenarios.engine.runner import Runner


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # `migrate` makes them; here they would load the web

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(run_runner())


async def run_runner() -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the process at once."""
    runner = Runner()
    lifetime.on_signal(runner.stop)
    await runner.run()

"""Run scenarios: one runner process. Start as many as you like; they share the executions."""

import asyncio
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from scenarios.engine.runner import Runner


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # `migrate` makes them; here they would load the web

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(run_runner())


async def run_runner() -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the process at once."""
    runner = Runner()
    loop = asyncio.get_running_loop()

    def leave(number: int) -> None:
        runner.stop()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave, number)
    await runner.run()

"""Run charge points: one worker process. Start as many as you like; they share the stations."""

import asyncio
import gc
import resource
import signal
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand

from messaging.recorder import Recorder
from stations.worker import Worker, WorkerOptions


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # `migrate` makes them; here they would load the web

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--dials", type=int, default=WorkerOptions().dials,
            help="connections being made at a time (default: %(default)s)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        # Thousands of long-lived stations make full collections costly and rarely useful.
        gc.set_threshold(20_000, 20, 100)
        allow_many_sockets()
        uvloop.run(run_worker(WorkerOptions(dials=options["dials"])))


def allow_many_sockets() -> None:
    """Raise the soft limit of open files to the hard one: each station has a socket."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run_worker(options: WorkerOptions) -> None:
    """Run a worker until SIGTERM or SIGINT; a second signal ends the process at once."""
    source = f"charge-points-{asyncio.get_running_loop().time():.0f}"
    worker = Worker(Recorder(settings.JOURNAL_DIR, source), options)
    loop = asyncio.get_running_loop()

    def leave(number: int) -> None:
        worker.stop()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave, number)
    await worker.run()

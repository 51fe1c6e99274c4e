"""Run charge points: one worker process. Start as many as you like; they share the stations."""

import asyncio
import gc
import resource
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand

from messaging.journals.recorder import Recorder
from runtime import lifetime, memory
from stations.checks import dial_rates
from stations.worker.watchdog import Watchdog
from stations.worker.worker import Worker, WorkerOptions


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # `migrate` makes them; here they would load the web

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--dials", type=int, default=settings.CHARGE_POINT_DIALS,
            help="connections being made at a time (default: %(default)s)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        # Thousands of long-lived stations make full collections costly and rarely useful.
        gc.set_threshold(20_000, 20, 100)
        memory.save()
        allow_many_sockets()
        lease = settings.CHARGE_POINT_LEASE_MS
        chosen = WorkerOptions(
            dials=options["dials"],
            rates=dial_rates(),
            spread=settings.CHARGE_POINT_BOOT_SPREAD,
            lease_ms=lease,
            tend_every=lease / 10_000,
        )
        uvloop.run(run_worker(chosen))


def allow_many_sockets() -> None:
    """Raise the soft limit of open files to the hard one: each station has a socket."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _recorder(source: str) -> Recorder:
    if not settings.TRACING:
        return Recorder(settings.JOURNAL_DIR, source)
    from messaging.journals.traced import TracedRecorder
    from runtime.tracing import tracer_of

    return TracedRecorder(settings.JOURNAL_DIR, source, tracer_of("ocpp-charge-points"))


async def run_worker(options: WorkerOptions) -> None:
    """Run a worker until SIGTERM or SIGINT; a second signal ends the process at once."""
    source = f"charge-points-{asyncio.get_running_loop().time():.0f}"
    worker = Worker(_recorder(source), options)
    lifetime.on_signal(worker.stop)
    watchdog = Watchdog(worker.id, options.lease_ms / 1000)
    watchdog.start()
    try:
        await worker.run()
    finally:
        watchdog.stop()

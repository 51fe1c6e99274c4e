"""Start everything on this machine, in order, and stop it in order on Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from emulator import addresses, embedded, preflight, services
from emulator.preflight import CannotStart
from emulator.supervisor import Supervisor


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # the stores do not run yet; `migrate` makes the checks

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-seed", action="store_true", help="make no demo stations")
        parser.add_argument("--no-demo-csms", action="store_true", help="start no demo CSMS")
        parser.add_argument("--no-flower", action="store_true", help="start no Flower")
        parser.add_argument(
            "--min-free-mb", type=int, default=preflight.MIN_FREE_MB,
            help="refuse to start with less room on the disk (default: %(default)s)",
        )  # fmt: skip

    def say(self, line: str) -> None:
        # The terminal may be gone (SIGHUP); the orderly stop goes on without it.
        with contextlib.suppress(OSError):
            print(line, flush=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ports = services.Options.from_environment()
            lock = self.check(ports, options)
        except (CannotStart, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        with lock:
            problem = asyncio.run(self.run(ports, options))
        if problem:
            raise CommandError(problem)

    def check(self, ports: services.Options, options: dict):
        preflight.check_packages(services.BASE_DIR / "requirements.txt")
        preflight.check_disk(settings.DATA_DIR, options["min_free_mb"])
        lock = preflight.lock_data(settings.DATA_DIR)
        preflight.check_port(ports.port, "PORT", "web", ports.host)
        if not options["no_demo_csms"]:
            preflight.check_port(ports.csms_port, "DEMO_CSMS_PORT", "demo CSMS")
        if not options["no_flower"]:
            preflight.check_port(ports.flower_port, "FLOWER_PORT", "Flower")
        return lock

    async def run(self, ports: services.Options, options: dict) -> str | None:
        """Returns the sentence that says why it did not start, or None after an orderly end."""
        environment, stores = self.stores(ports)
        supervisor = Supervisor(settings.DATA_DIR / "logs", environment, self.say)
        starting = asyncio.create_task(self.start(supervisor, ports, options, environment, stores))
        stop = asyncio.Event()

        def on_signal() -> None:
            if stop.is_set():
                self.say("Stopping at once.")
                supervisor.hurry()
            else:
                self.say("\nStopping. Once more to stop at once.")
            stop.set()
            starting.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, on_signal)
        problem = None
        try:
            await starting
            while not stop.is_set():
                supervisor.trim_logs()
                await _wait(stop, 30)
        except asyncio.CancelledError:
            pass
        except CannotStart as refusal:
            problem = str(refusal)
        await supervisor.stop_all(services.STOP_ORDER)
        if problem is None:
            self.say("Stopped. Nothing is left running; the data is in " + str(settings.DATA_DIR))
        return problem

    def stores(self, ports: services.Options) -> tuple[dict[str, str], list]:
        """The children's environment and the embedded stores that are needed."""
        directory: Path = settings.DATA_DIR
        environment = {**os.environ, "DATA_DIR": str(directory), "PYTHONUNBUFFERED": "1"}
        environment["DJANGO_SETTINGS_MODULE"] = "emulator.settings"
        if ports.host not in ("0.0.0.0", "::"):
            hosts = filter(None, [os.environ.get("ALLOWED_HOSTS"), ports.host])
            environment["ALLOWED_HOSTS"] = ",".join(hosts)
        stores = []
        if settings.MONGODB_EMBEDDED or settings.REDIS_EMBEDDED:
            chosen = embedded.choose_ports(directory)
        if settings.MONGODB_EMBEDDED:
            stores.append(embedded.mongodb_service(directory, chosen["mongodb"]))
            environment["MONGODB_URI"] = addresses.embedded_mongodb_uri(chosen["mongodb"])
            environment["MONGODB_EMBEDDED"] = "1"
        if settings.REDIS_EMBEDDED:
            stores.append(embedded.redis_service(directory, chosen["redis"]))
            environment["REDIS_URL"] = addresses.embedded_redis_url(chosen["redis"])
            environment["REDIS_EMBEDDED"] = "1"
        return environment, stores

    async def start(
        self, supervisor: Supervisor, ports: services.Options, options: dict, environment, stores
    ) -> None:
        self.say("Starting the OCPP Emulator")
        for store in stores:
            await supervisor.start(store)
        seed = ["--no-seed"] if options["no_seed"] else []
        await supervisor.run_once("prepare", services.manage("prepare", *seed), shown=True)
        self.say(f"  {'prepare':<14} done")
        redis_url = environment.get("REDIS_URL", settings.REDIS_URL)
        if not options["no_demo_csms"]:
            await supervisor.start(services.demo_csms(ports))
        # Together: each spends most of its start importing.
        group = [
            services.celery(ports, redis_url),
            services.web(ports),
            services.charge_points(redis_url),
            services.scenarios(redis_url),
            services.beat(redis_url),
        ]
        if not options["no_flower"]:
            group.append(services.flower(ports))
        await _all(supervisor.start(service) for service in group)
        self.show_addresses(ports, options)

    def show_addresses(self, ports: services.Options, options: dict) -> None:
        web = ports.web_address
        self.say(f"\nReady. Admin       {web}/admin/")
        self.say(f"       Live view   {web}/admin/live/")
        self.say(f"       API         {web}/api/docs")
        self.say(f"       Health      {web}/api/health")
        if not options["no_flower"]:
            self.say(f"       Workers     http://127.0.0.1:{ports.flower_port}/")
        if not options["no_demo_csms"]:
            self.say(f"       Demo CSMS   ws://127.0.0.1:{ports.csms_port}/<identity>")
        self.say(f"       Logs        {settings.DATA_DIR}/logs/")
        self.say("Ctrl-C stops it.")


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _all(works) -> None:
    """All of them; the first failure or a cancellation ends the others as well."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Start everything on this machine, in order, and stop it in order on Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from emulator.processes import embedded, preflight, services
from emulator.processes.on_demand import at_first_look
from emulator.processes.preflight import CannotStart
from emulator.processes.supervisor import Supervisor
from emulator.profiles import addresses
from runtime import lifetime, memory

STOPPING_PATIENCE = 30.0  # seconds for starts under way to be given up
# emulator.web.documentation says so too; its views are not for this process.
PAGES = services.BASE_DIR / "emulator" / "built_docs"


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # the stores do not run yet; `migrate` makes the checks

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-seed", action="store_true", help="make no demo stations")
        parser.add_argument("--no-demo-csms", action="store_true", help="start no demo CSMS")
        parser.add_argument(
            "--no-docs", action="store_true",
            help="do not build the pages under /docs, where their sources have changed",
        )  # fmt: skip
        flower = parser.add_mutually_exclusive_group()
        flower.add_argument("--no-flower", action="store_true", help="start no Flower")
        flower.add_argument(
            "--flower", action="store_true",
            help="start Flower at once and not at the first look at it: it has seen every task",
        )  # fmt: skip
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
            with self.check(ports, options):
                if settings.MONGODB_EMBEDDED:
                    embedded.give_mongodb_its_user(settings.DATA_DIR, self.say)
                problem = asyncio.run(self.run(ports, options))
        except (CannotStart, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        if problem:
            raise CommandError(problem)

    def check(self, ports: services.Options, options: dict):
        preflight.check_packages(services.BASE_DIR / "requirements.txt")
        preflight.keep_private(settings.DATA_DIR)
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
        redis_url = environment.get("REDIS_URL", settings.REDIS_URL)
        telling = asyncio.create_task(services.tell_states(supervisor, redis_url))
        stop = asyncio.Event()

        def on_signal() -> None:
            if stop.is_set():
                self.say("Stopping at once.")
                supervisor.hurry()
            else:
                self.say("\nStopping. Once more to stop at once.")
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, on_signal)
        problem = None
        keeping = asyncio.create_task(self.keep(supervisor))
        try:
            await _unless_stopped(starting, stop)
            await stop.wait()
        except CannotStart as refusal:
            problem = str(refusal)
        await lifetime.end([telling, keeping])
        await supervisor.stop_all(services.STOP_ORDER)
        supervisor.forks.stop()
        if problem is None:
            self.say("Stopped. Nothing is left running; the data is in " + str(settings.DATA_DIR))
        return problem

    async def keep(self, supervisor: Supervisor) -> None:
        while True:
            await asyncio.sleep(30)
            supervisor.logs.trim()
            supervisor.reap()

    def stores(self, ports: services.Options) -> tuple[dict[str, str], list]:
        """The children's environment and the embedded stores that are needed."""
        directory: Path = settings.DATA_DIR
        environment = {**os.environ, "DATA_DIR": str(directory), "PYTHONUNBUFFERED": "1"}
        environment["DJANGO_SETTINGS_MODULE"] = "emulator.settings"
        for name, value in memory.ENVIRONMENT.items():
            environment.setdefault(name, value)
        environment.setdefault("CELERY_TASK_EVENTS", "0")  # Flower asks for them when it comes
        environment["CELERY_SKIP_CHECKS"] = "1"  # `prepare` makes Django's, for all
        if ports.host not in ("0.0.0.0", "::"):
            hosts = filter(None, [os.environ.get("ALLOWED_HOSTS"), ports.host])
            environment["ALLOWED_HOSTS"] = ",".join(hosts)
        stores = []
        if settings.MONGODB_EMBEDDED or settings.REDIS_EMBEDDED:
            chosen = embedded.choose_ports(directory)
        if settings.MONGODB_EMBEDDED:
            stores.append(embedded.mongodb_service(directory, chosen["mongodb"]))
            uri = addresses.embedded_mongodb_uri(directory, chosen["mongodb"])
            environment["MONGODB_URI"] = uri
            environment["MONGODB_EMBEDDED"] = "1"
        if settings.REDIS_EMBEDDED:
            stores.append(embedded.redis_service(directory, chosen["redis"]))
            environment["REDIS_URL"] = addresses.embedded_redis_url(directory, chosen["redis"])
            environment["REDIS_EMBEDDED"] = "1"
        return environment, stores

    async def start(
        self, supervisor: Supervisor, ports: services.Options, options: dict, environment, stores
    ) -> None:
        self.say("Starting the OCPP Emulator")
        supervisor.forks.start()  # it imports while the stores start
        await _all([supervisor.forks.await_ready(), *map(supervisor.start, stores)])
        seed = ["--no-seed"] if options["no_seed"] else []
        prepare = services.manage("prepare", *seed)
        await supervisor.run_once("prepare", prepare, shown=True, settings=services.USUAL)
        self.say(f"  {'prepare':<14} done")
        redis_url = environment.get("REDIS_URL", settings.REDIS_URL)
        group = [
            services.celery(ports, redis_url),
            services.web(ports),
            services.charge_points(redis_url),
            services.scenarios(redis_url),
            services.beat(redis_url),
        ]
        if not options["no_demo_csms"]:
            group.append(services.demo_csms(ports))
        if options["flower"]:
            group.append(services.flower(ports))
        await _all(supervisor.start(service) for service in group)
        self.show_addresses(ports, options)
        later = []
        if not (options["flower"] or options["no_flower"]):
            flower = services.flower(ports)
            starting = at_first_look(ports.flower_port, lambda: supervisor.start(flower), self.say)
            later.append(starting)
        if not options["no_docs"] and (services.BASE_DIR / "documentation").is_dir():
            later.append(self.build_pages(ports.web_address))
        await _all(later)

    async def build_pages(self, web: str) -> None:
        """The pages under /docs, of a checkout's sources, with processor time that is left over."""
        build, there = ("-m", "documentation", "build", "--if-changed"), PAGES.is_dir()
        with (settings.DATA_DIR / "logs" / "documentation.log").open("wb") as log:
            building = await asyncio.create_subprocess_exec(
                "nice", "-n", "19", sys.executable, *build, cwd=services.BASE_DIR,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                failed = await building.wait()
            except asyncio.CancelledError:
                building.terminate()
                await building.wait()
                raise
        if failed:
            self.say(f"The pages under /docs could not be built: see {log.name}")
        elif not there:
            self.say(f"The documentation is built: {web}/docs/")

    def show_addresses(self, ports: services.Options, options: dict) -> None:
        web = ports.web_address
        self.say(f"\nReady. Admin       {web}/admin/")
        self.say(f"       Live view   {web}/admin/live/")
        self.say(f"       Docs        {web}/docs/{docs_state(options['no_docs'])}")
        self.say(f"       API         {web}/api/docs")
        self.say(f"       Health      {web}/api/health")
        if not options["no_flower"]:
            self.say(f"       Workers     http://127.0.0.1:{ports.flower_port}/")
        if not options["no_demo_csms"]:
            self.say(f"       Demo CSMS   ws://127.0.0.1:{ports.csms_port}/<identity>")
        self.say(f"       Logs        {settings.DATA_DIR}/logs/")
        self.say("Ctrl-C stops it.")


def docs_state(no_docs: bool) -> str:
    """What the list of addresses says behind that of the pages: whether they are there yet."""
    if PAGES.is_dir():
        return ""
    sources = (services.BASE_DIR / "documentation").is_dir()
    if sources and not no_docs:
        return "  (being built; a line says when it is done)"
    return "  (not built: `make docs`)"


async def _unless_stopped(starting: asyncio.Task, stop: asyncio.Event) -> None:
    """Wait for the start, or give it up at the word; raises what it raised."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    await lifetime.end([starting, stopping], STOPPING_PATIENCE)
    if starting.done() and not starting.cancelled():
        starting.result()


async def _all(works) -> None:
    """All of them; the first failure or a cancellation ends the others as well."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await lifetime.end(tasks, STOPPING_PATIENCE)

"""The whole platform as real processes, in a directory and on free ports of its own.

The same commands and environment variables that `manage.py up` uses, but each process by itself,
so that a test can kill any of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pymongo
import redis

from benchmarks.console import Console
from benchmarks.forks import Forks, words_of
from benchmarks.migrated import Migrated
from benchmarks.processes import ROOT, Process, answers, free_port, wait_until
from emulator.processes import embedded
from runtime import redis_clients
from runtime.memory import ENVIRONMENT

DATABASE = "ocpp_emulator"
START_PATIENCE = 120.0
MIGRATE = ("migrate", "--no-input", "-v", "0")
PREPARE = ("prepare", "--no-seed")
LOGIN = ("username", "password")
ADMIN = ("admin", "a password for the tests")
METRICS_TOKEN = "a token for the tests"
METRICS = {"Authorization": f"Bearer {METRICS_TOKEN}"}  # headers of who reads health


class Stack:
    """Use as a context manager; `start` names what to run beside the two stores.

    forked: processes are forked as `manage.py up` forks them, which spares each the imports. What
    is measured is started by itself. migrated: what a folder without data begins with, where it
    need not be migrated.
    """

    forked = False
    migrated: Migrated | None = None

    def __init__(self, directory: Path, start: Iterable[str] = ("worker", "celery"), **env: str):
        self.directory = directory
        self.redis_port, self.mongo_port, self.web_port = free_port(), free_port(), free_port()
        self.env = {
            "DJANGO_SETTINGS_MODULE": "emulator.settings",
            "DJANGO_SECRET_KEY": "only for tests and benchmarks",
            "DJANGO_SUPERUSER_PASSWORD": ADMIN[1],
            "METRICS_TOKEN": METRICS_TOKEN,
            "DATA_DIR": str(directory / "data"),
            "JOURNAL_DIR": str(directory / "journal"),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "MONGODB_URI": f"mongodb://127.0.0.1:{self.mongo_port}/?directConnection=true",
            "MONGODB_NAME": DATABASE,
            "MONGODB_JOURNAL": "1",
            "PORT": str(self.web_port),
            "PYTHONUNBUFFERED": "1",
            "STATION_DELAYS": "0",
            **ENVIRONMENT,  # as `up` has it: the embedded store, too
            **env,
        }
        self.processes: dict[str, Process] = {}
        self._start = tuple(start)
        self._console: Console | None = None
        self._forks: tuple[dict[str, str], Forks] | None = None

    def __enter__(self) -> Stack:
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self.forks()  # it imports while the stores start
            self.start_redis()
            home = self.directory / "mongodb"
            if new := self.migrated is not None and not home.exists():
                self.migrated.give(home, self._migrate_and_stop)
            self.start_mongo()
            # What beat runs by is made by `prepare`, which migrates too.
            if "beat" in self._start:
                self.manage(*PREPARE)
            elif not new:
                self.manage(*MIGRATE)
            self.start(*self._start)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._console is not None:
            self._console.close()
        # In the order that data flows, so that each can hand on what it has.
        order = ["web", "beat", "scenarios", "worker", "celery"]
        names = sorted(self.processes, key=lambda n: order.index(n) if n in order else 2)
        stores = [n for n in names if n in ("redis", "mongo")]
        for name in [n for n in names if n not in stores] + stores:
            self.processes[name].stop()
        if self._forks is not None:
            self._forks[1].stop()
            self._forks = None

    def _migrate_and_stop(self) -> None:
        self.start_mongo()
        self.manage(*MIGRATE)
        if self.processes.pop("mongo").stop(START_PATIENCE):
            raise AssertionError("The store that was migrated did not end well.")

    # --- parts -------------------------------------------------------------------------------

    def run(self, name: str, *command: str, **env: str) -> Process:
        log = self.directory / f"{name}.log"
        process = Process(name, list(command), log, {**self.env, **env})
        if not env and (forks := self.forks()) and (known := words_of(process.command)):
            words, settings = known
            process.fork = lambda output: forks.fork(words, output, output, settings)
        self.processes[name] = process
        return process.start()

    def forks(self) -> Forks | None:
        """What forks processes that live by the environment as it is now; None: nothing does."""
        if not self.forked:
            return None
        if self._forks is not None and self._forks[0] != self.env:
            self._forks[1].stop()
            self._forks = None
        if self._forks is None:
            environment = {**os.environ, **self.env}
            self._forks = {**self.env}, Forks(environment, self.directory / "forks.log")
        return self._forks[1]

    def launch(self, part: str, name: str = "", **env: str) -> Process:
        """Start a part without waiting until it works; `name` where there is more than one."""
        name = name or part
        return self.run(name, *self.command(part, name), **env)

    def command(self, part: str, name: str) -> list[str]:
        match part:
            case "redis":
                return embedded.redis_command(self.directory / "redis", self.redis_port)
            case "mongo":
                return embedded.mongodb_command(self.directory / "mongodb", self.mongo_port)
            case "worker":
                return [sys.executable, "manage.py", "runchargepoints"]
            case "scenarios":
                return [sys.executable, "manage.py", "runscenarios"]
            case "celery":
                return [
                    beside_python("celery"), "-A", "emulator", "worker", "-l", "INFO",
                    "-Q", "messages,sync,maintenance", "--concurrency", "2", "-n", f"{name}@%h",
                ]  # fmt: skip
            case "beat":
                return [
                    beside_python("celery"), "-A", "emulator", "beat", "-l", "INFO",
                    "--pidfile", "",
                ]  # fmt: skip
            case "web":
                return [
                    beside_python("daphne"), "-b", "127.0.0.1", "-p", str(self.web_port),
                    "emulator.asgi:application",
                ]  # fmt: skip
        raise ValueError(f"no part {part}")

    def start_redis(self) -> None:
        self.launch("redis")
        with redis.Redis(port=self.redis_port) as client:
            self.await_start("redis", lambda: _pings(client))

    def start_mongo(self) -> None:
        self.launch("mongo")
        self.await_start("mongo", lambda: answers(self.mongo_port))

    def start(self, *parts: str) -> None:
        """Start parts beside one another and wait until each works."""
        for part in parts:
            if part == "web":
                self.make_admin()
            self.launch(part)
        for part in parts:
            self._await(part, part)

    def _start_one(self, part: str, name: str) -> Process:
        process = self.launch(part, name)
        self._await(part, name)
        return process

    def start_worker(self, name: str = "worker") -> Process:
        """A charge point worker; more than one may run."""
        return self._start_one("worker", name)

    def start_celery(self, name: str = "celery") -> Process:
        return self._start_one("celery", name)

    def start_scenarios(self, name: str = "scenarios") -> Process:
        """A runner of scenarios; more than one may run."""
        return self._start_one("scenarios", name)

    def start_beat(self) -> Process:
        return self.launch("beat")

    def start_web(self) -> Process:
        self.start("web")
        return self.processes["web"]

    def make_admin(self) -> None:
        name, password = ADMIN
        self.console.ask("admin", name=name, password=password)

    def _await(self, part: str, name: str) -> None:
        """Wait until it tells of itself, in the way of its part; of beat there is none."""
        process = self.processes[name]
        with self.redis as client:
            match part:
                case "worker":
                    self.await_start(name, lambda: _tells(client, "ocpp:fleet:workers", process))
                case "scenarios":
                    told = "ocpp:scenarios:runners"
                    self.await_start(name, lambda: _tells(client, told, process))
                case "celery":
                    self.await_start(name, lambda: " ready." in process.tail(100_000))
                case "web":
                    self.await_start(name, lambda: answers(self.web_port))

    def await_start(self, name: str, check) -> None:
        process = self.processes[name]

        def ready() -> bool:
            process.check()
            return check()

        wait_until(ready, START_PATIENCE, f"{name} is up; its log ends:\n{process.tail(800)}")

    # --- looking in --------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def console(self) -> Console:
        """An operator with the platform's own code, in a process of its own."""
        if self._console is None:
            self._console = Console(self.env, self.directory / "console.log", self.forks())
        return self._console

    def log_in(self) -> str:
        """A token of the API for the admin."""
        answer = post_json(f"{self.url}/api/auth/login", dict(zip(LOGIN, ADMIN, strict=True)))
        return answer["token"]

    @property
    def mongo(self) -> pymongo.database.Database:
        return pymongo.MongoClient(self.env["MONGODB_URI"], tz_aware=True)[DATABASE]

    @property
    def redis(self) -> redis.Redis:
        return redis_clients.connect(self.env["REDIS_URL"])

    def manage(self, *arguments: str) -> str:
        if (forks := self.forks()) is not None:
            return self._manage_forked(forks, arguments)
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True,
            env={**self.processes["redis"].env, "PATH": "/usr/bin:/bin"}, timeout=180,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"manage.py {arguments[0]} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def _manage_forked(self, forks: Forks, arguments: tuple[str, ...]) -> str:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            words = ["manage.py", *arguments]
            process = forks.fork(words, output.fileno(), errors.fileno())
            try:
                code = process.wait(180)
            except BaseException:
                process.kill()
                process.wait()
                raise
            output.seek(0)
            errors.seek(0)
            if code:
                said = errors.read().decode(errors="replace")
                raise AssertionError(f"manage.py {arguments[0]} failed:\n{said[-3000:]}")
            return output.read().decode()


def post_json(url: str, body: dict, token: str = "") -> dict:
    """POST to our own web process and return its JSON."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return json.load(answer)


def beside_python(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _tells(client: redis.Redis, key: str, process: Process) -> bool:
    return any(json.loads(line)["pid"] == process.pid for line in client.hvals(key))


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False

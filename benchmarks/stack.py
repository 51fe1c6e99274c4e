"""The whole platform as real processes, in a directory and on free ports of its own.

The same commands and environment variables that `manage.py up` uses, but each process by itself,
so that a test can kill any of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pymongo
import redis

from benchmarks.console import Console
from benchmarks.processes import ROOT, Process, answers, free_port, wait_until
from emulator import embedded

DATABASE = "ocpp_emulator"
START_PATIENCE = 60.0
LOGIN = ("username", "password")
ADMIN = ("admin", "a password for the tests")


class Stack:
    """Use as a context manager; `start` names what to run beside the two stores."""

    def __init__(self, directory: Path, start: Iterable[str] = ("worker", "celery"), **env: str):
        self.directory = directory
        self.redis_port, self.mongo_port, self.web_port = free_port(), free_port(), free_port()
        self.env = {
            "DJANGO_SETTINGS_MODULE": "emulator.settings",
            "DJANGO_SECRET_KEY": "only for tests and benchmarks",
            "DJANGO_SUPERUSER_PASSWORD": ADMIN[1],
            "DATA_DIR": str(directory / "data"),
            "JOURNAL_DIR": str(directory / "journal"),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "MONGODB_URI": f"mongodb://127.0.0.1:{self.mongo_port}/?directConnection=true",
            "MONGODB_NAME": DATABASE,
            "PORT": str(self.web_port),
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self.processes: dict[str, Process] = {}
        self._start = tuple(start)
        self._console: Console | None = None

    def __enter__(self) -> Stack:
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self.start_redis()
            self.start_mongo()
            self.manage("migrate", "--no-input", "-v", "0")
            for name in self._start:
                getattr(self, f"start_{name}")()
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

    # --- parts -------------------------------------------------------------------------------

    def run(self, name: str, *command: str, **env: str) -> Process:
        log = self.directory / f"{name}.log"
        process = Process(name, list(command), log, {**self.env, **env})
        self.processes[name] = process
        return process.start()

    def start_redis(self) -> None:
        self.run("redis", *embedded.redis_service(self.directory, self.redis_port).command)
        with redis.Redis(port=self.redis_port) as client:
            self.await_start("redis", lambda: _pings(client))

    def start_mongo(self) -> None:
        self.run("mongo", *embedded.mongodb_service(self.directory, self.mongo_port).command)
        self.await_start("mongo", lambda: answers(self.mongo_port))

    def start_worker(self, name: str = "worker") -> Process:
        """A charge point worker; more than one may run."""
        process = self.run(name, sys.executable, "manage.py", "runchargepoints")
        with redis.Redis(port=self.redis_port) as client:
            self.await_start(
                name,
                lambda: any(
                    f'"pid":{process.pid},'.encode() in line.replace(b" ", b"")
                    for line in client.hvals("ocpp:fleet:workers")
                ),
            )
        return process

    def start_celery(self, name: str = "celery") -> Process:
        process = self.run(
            name, beside_python("celery"), "-A", "emulator", "worker", "-l", "INFO",
            "-Q", "messages,sync,maintenance", "--concurrency", "2", "-n", f"{name}@%h",
        )  # fmt: skip
        self.await_start(name, lambda: " ready." in process.tail(100_000))
        return process

    def start_scenarios(self, name: str = "scenarios") -> Process:
        """A runner of scenarios; more than one may run."""
        process = self.run(name, sys.executable, "manage.py", "runscenarios")
        with redis.Redis(port=self.redis_port) as client:
            self.await_start(
                name,
                lambda: any(
                    json.loads(line)["pid"] == process.pid
                    for line in client.hvals("ocpp:scenarios:runners")
                ),
            )
        return process

    def start_beat(self) -> Process:
        return self.run(
            "beat", beside_python("celery"), "-A", "emulator", "beat", "-l", "INFO",
            "--pidfile", "",
        )  # fmt: skip

    def start_web(self) -> Process:
        name, password = ADMIN
        self.console.ask("admin", name=name, password=password)
        process = self.run(
            "web", beside_python("daphne"), "-b", "127.0.0.1", "-p", str(self.web_port),
            "emulator.asgi:application",
        )  # fmt: skip
        self.await_start("web", lambda: answers(self.web_port))
        return process

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
            self._console = Console(self.env, self.directory / "console.log")
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
        return redis.Redis.from_url(self.env["REDIS_URL"])

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True,
            env={**self.processes["redis"].env, "PATH": "/usr/bin:/bin"}, timeout=180,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"manage.py {arguments[0]} failed:\n{done.stderr[-3000:]}")
        return done.stdout


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


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False

"""The platform under fire: its processes, kept alive as `manage.py up` does, and ways to look in.

All that starts a process runs on one thread: a child dies with the thread that forked it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pymongo
import redis

from benchmarks.child import Child
from benchmarks.processes import Process, answers, wait_until
from benchmarks.stack import DATABASE, PREPARE, Stack
from chaos.clock import WallClock
from chaos.disk import SmallDisk
from chaos.hosts import Hosts

SINGLE = ("redis", "mongo", "celery", "beat", "scenarios", "web")
RESTART_PAUSE = 1.0  # seconds, as the supervisor's first
STEP = 0.2
START_PATIENCE = 300.0
ENDING_PATIENCE = 90.0  # seconds that a process may take to end in order


class Platform:
    """`down`: parts that a fault holds down. `fell`: what ended though nobody had ended it."""

    def __init__(self, directory: Path, workers: int, on_hosts: bool = False) -> None:
        self.directory = directory
        self.clock = WallClock(directory)
        self.disk = SmallDisk(directory / "journals")
        self.stack = Stack(
            directory / "stack", start=(), JOURNAL_DIR=str(self.disk.place), **self.clock.env
        )
        self.stack.forked = True  # as `up` starts them
        self.workers = workers
        self.down: set[str] = set()
        self.fell: list[str] = []
        self.late: list[str] = []  # did not end in order in time
        self.network = Child("chaos.proxy", directory / "network.log")
        self.hosts = Hosts(directory / "hosts", self.network) if on_hosts else None
        self._dead_since: dict[str, float] = {}
        self._retiring: dict[str, Process] = {}
        self._stores: dict[str, object] = {}

    # --- life --------------------------------------------------------------------------------

    def start(self) -> None:
        stack = self.stack
        stack.directory.mkdir(parents=True, exist_ok=True)
        ports = {
            name: self.network.ask("open", name=name, target=port)
            for name, port in (("redis", stack.redis_port), ("mongo", stack.mongo_port))
        }
        stack.env["REDIS_URL"] = f"redis://127.0.0.1:{ports['redis']}/0"
        stack.env["MONGODB_URI"] = f"mongodb://127.0.0.1:{ports['mongo']}/?directConnection=true"
        if self.hosts:
            self.hosts.reach("redis", ports["redis"], stack.redis_port)
            self.hosts.reach("mongo", ports["mongo"], stack.mongo_port)
        stack.forks()  # it imports while the stores start
        stack.start_redis()
        stack.start_mongo()
        stack.manage(*PREPARE)
        for name in self.names():
            if name not in stack.processes:
                self.launch(name)
        wait_until(lambda: answers(stack.web_port), START_PATIENCE, "the web process answers")

    def csms_url(self, port: int) -> str:
        """Of a CSMS that listens on this port, as stations have to dial it."""
        if self.hosts:
            self.hosts.reach("csms", self.hosts.csms_port, port)
            port = self.hosts.csms_port
        return f"ws://127.0.0.1:{port}/ocpp"

    def close(self) -> None:
        for work in (self._resume_all, self.stack.stop, self.network.close, self.disk.close):
            with contextlib.suppress(Exception):
                work()
        if self.hosts:
            self.hosts.close()

    def _resume_all(self) -> None:
        for process in [*self.stack.processes.values(), *self._retiring.values()]:
            process.resume()
        for process in self._retiring.values():
            process.stop(5)

    def names(self) -> list[str]:
        """Of the processes that should live, stores first."""
        return [*SINGLE, *(f"worker-{number}" for number in range(1, self.workers + 1))]

    def launch(self, name: str) -> Process:
        if self.hosts and name.startswith("worker-"):
            return self.hosts.launch(self.stack, name)
        return self.stack.launch(name.split("-")[0], name)

    def set_workers(self, number: int) -> None:
        """Run so many; one that is too many leaves in order."""
        self.workers = number
        for name in list(self.stack.processes):
            if name.startswith("worker-") and name not in self.names():
                process = self.stack.processes.pop(name)
                self._retiring[name] = process
                process.popen.terminate()
        self.mend()

    def mend(self) -> None:
        """Start what has died and is not held down by a fault."""
        now = time.monotonic()
        for name in self.names():
            process = self.stack.processes.get(name)
            if name in self.down or (process is not None and process.alive):
                self._dead_since.pop(name, None)
                continue
            if process is not None and name not in self._dead_since:
                self.fell.append(f"{name} ended with {process.popen.returncode}")
            if now - self._dead_since.setdefault(name, now) >= RESTART_PAUSE:
                self._dead_since.pop(name)
                self.bring_up(name)

    def bring_up(self, name: str) -> None:
        """Start it anew; what its dead leader may have left is ended first, as `up` does."""
        process = self.stack.processes.get(name)
        if process is not None:
            process.signal(signal.SIGKILL)
        self.launch(name)
        self.down.discard(name)

    def pause(self, seconds: float) -> None:
        """Wait, and look after the processes meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.mend()
            time.sleep(min(STEP, left))

    # --- ending ------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        self.down.add(name)
        process = self.stack.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.popen.wait(10)

    def terminate(self, name: str) -> None:
        self.down.add(name)
        self.stack.processes[name].popen.terminate()

    def await_end(self, name: str) -> None:
        """After `terminate`: it has to end by itself."""
        process = self.stack.processes[name]
        limit = time.monotonic() + ENDING_PATIENCE
        while process.alive and time.monotonic() < limit:
            self.pause(STEP)
        if process.alive:
            self.late.append(f"{name} did not end within {ENDING_PATIENCE:g} s of SIGTERM")
            process.kill()

    def await_retired(self) -> None:
        """Those that `set_workers` has sent away: each has to end by itself."""
        limit = time.monotonic() + ENDING_PATIENCE
        while any(process.alive for process in self._retiring.values()):
            if time.monotonic() > limit:
                break
            self.pause(STEP)
        for name, process in self._retiring.items():
            if process.alive:
                self.late.append(f"{name} did not end within {ENDING_PATIENCE:g} s of SIGTERM")
                process.kill()
        self._retiring.clear()

    # --- shards ------------------------------------------------------------------------------

    def divide(self, number: int) -> None:
        """Have so many shards."""
        self.stack.manage("shards", str(number), "--wait", "120")

    def shards(self) -> dict[str, int]:
        """{worker: how many it runs}, as the living tell."""
        lines = [json.loads(line) for line in self.redis.hvals("ocpp:fleet:workers")]
        return {line["id"]: len(line["serves"]) for line in lines}

    def journals(self) -> Iterator[Path]:
        """Folders that a worker has written its log's records into."""
        locks = self.hosts.journals() if self.hosts else self.disk.place.glob("*/owner.lock")
        return (lock.parent for lock in locks)

    def children(self, name: str) -> list[psutil.Process]:
        return sorted(self.stack.processes[name].family()[1:], key=lambda child: child.pid)

    def empty_redis(self) -> None:
        """Its data is gone while it is down."""
        shutil.rmtree(self.stack.directory / "redis", ignore_errors=True)

    # --- looking in, past the proxies ----------------------------------------------------------

    @property
    def redis(self) -> redis.Redis:
        if "redis" not in self._stores:
            self._stores["redis"] = redis.Redis(
                port=self.stack.redis_port, socket_timeout=5, socket_connect_timeout=5
            )
        return self._stores["redis"]

    @property
    def mongo(self) -> pymongo.database.Database:
        if "mongo" not in self._stores:
            self._stores["mongo"] = pymongo.MongoClient(
                port=self.stack.mongo_port, directConnection=True, tz_aware=True,
                serverSelectionTimeoutMS=5000, socketTimeoutMS=60_000,
            )  # fmt: skip
        return self._stores["mongo"][DATABASE]

"""The processes of `manage.py up`: how each is run and how its health is asked."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from emulator.monitoring import signs
from emulator.processes.supervisor import Service, Supervisor
from messaging import pulse

BASE_DIR = Path(__file__).resolve().parents[2]
# Scenarios first, their cleanup steps need stations; then charge points, so that their last
# messages find Celery at work; the stores after all.
STOP_ORDER = [
    "scenarios", "charge points", "demo CSMS", "web", "flower", "beat", "celery", "redis",
    "mongodb",
]  # fmt: skip
DRAIN_PATIENCE = 20.0  # seconds
READ_EVERY = 0.25  # seconds
# Settings of what is forked. A charge point worker's own leave out what is in memory here anyway.
USUAL, OF_THE_WEB = "emulator.settings", "emulator.profiles.web"


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    csms_port: int
    flower_port: int
    concurrency: int

    @classmethod
    def from_environment(cls) -> Options:
        """Raises ValueError with the sentence to show."""

        def number(name: str, default: int) -> int:
            text = os.environ.get(name) or str(default)
            if not text.isdigit():
                raise ValueError(f"{name}={text} is not a number.")
            return int(text)

        return cls(
            host=os.environ.get("HOST") or "127.0.0.1",
            port=number("PORT", 8000),
            csms_port=number("DEMO_CSMS_PORT", 9220),
            flower_port=number("FLOWER_PORT", 5555),
            concurrency=number("CELERY_CONCURRENCY", 2),
        )

    @property
    def web_address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def manage(*arguments: str) -> list[str]:
    return python(str(BASE_DIR / "manage.py"), *arguments)


def http_answers(address: str) -> Callable[[int], bool]:
    """A check that takes a process id and says whether `address` answers 200; it raises where
    nothing answers."""

    def ready(pid: int) -> bool:
        # Straight to the process, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # The address may be one that ALLOWED_HOSTS does not name.
        request = urllib.request.Request(address, headers={"Host": "127.0.0.1"})
        with opener.open(request, timeout=3) as answer:
            return answer.status == 200

    return ready


def http_responds(address: str) -> Callable[[int], bool]:
    """Whether anything comes back at all: 503 says that a store is away, not the process."""
    answers = http_answers(address)

    def responds(pid: int) -> bool:
        try:
            return answers(pid)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return responds


class Signs:
    """What the processes tell Redis: read once for all who ask within a moment."""

    def __init__(self, redis_url: str) -> None:
        self.client = signs.connect(redis_url, 2)
        self._found: tuple[float, signs.Signs] | None = None

    def read(self) -> signs.Signs:
        """Raises what a Redis that is away raises. Who asks at the same time may ask twice."""
        if self._found is None or time.monotonic() - self._found[0] > READ_EVERY:
            self._found = time.monotonic(), signs.read(self.client)
        return self._found[1]


@functools.cache
def signs_at(redis_url: str) -> Signs:
    return Signs(redis_url)


def gives_signs(redis_url: str, kind: str) -> Callable[[int], bool]:
    """Whether the process of this id tells that it lives; raises where Redis is away."""

    def alive(pid: int) -> bool:
        return any(line["pid"] == pid for line in getattr(signs_at(redis_url).read(), kind))

    return alive


def celery_works(redis_url: str) -> Callable[[int], bool]:
    """As gives_signs, of the worker and of every child of its pool."""

    def alive(pid: int) -> bool:
        found = signs_at(redis_url).read()
        lines = [line for line in found.celery if line["pid"] == pid]
        return bool(lines) and not signs.silent_children(lines[0], found)

    return alive


def demo_csms(options: Options) -> Service:
    """The demo CSMS on its port."""
    from emulator.processes.preflight import port_is_free

    return Service(
        "demo CSMS",
        python("-m", "democsms", "--port", str(options.csms_port)),
        ready=lambda pid: not port_is_free(options.csms_port),
        cwd=BASE_DIR,
    )


def web(options: Options) -> Service:
    return Service(
        "web",
        python(
            *("-m", "daphne", "-v", "0", "-b", options.host, "-p", str(options.port)),
            *("--application-close-timeout", "5", "emulator.asgi:application"),
        ),
        ready=http_answers(f"{options.web_address}/api/health"),
        answers=http_responds(f"{options.web_address}/api/health"),
        cwd=BASE_DIR,
        settings=OF_THE_WEB,
    )


def charge_points(redis_url: str) -> Service:
    """A charge point worker, ready and well for as long as it gives signs of life."""
    ready = gives_signs(redis_url, "charge_points")
    command = manage("runchargepoints")
    return Service("charge points", command, ready, ready, cwd=BASE_DIR, settings=USUAL)


def scenarios(redis_url: str) -> Service:
    """A scenario runner, ready and well for as long as it gives signs of life."""
    ready = gives_signs(redis_url, "scenarios")
    command = manage("runscenarios")
    return Service("scenarios", command, ready, ready, cwd=BASE_DIR, settings=USUAL)


def celery(options: Options, redis_url: str) -> Service:
    """A Celery worker for all queues; before it stops it stores the messages that wait."""
    command = python(
        *("-m", "celery", "-A", "emulator", "worker", "--queues", ",".join(signs.QUEUES)),
        *("--concurrency", str(options.concurrency), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )
    return Service(
        "celery", command, gives_signs(redis_url, "celery"), celery_works(redis_url),
        # With stores that do not answer its last tasks take half a minute to give up.
        cwd=BASE_DIR, before_stop=lambda: drain_messages(redis_url), stop_patience=45.0,
        settings=USUAL,
    )  # fmt: skip


def drain_messages(redis_url: str) -> None:
    """Wait until the log's queue is empty. What remains is kept by Redis for the next start."""
    limit = time.monotonic() + DRAIN_PATIENCE
    with contextlib.suppress(Exception), signs.connect(redis_url, 2) as client:
        while time.monotonic() < limit:
            if not client.llen(signs.celery_prefix() + "messages"):
                return
            time.sleep(0.1)


def beat(redis_url: str) -> Service:
    """The scheduler of periodic tasks."""
    ready = gives_signs(redis_url, "beat")
    command = python("-m", "celery", "-A", "emulator", "beat", "--pidfile=", "--loglevel", "INFO")
    return Service("beat", command, ready, ready, cwd=BASE_DIR, settings=USUAL)


def flower(options: Options) -> Service:
    """Celery's monitor, on this machine's port only."""
    command = python(
        *("-m", "celery", "-A", "emulator", "flower"),
        *("--address=127.0.0.1", f"--port={options.flower_port}", "--logging=warning"),
    )
    address = f"http://127.0.0.1:{options.flower_port}/healthcheck"
    return Service("flower", command, http_answers(address), cwd=BASE_DIR, settings=USUAL)


async def tell_states(supervisor: Supervisor, redis_url: str) -> None:
    """Tell Redis, until cancelled, how each process is: health knows from it what must run."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    place = (signs.prefix(), "supervisors", name, signs.lines_key("supervisors"))

    def do(work: Callable, *more: str) -> None:
        # While Redis is away there is nobody to tell.
        with contextlib.suppress(redis.RedisError, OSError):
            work(signs_at(redis_url).client, *place, *more)

    try:
        while True:
            line = json.dumps({"pid": os.getpid(), "services": supervisor.states()})
            with contextlib.suppress(RuntimeError):  # no room for a thread just now
                await asyncio.to_thread(do, pulse.tell, line)
            await asyncio.sleep(pulse.EVERY)
    finally:
        do(pulse.withdraw)

"""The processes of `manage.py up`: how each is run and how its health is asked."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator import signs
from emulator.supervisor import Service

BASE_DIR = Path(__file__).resolve().parent.parent
# Scenarios first, their cleanup steps need stations; then charge points, so that their last
# messages find Celery at work; the stores after all.
STOP_ORDER = [
    "scenarios", "charge points", "demo CSMS", "web", "flower", "beat", "celery", "redis",
    "mongodb",
]  # fmt: skip
DRAIN_PATIENCE = 20.0  # seconds


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
    def ready(pid: int) -> bool:
        # Straight to the process, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # The address may be one that ALLOWED_HOSTS does not name.
        request = urllib.request.Request(address, headers={"Host": "127.0.0.1"})
        with opener.open(request, timeout=3) as answer:
            return answer.status == 200

    return ready


def demo_csms(options: Options) -> Service:
    from emulator.preflight import port_is_free

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
        cwd=BASE_DIR,
    )


def charge_points(redis_url: str) -> Service:
    def ready(pid: int) -> bool:
        with signs.connect(redis_url, 2) as client:
            return any(line["pid"] == pid for line in signs.read(client).charge_points)

    return Service("charge points", manage("runchargepoints"), ready, cwd=BASE_DIR)


def scenarios(redis_url: str) -> Service:
    def ready(pid: int) -> bool:
        with signs.connect(redis_url, 2) as client:
            return any(line["pid"] == pid for line in signs.read(client).scenarios)

    return Service("scenarios", manage("runscenarios"), ready, cwd=BASE_DIR)


def celery(options: Options, redis_url: str) -> Service:
    def ready(pid: int) -> bool:
        with signs.connect(redis_url, 2) as client:
            return any(line["pid"] == pid for line in signs.read(client).celery)

    command = python(
        *("-m", "celery", "-A", "emulator", "worker", "--queues", ",".join(signs.QUEUES)),
        *("--concurrency", str(options.concurrency), "--loglevel", "INFO"),
        *("--task-events", "--without-gossip", "--without-mingle"),
    )
    return Service(
        "celery", command, ready, cwd=BASE_DIR, before_stop=lambda: drain_messages(redis_url)
    )


def drain_messages(redis_url: str) -> None:
    """Wait until the log's queue is empty. What remains is kept by Redis for the next start."""
    limit = time.monotonic() + DRAIN_PATIENCE
    with contextlib.suppress(Exception), signs.connect(redis_url, 2) as client:
        while time.monotonic() < limit:
            if not client.llen(signs.celery_prefix() + "messages"):
                return
            time.sleep(0.1)


def beat(redis_url: str) -> Service:
    def ready(pid: int) -> bool:
        with signs.connect(redis_url, 2) as client:
            sign = signs.read(client).beat
        return sign is not None and sign.get("pid") == str(pid)

    command = python("-m", "celery", "-A", "emulator", "beat", "--pidfile=", "--loglevel", "INFO")
    return Service("beat", command, ready, cwd=BASE_DIR)


def flower(options: Options) -> Service:
    command = python(
        *("-m", "celery", "-A", "emulator", "flower"),
        *("--address=127.0.0.1", f"--port={options.flower_port}", "--logging=warning"),
    )
    address = f"http://127.0.0.1:{options.flower_port}/healthcheck"
    return Service("flower", command, http_answers(address), cwd=BASE_DIR)


def station_counts(redis_url: str) -> tuple[int, int]:
    """(running, connected) of all charge point workers."""
    with signs.connect(redis_url, 2) as client:
        lines = signs.read(client).charge_points
    return sum(w["stations"] for w in lines), sum(w["connected"] for w in lines)

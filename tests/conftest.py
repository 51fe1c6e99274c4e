"""Real stores for the whole test run: a redis-server and a SecantusDB on free loopback ports.

The environment is set when this file is loaded. Django is set up after that and here, so
DJANGO_SETTINGS_MODULE is not in pyproject.toml.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django
import pytest
import redis
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
STARTED: list[subprocess.Popen] = []
START_TIMEOUT = 30.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _executable(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise pytest.UsageError(f"{name} is missing: run `make test`, which installs it.")
    return found


def _die_with_parent() -> None:
    # A killed pytest must leave no servers behind.
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _start(command: list[str], port: int, log: Path) -> None:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=log.parent, preexec_fn=_die_with_parent
        )
    STARTED.append(process)
    limit = time.monotonic() + START_TIMEOUT
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise pytest.UsageError(f"{command[0]} did not start: {log.read_text()[-2000:]}")


def _start_stores(directory: Path) -> None:
    redis_port, mongo_port = free_port(), free_port()
    _start(
        [
            _executable("redis-server"), "--port", str(redis_port), "--bind", "127.0.0.1",
            "--save", "", "--dir", str(directory),
        ],
        redis_port,
        directory / "redis.log",
    )  # fmt: skip
    _start(
        [
            _executable("secantusd-py"), "--host", "127.0.0.1", "--port", str(mongo_port),
            "--standalone", "--storage-path", str(directory / "mongo"), "--cache-size", "256M",
            "--log-level", "WARNING",
        ],
        mongo_port,
        directory / "mongo.log",
    )  # fmt: skip
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:{redis_port}/0"
    os.environ["MONGODB_URI"] = f"mongodb://127.0.0.1:{mongo_port}/?directConnection=true"


if "DJANGO_SETTINGS_MODULE" in os.environ:
    # Django would have read its settings already, and the tests would use somebody's real stores.
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests choose their settings.")

_directory = Path(tempfile.mkdtemp(prefix="ocpp-tests-"))
os.environ["DATA_DIR"] = str(_directory / "data")
os.environ["DJANGO_SECRET_KEY"] = "only for the tests"
os.environ.setdefault("MONGODB_NAME", "ocpp_tests")
_start_stores(_directory)
os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.settings"
django.setup()


def pytest_unconfigure() -> None:
    for process in reversed(STARTED):
        process.terminate()
    for process in reversed(STARTED):
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    shutil.rmtree(_directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_states_left(request: pytest.FixtureRequest) -> None:
    """Snapshots live outside the ORM's tables: no test may find those of another."""
    wanted = [name for name in ("transactional_db", "db") if name in request.fixturenames]
    if wanted:
        request.getfixturevalue(wanted[0])
        from django.db import connection

        connection.database["station_state"].delete_many({})


# Collections that no model stands for: the test framework does not know them.
RAW_COLLECTIONS = ("messages", "station_state", "transaction_samples", "transactions")


@pytest.fixture(autouse=True)
def _clean_stores(request: pytest.FixtureRequest) -> None:
    """A test that uses the database finds no state, message or key of the test before it."""
    uses_database = request.node.get_closest_marker("django_db") is not None or {
        "db", "transactional_db"
    } & set(request.fixturenames)  # fmt: skip
    if not uses_database:
        return
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        for name in RAW_COLLECTIONS:
            connection.get_collection(name).delete_many({})
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()

"""Real stores for each process that runs tests: a redis-server and a SecantusDB on free ports.

The environment is set when this file is loaded. Django is set up after that and here, so
DJANGO_SETTINGS_MODULE is not in pyproject.toml. The stores start once the tests are known, and only
where one of them needs them: pytest-xdist's controller runs none and starts none.
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

from benchmarks.processes import free_port
from tests import garbage, unhurried

HERE = Path(__file__).resolve().parent
ALONE = {HERE / "chargepoint", HERE / "system"}  # need no stores, or platforms of their own
PLATFORMS = {"own", "platform", "stack"}  # fixtures that are a platform of processes
STARTED: list[subprocess.Popen] = []
# A failing property test would have its example written as a patch by libcst, which cannot read
# classes that zope.interface (Twisted's) has marked: pytest itself would fail.
sys.modules.setdefault("hypothesis.extra._patching", None)
START_TIMEOUT = 120.0  # seconds


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


def _start_stores(directory: Path, redis_port: int, mongo_port: int) -> None:
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


if "DJANGO_SETTINGS_MODULE" in os.environ:
    # Django would have read its settings already, and the tests would use somebody's real stores.
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests choose their settings.")

_directory = Path(tempfile.mkdtemp(prefix="ocpp-tests-"))
os.environ["DATA_DIR"] = str(_directory / "data")
os.environ["DJANGO_SECRET_KEY"] = "only for the tests"
os.environ.setdefault("MONGODB_NAME", "ocpp_tests")
# The store of the tests is never killed; those that kill one start a Stack.
os.environ.setdefault("MONGODB_JOURNAL", "0")
# A reboot that takes a real one's time is asked for by the test that wants it.
os.environ.setdefault("STATION_DELAYS", "0")
_ports = free_port(), free_port()
os.environ["REDIS_URL"] = f"redis://127.0.0.1:{_ports[0]}/0"
os.environ["MONGODB_URI"] = f"mongodb://127.0.0.1:{_ports[1]}/?directConnection=true"
os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.settings"
django.setup()
from accounts import passes  # noqa: E402 - after Django
from accounts.hashing import BoundedHasher  # noqa: E402
from benchmarks.migrated import Migrated  # noqa: E402
from benchmarks.stack import Stack  # noqa: E402
from tests import statics  # noqa: E402

passes.PATIENCE = 30.0  # a busy machine is no store that is away
BoundedHasher.iterations = 100  # a password of a test is no secret, and half a second each
unhurried.load()
statics.install()
Stack.forked = True  # a start by itself takes seconds of CPU, and is in test_up.py and others
# Of all parts of a run, or of this process.
Stack.migrated = Migrated(Path(os.environ.get("OF_THIS_RUN") or _directory))


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        # pytest-xdist's processes inherit it, and would read the settings before this file is.
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup` a file is one process's, and so is what shares a `platform`."""
    for item in items:
        shared = PLATFORMS & set(getattr(item, "fixturenames", ()))
        group = item.path.parent.name if "platform" in shared else item.path.stem
        item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}.{group}"))
        if shared:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish(session: pytest.Session) -> None:
    garbage.settle()
    if not all(ALONE & set(item.path.parents) for item in session.items):
        _start_stores(_directory, *_ports)


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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object) -> None:
    from tests import emptying

    with django_db_blocker.unblock():
        emptying.install()


@pytest.fixture(autouse=True)
def _clean_stores(request: pytest.FixtureRequest) -> None:
    """A test that uses the database finds no state, message or key of the test before it."""
    uses_database = request.node.get_closest_marker("django_db") is not None or {
        "db", "transactional_db"
    } & set(request.fixturenames)  # fmt: skip
    if not uses_database:
        return
    from messaging.keeping import marks, session_storing, store
    from tests import emptying

    request.getfixturevalue("django_db_setup")
    # Collections that no model stands for: the test framework does not know them.
    raw = (*store.COLLECTIONS, "station_state", "station_suspects", "trail")
    with request.getfixturevalue("django_db_blocker").unblock():
        emptying.clear(raw)
    session_storing.forget()
    marks.forget()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()

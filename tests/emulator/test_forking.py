"""Processes forked from the one that has imported what they share: real processes, no stores."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from emulator.processes.forking import ForkServer
from emulator.processes.spawning import ChildProcess, reap_strangers
from runtime.lifeline import adopt_orphans

pytestmark = pytest.mark.slow

TELL = """
import json, os, sys, threading
from django.conf import settings
from django.db import connections
print(json.dumps({
    "parent": os.getppid(), "leads": os.getpgid(0) == os.getpid(), "words": sys.argv[1:],
    "name": __name__, "threads": threading.active_count(), "cwd": os.getcwd(),
    "patience": getattr(settings, "STORE_PATIENCE", None),
    "selection": connections["default"].settings_dict["OPTIONS"]["serverSelectionTimeoutMS"],
}))
sys.exit(7)
"""
WAIT = "import time\ntime.sleep(3600)\n"


class Forks:
    """A fork server and where what is forked writes."""

    def __init__(self, directory: Path, server: ForkServer) -> None:
        self.directory, self.server = directory, server

    def fork(self, script: str, *words: str, settings: str = "") -> ChildProcess | None:
        (self.directory / "script.py").write_text(script)
        with (self.directory / "output").open("wb") as file:
            out = file.fileno()
            command = [str(self.directory / "script.py"), *words]
            return self.server.fork(command, out, out, signal.SIGKILL, settings)

    def output(self) -> str:
        return (self.directory / "output").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One that has imported all, for tests that leave it as it is: it takes two seconds of CPU."""
    kept = made(tmp_path_factory.mktemp("forks"))
    # With a factory: a loop of its own, which it sets for nobody else.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(kept.await_ready())
    yield kept
    kept.stop()


@pytest.fixture
async def forks(request, tmp_path, server):
    """Marked `own_server`: of a server that no other test has."""
    own = request.node.get_closest_marker("own_server") is not None
    one = made(tmp_path) if own else server
    adopt_orphans()
    try:
        if own:
            await one.await_ready()
        yield Forks(tmp_path, one)
    finally:
        if own:
            one.stop()
        adopt_orphans(False)


def made(directory: Path) -> ForkServer:
    @contextlib.contextmanager
    def log():
        with (directory / "log").open("ab") as file:
            yield file.fileno()

    server = ForkServer({**os.environ, "DJANGO_SETTINGS_MODULE": "emulator.settings"}, log)
    server.start()
    return server


async def test_it_does_what_python_would_as_a_child_of_its_own_group(forks):
    child = forks.fork(TELL, "one", "two")
    assert await child.wait() == child.returncode == 7, forks.output()
    told = json.loads(forks.output())
    assert told["parent"] == os.getpid() and told["leads"]
    assert told["words"] == ["one", "two"] and told["name"] == "__main__"
    assert told["threads"] == 1 and told["patience"] is None


async def test_it_lives_by_the_settings_of_its_kind(forks):
    usual = forks.fork(TELL, settings="emulator.settings")
    assert await usual.wait() == 7, forks.output()
    patient = json.loads(forks.output())["selection"]
    web = forks.fork(TELL, settings="emulator.profiles.web")
    assert await web.wait() == 7, forks.output()
    told = json.loads(forks.output())
    assert told["patience"] == 0.45 and told["selection"] == 450 < patient


async def test_a_fault_ends_it_as_it_ends_python(forks):
    child = forks.fork("raise ValueError('of the script')")
    assert await child.wait() == 1
    assert "ValueError: of the script" in forks.output()


async def test_what_shares_its_memory_has_one_thread(forks):
    # Another would not be there after a fork, and a lock that it held would be held for ever.
    assert len(os.listdir(f"/proc/{forks.server.pid}/task")) == 1


@pytest.mark.own_server
async def test_who_was_forked_outlives_the_server_and_another_is_started(forks):
    child, first = forks.fork(WAIT), forks.server.pid
    os.kill(first, signal.SIGKILL)
    await gone(first)
    assert forks.fork(WAIT) is None  # it is started as usual this once
    assert child.returncode is None
    await forks.server.await_ready()
    again = forks.fork(TELL)
    assert forks.server.pid != first and await again.wait() == 7
    for number in (child, again):
        number.kill_group()
    assert await child.wait() == -signal.SIGKILL


@pytest.mark.own_server
async def test_a_server_that_hangs_is_replaced(forks, monkeypatch):
    monkeypatch.setattr("emulator.processes.forking.ANSWER", 0.2)
    first = forks.server.pid
    os.kill(first, signal.SIGSTOP)
    assert forks.fork(WAIT) is None
    await gone(first)
    assert forks.server.pid != first


async def test_orphans_of_nobody_are_waited_for(forks):
    # What a child had started comes here when the child is gone, and would stay as a zombie.
    child = forks.fork(
        "import os, sys\n"
        "if os.fork():\n    os._exit(0)\n"
        "print(os.getpid(), flush=True)\n"
    )  # fmt: skip
    assert await child.wait() == 0
    orphan = int(await asyncio.wait_for(said(forks), 60))
    limit = time.monotonic() + 60
    while Path(f"/proc/{orphan}").exists() and time.monotonic() < limit:
        reap_strangers({child.pid, forks.server.pid})
        await asyncio.sleep(0.02)
    assert not Path(f"/proc/{orphan}").exists()


async def said(forks: Forks) -> str:
    while not (text := forks.output().strip()):  # noqa: ASYNC110 - a file tells nobody
        await asyncio.sleep(0.02)
    return text


async def gone(pid: int) -> None:
    """Until it has ended; it may be a zombie that nobody has waited for."""
    limit = time.monotonic() + 60
    with contextlib.suppress(OSError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < limit
            await asyncio.sleep(0.02)

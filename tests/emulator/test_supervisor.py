"""The supervisor with real children: what it waits for and says, and which faults it outlives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from emulator.monitoring import signs
from emulator.processes import services
from emulator.processes import supervisor as module
from emulator.processes.preflight import CannotStart
from emulator.processes.supervisor import Service, Supervisor
from tests.emulator.processes import ROOT

GENEROUS = 30.0  # seconds; a shared machine may be slow


@pytest.fixture(autouse=True)
def _hurried(monkeypatch) -> None:
    """The same policy with shorter times."""
    for name, seconds in {
        "SAY_EVERY": 0.2, "BACKOFF_FIRST": 0.05, "BACKOFF_MOST": 0.1, "LOOK_EVERY": 0.1,
        "SILENT_AFTER": 0.2, "STUCK_AFTER": 0.6,
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, seconds)


class Scene:
    """A supervisor, what it said, and a child: a copy of a script that writes and then waits."""

    def __init__(self, directory: Path) -> None:
        self.logs, self.said = directory / "logs", []
        self.program, self.marker = directory / "program", directory / "marker"
        self.allow()
        self.supervisor = Supervisor(self.logs, dict(os.environ), self.said.append)

    def allow(self) -> None:
        self.program.write_text("#!/bin/sh\necho still loading >&2\nexec sleep 1000\n")
        self.program.chmod(0o755)

    def service(self, **changes) -> Service:
        return Service("child", [str(self.program)], **{"ready": lambda pid: True, **changes})

    @property
    def pid(self) -> int | None:
        return self.supervisor.states()["child"]["pid"]

    async def until(self, condition) -> None:
        async with asyncio.timeout(GENEROUS):
            while not condition():  # noqa: ASYNC110 - other processes bring it about
                await asyncio.sleep(0.02)

    async def until_said(self, words: str) -> None:
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: any(words in line for line in self.said))
        assert any(words in line for line in self.said), self.said

    async def until_restarted(self, before: int | None) -> None:
        await self.until(lambda: self.pid not in (None, before))
        await self.until(lambda: self.supervisor.states()["child"]["state"] == "healthy")


@pytest.fixture
async def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    scene.supervisor.hurry()
    await scene.supervisor.stop_all([])


async def test_it_waits_while_the_process_lives_and_says_for_what(scene):
    assert module.PATIENCE == 600 and scene.service().patience == 600
    starting = asyncio.create_task(
        scene.supervisor.start(scene.service(ready=lambda pid: scene.marker.exists()))
    )
    await scene.until_said("child: not healthy yet after")
    await scene.until_said("(last words: still loading)")
    assert not starting.done()
    scene.marker.touch()
    await starting
    assert "healthy after" in scene.said[-1]


async def test_it_gives_up_with_the_reason_and_the_last_lines(scene):
    with pytest.raises(CannotStart) as refusal:
        await scene.supervisor.start(scene.service(ready=lambda pid: False, patience=1.0))
    assert "child lives and is not healthy after 1 s" in str(refusal.value)
    assert "still loading" in str(refusal.value)


async def test_a_process_that_ends_while_it_starts_is_given_up_at_once(scene):
    scene.program.write_text("#!/bin/sh\necho no such table >&2\nexit 3\n")
    with pytest.raises(CannotStart, match="child ended .exit code 3.: no such table"):
        await scene.supervisor.start(scene.service(ready=lambda pid: False))


async def test_a_restarted_process_is_waited_for_as_well(scene):
    scene.marker.touch()
    await scene.supervisor.start(scene.service(ready=lambda pid: scene.marker.exists()))
    scene.marker.unlink()
    before = scene.pid
    os.kill(before, signal.SIGKILL)
    await scene.until_said("child: not healthy yet after")
    waited_for = scene.pid
    scene.marker.touch()
    await scene.until_restarted(before)
    assert scene.pid == waited_for


async def test_a_command_that_takes_long_is_shown_to_be_at_work(scene):
    scene.program.write_text("#!/bin/sh\necho step 2 >&2\nwhile [ ! -e $1 ]; do sleep 0.1; done\n")
    running = asyncio.create_task(
        scene.supervisor.run_once("child", [str(scene.program), str(scene.marker)])
    )
    await scene.until_said("child: not done yet after")
    await scene.until_said("(last words: step 2)")
    scene.marker.touch()
    await running


def executable_removed(scene: Scene):
    scene.program.unlink()
    return scene.allow


def no_descriptor_left(scene: Scene):
    """Neither the log nor a pipe to the child can be opened: EMFILE."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("break_it", [executable_removed, no_descriptor_left])
async def test_a_process_that_cannot_be_started_is_tried_again(scene, break_it):
    await scene.supervisor.start(scene.service())
    for _ in range(2):
        before = scene.pid
        mend = break_it(scene)
        try:
            os.kill(before, signal.SIGKILL)
            await scene.until_said("child was not restarted")
        finally:
            mend()
        await scene.until_restarted(before)
        scene.said.clear()


async def test_a_terminal_that_is_gone_ends_no_supervision(scene, monkeypatch):
    await scene.supervisor.start(scene.service())

    def gone(line: str) -> None:
        raise UnicodeEncodeError("ascii", line, 0, 1, "no such letter")

    monkeypatch.setattr(scene.supervisor, "_tell", gone)
    for _ in range(2):
        before = scene.pid
        os.kill(before, signal.SIGKILL)
        await scene.until_restarted(before)


async def test_at_the_first_start_too(scene):
    mend = no_descriptor_left(scene)
    starting = asyncio.create_task(scene.supervisor.start(scene.service()))
    try:
        await scene.until_said("It is tried again")
    finally:
        mend()
    await starting


async def test_a_program_that_is_missing_is_one_sentence(scene):
    scene.program.unlink()
    with pytest.raises(CannotStart, match="Cannot run .*program: No such file"):
        await scene.supervisor.start(scene.service())


FORKS = """
    import asyncio, os, resource, signal, sys
    from pathlib import Path
    from emulator.processes.supervisor import Service, Supervisor

    async def main():
        said = []
        supervisor = Supervisor(Path(sys.argv[1]), dict(os.environ), said.append)
        service = Service("child", ["/bin/sleep", "1000"], ready=lambda pid: True)
        os.setresuid(54321, 54321, 54321)  # the limit does not hold for root
        hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        await supervisor.start(service)
        before = supervisor.states()["child"]["pid"]
        resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
        os.kill(before, signal.SIGKILL)
        while not any("was not restarted" in line for line in said):
            await asyncio.sleep(0.05)
        resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
        while (state := supervisor.states()["child"])["state"] != "healthy":
            await asyncio.sleep(0.05)
        assert state["pid"] != before
        print(*said, sep="\\n")
        await supervisor.stop_all([])

    asyncio.run(main())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="changes its user")
def test_a_fork_that_the_kernel_refuses(tmp_path):
    logs = tmp_path / "logs"
    tmp_path.chmod(0o755)
    logs.mkdir()
    logs.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKS), str(logs)], cwd=ROOT,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Resource temporarily unavailable" in done.stdout


async def test_a_removed_log_folder_is_made_again(scene):
    await scene.supervisor.start(scene.service())
    shutil.rmtree(scene.logs)
    before = scene.pid
    os.kill(before, signal.SIGKILL)
    await scene.until_restarted(before)
    await scene.until(lambda: "still loading" in (scene.logs / "child.log").read_text())


async def test_a_log_that_cannot_be_written_is_said_once_and_the_child_runs(scene):
    await scene.supervisor.start(scene.service())
    shutil.rmtree(scene.logs)
    scene.logs.write_text("a file has the folder's name")
    for _ in range(2):
        before = scene.pid
        os.kill(before, signal.SIGKILL)
        await scene.until_restarted(before)
    assert sum("cannot be written" in line for line in scene.said) == 1


async def test_a_full_disk_stops_neither_child_nor_supervision(scene):
    scene.logs.mkdir()
    (scene.logs / "child.log").symlink_to("/dev/full")  # each write to it fails with ENOSPC
    await scene.supervisor.start(scene.service())
    before = scene.pid
    os.kill(before, signal.SIGKILL)
    await scene.until_restarted(before)
    assert scene.supervisor.states()["child"]["state"] == "healthy"


def is_running(pid: int) -> bool:
    """False for one that is stopped by a signal."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T"


async def test_a_frozen_process_is_named_then_restarted(scene):
    await scene.supervisor.start(scene.service(answers=is_running))
    before = scene.pid
    os.kill(before, signal.SIGSTOP)
    await scene.until_said("child lives and does not answer")
    await scene.until_restarted(before)
    assert any("killed by SIGKILL" in line for line in scene.said)


async def test_a_process_that_answers_again_in_time_is_left_alone(scene, monkeypatch):
    monkeypatch.setattr(module, "STUCK_AFTER", GENEROUS)
    await scene.supervisor.start(scene.service(answers=is_running))
    before = scene.pid
    os.kill(before, signal.SIGSTOP)
    await scene.until_said("child lives and does not answer")
    os.kill(before, signal.SIGCONT)
    await scene.until_said("child answers again")
    assert scene.pid == before


async def test_a_process_whose_answer_cannot_be_asked_for_is_left_alone(scene):
    asked = []

    def store_is_away(pid: int) -> bool:
        asked.append(pid)
        raise ConnectionError("Redis is away")

    await scene.supervisor.start(scene.service(answers=store_is_away))
    await scene.until(lambda: len(asked) > 10)  # longer than STUCK_AFTER
    assert set(asked) == {scene.pid}


async def test_it_tells_redis_what_must_run_until_it_leaves(scene, monkeypatch):
    monkeypatch.setenv("REDIS_PREFIX", f"test-supervisor-{os.getpid()}:")
    url = os.environ["REDIS_URL"]
    await scene.supervisor.start(scene.service())
    telling = asyncio.create_task(services.tell_states(scene.supervisor, url))
    with signs.connect(url) as client:
        await scene.until(lambda: signs.read(client).supervisors)
        (line,) = signs.read(client).supervisors
        assert line["pid"] == os.getpid()
        assert line["services"]["child"]["state"] == "healthy"
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        found = signs.read(client)
        assert not found.supervisors and not found.silent
        for key in client.scan_iter(f"{signs.prefix()}*"):
            client.delete(key)

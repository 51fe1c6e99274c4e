"""The whole data folder on a small file system that fills up, and has room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.child import ChildFailed
from benchmarks.console import station_fields
from benchmarks.processes import NotInTime, wait_until
from benchmarks.stack import Stack
from messaging.keeping import frames

from .csms import PythonCsms
from .sessions import STEADY_CAR
from .wire import assert_logged_once, await_logged

SIZE = 256  # MiB
PARTS = ("worker", "celery", "scenarios", "beat", "web")
STATIONS = [f"DISK-{number}" for number in range(10)]


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=755", "tmpfs", str(directory)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], timeout=30)


def fill(directory: Path) -> Path:
    """Take what room there is, to the last byte."""
    ballast = directory / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_with_room_again_everything_goes_on_by_itself(small_disk):
    with PythonCsms() as csms, Stack(small_disk, start=PARTS) as stack:
        charge(stack, csms)
        wait_until(lambda: frames.amount(stack.mongo) > 100, 60, "messages are stored")
        ballast = fill(small_disk)
        try:
            await_readings(csms, 20)  # stations run on
            assert os.statvfs(small_disk).f_bavail == 0
        finally:
            ballast.unlink()
        mend_celery(stack)
        for name in (*PARTS, "redis", "mongo"):
            stack.processes[name].check()
        wait_until(lambda: obeys(stack), 60, "a command reaches a station", 0.5)
        stack.console.commands(STATIONS, "disconnect")
        for name in STATIONS:
            wait_until(
                lambda name=name: mend_celery(stack) or is_logged(stack, csms, name),
                240, f"every frame of {name} is in the log",
            )  # fmt: skip
            assert_logged_once(stack.mongo, csms.wire, name)
        assert said(stack, "worker", "cannot write to") <= 1
        assert said(stack, "worker", "journal is full") <= 1


def mend_celery(stack: Stack) -> None:
    """Celery takes a Redis that refuses writes for a fault of its own and ends, at once or when its
    next word to it is due: the supervisor, or Docker, starts it again. Nobody else may end."""
    if not stack.processes["celery"].alive:
        stack.start_celery()


def is_logged(stack: Stack, csms: PythonCsms, name: str) -> bool:
    try:
        return bool(await_logged(stack.mongo, csms.wire, name, 1))
    except NotInTime:
        return False


def charge(stack: Stack, csms: PythonCsms) -> None:
    stack.console.create([station_fields(name, csms.url, "1.6") for name in STATIONS])
    for name in STATIONS:
        csms.wire.await_call(name, "StatusNotification", 60)
    stack.console.commands(STATIONS, "plug", connector=1, ev=STEADY_CAR)
    stack.console.commands(STATIONS, "start-transaction", connector=1, id_tag="TAG-1")


def await_readings(csms: PythonCsms, each: int) -> None:
    def readings() -> int:
        return sum(len(csms.wire.calls(name, "MeterValues")) for name in STATIONS)

    wanted = readings() + each * len(STATIONS)
    wait_until(lambda: readings() >= wanted, 120, "the stations send readings")


def obeys(stack: Stack) -> bool:
    try:
        return bool(stack.console.command(STATIONS[0], "state"))
    except ChildFailed:
        return False


def said(stack: Stack, name: str, words: str) -> int:
    return stack.processes[name].tail(10**8).count(words)

"""SIGTERM ends every process in its time, under load, whatever the stores do."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from runtime import lifetime

from .csms import PythonCsms
from .sessions import STEADY_CAR

PARTS = ("worker", "celery", "scenarios", "beat", "web")
STATIONS = [f"ENDING-{number}" for number in range(20)]
# The supervisor kills after 30 s, which loses nothing: a batch is acknowledged once it is stored.
# What hangs in a frozen MongoDB is let go by the driver after 15 s, a batch by its limit of 20 s.
LIMITS = {"worker": lifetime.LIMIT, "scenarios": lifetime.LIMIT, "celery": 40.0, "beat": 20.0,
          "web": 10.0}  # fmt: skip
LOADED = 30.0  # seconds more on a machine that does other things besides


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("endings"), start=("worker",)) as running:
        running.manage("prepare", "--no-seed")
        yield running


@pytest.fixture(scope="module")
def csms() -> Iterator[PythonCsms]:
    with PythonCsms() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def charging(stack, csms) -> None:
    """Stations that send a meter reading each second."""
    stack.console.create([station_fields(name, csms.url, "1.6") for name in STATIONS])
    for name in STATIONS:
        csms.wire.await_call(name, "StatusNotification", 60)
    stack.console.commands(STATIONS, "plug", connector=1, ev=STEADY_CAR)
    stack.console.commands(STATIONS, "start-transaction", connector=1, id_tag="TAG-1")


def start(stack: Stack, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in stack.processes or not stack.processes[name].alive:
            getattr(stack, f"start_{name}")()


def under_load(csms: PythonCsms) -> None:
    def readings() -> int:
        return sum(len(csms.wire.calls(name, "MeterValues")) for name in STATIONS)

    wanted = readings() + 2 * len(STATIONS)
    wait_until(lambda: readings() >= wanted, 60, "the stations send readings")


def end(stack: Stack, names: tuple[str, ...]) -> dict[str, tuple[float, int]]:
    """(seconds, exit code) by name; SIGTERM to all at once."""
    began = time.monotonic()
    for name in names:
        stack.processes[name].popen.send_signal(signal.SIGTERM)
    ended: dict[str, tuple[float, int]] = {}

    def look() -> bool:
        for name in names:
            if name not in ended and not stack.processes[name].alive:
                ended[name] = time.monotonic() - began, stack.processes[name].popen.returncode
        return len(ended) == len(names)

    wait_until(look, 120, f"all have ended; so far {ended}")
    return ended


def test_a_worker_ends_each_time(stack, csms):
    """A cancellation that was swallowed kept it for ever, once in three."""
    for _ in range(4):
        start(stack, ("worker",))
        under_load(csms)
        seconds, code = end(stack, ("worker",))["worker"]
        assert code == 0
        assert seconds < 12 + LOADED


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_every_process_ends_without_the_stores(how, stack, csms):
    start(stack, ("redis", "mongo", *PARTS))
    under_load(csms)
    for store in ("redis", "mongo"):
        process = stack.processes[store]
        process.pause() if how == "frozen" else process.kill()
    try:
        ended = end(stack, PARTS)
    finally:
        if how == "frozen":
            stack.processes["redis"].resume()
            stack.processes["mongo"].resume()
    print(how, {name: (round(seconds, 1), code) for name, (seconds, code) in ended.items()})
    late = {n: s for n, (s, _) in ended.items() if s > LIMITS[n] + LOADED}
    assert not late

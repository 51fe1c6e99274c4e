"""A frame that stuck or killed a worker twice does not take a third one down."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import Process, wait_until
from benchmarks.stack import Stack
from stations.worker.watchdog import EXIT_CODE

from .csms import Csms16, PythonCsms
from .poisoned_worker import CRASH, HOG, SLEEP

NAMES = ["bad", "once", "good"]
QUICK = {"CHARGE_POINT_LEASE_MS": "2500"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("poison"), start=[], **QUICK) as running:
        yield running


def start(stack: Stack) -> Process:
    """As the supervisor would after each end."""
    return stack.run("worker", sys.executable, "-m", "tests.system.poisoned_worker")


def told(stack: Stack) -> dict:
    pid = stack.processes["worker"].pid
    lines = map(json.loads, stack.redis.hvals("ocpp:fleet:workers"))
    return next((line for line in lines if line["pid"] == pid), {})


def test_the_station_of_such_a_frame_is_held_back_and_the_others_live_on(
    stack: Stack, python_csms: PythonCsms, monkeypatch
) -> None:
    monkeypatch.setattr(Csms16, "interval", 1)
    wire = python_csms.wire

    def await_alive(*names: str) -> None:
        for name in names:
            seen = len(wire.calls(name, "Heartbeat"))
            wait_until(
                lambda n=name, s=seen: len(wire.calls(n, "Heartbeat")) > s + 1, 60, f"{name} lives"
            )

    def send(name: str, word: str) -> None:
        frame = f'[2,"{word}","DataTransfer",{{"vendorId":"{word}"}}]'
        python_csms.do(python_csms.sides[name]._connection.socket.send(frame))

    worker = start(stack)
    stack.console.create([station_fields(name, python_csms.url) for name in NAMES])
    await_alive(*NAMES)

    send("bad", SLEEP)
    stuck = wait_until(
        lambda: [json.loads(line) for line in stack.redis.hvals("ocpp:health:stuck")], 60,
        "health hears of the stuck loop",
    )  # fmt: skip
    assert stuck[0]["station"] == "bad" and stuck[0]["seconds"] >= 1
    assert worker.popen.wait(60) == EXIT_CODE
    log = worker.tail(50_000)
    assert "the loop is stuck" in log and "In its hands: of bad: websocket.receive" in log
    assert SLEEP in log and "in sleep" in log  # the frame, and the line that did not return

    worker = start(stack)
    await_alive(*NAMES)
    assert "a worker ended in the midst of a step of bad" in worker.tail(50_000)
    send("bad", HOG)
    assert worker.popen.wait(60) == -signal.SIGPROF
    assert "in hog" in worker.tail(5_000)

    worker = start(stack)
    await_alive("once", "good")
    assert "bad is held back until it is released" in worker.tail(50_000)
    wait_until(lambda: told(stack).get("held_back"), 60, "the worker tells that it is held back")
    rows = stack.mongo["stations_station"]
    why = rows.find_one({"identity": "bad"})["held_back"]
    assert told(stack)["held_back"] == {"bad": why} and why.startswith("2 workers ended")

    send("once", CRASH)
    assert worker.popen.wait(60) == -signal.SIGABRT
    heard = len(wire.frames("bad"))
    worker = start(stack)
    await_alive("once", "good")
    assert rows.find_one({"identity": "once"})["held_back"] == ""
    assert {row["_id"] for row in stack.mongo["station_suspects"].find()} == {"bad", "once"}
    assert len(wire.frames("bad")) == heard

    release = "from stations.configuration import changes; changes.release(['bad'])"
    stack.manage("shell", "-c", release)
    await_alive("bad")
    worker.check()

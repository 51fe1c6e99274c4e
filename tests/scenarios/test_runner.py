"""Runners that die, leave, and share: nothing of an execution is lost without a word."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bson import ObjectId

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from scenarios.engine.claims import INTERRUPTED
from scenarios.engine.runner import STOPPED
from tests.scenarios.platform import PATIENCE, Platform
from tests.system.csms import PythonCsms

pytestmark = pytest.mark.slow
Fresh = Callable[[str], str]
LONG = [
    {"type": "plug"},
    {"type": "repeat", "params": {
        "forever": True, "steps": [{"type": "delay", "params": {"duration": 200}}]}},
]  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform whose runners these tests start and kill."""
    directory: Path = tmp_path_factory.mktemp("runners")
    with Stack(directory, start=("worker", "celery", "web")) as running:
        yield Platform(running)


def begin(own: Platform, csms: PythonCsms, fresh_name: Fresh, **more: object) -> tuple[str, str]:
    """(station, execution) of a scenario that goes on for ever and is under way."""
    name, slug = fresh_name("RUN"), fresh_name("long")
    own.station(name, csms.url)
    own.connected(name)
    own.scenario(slug, *LONG, **more)
    execution = own.run(slug, name)
    wait_until(lambda: is_under_way(own, execution), PATIENCE, "the execution is under way")
    return name, execution


def is_under_way(own: Platform, execution: str) -> bool:
    found = own.execution(execution)
    return found["state"] == "running" and bool(found["runs"]) and found["runs"][0]["done"] > 0


def test_a_killed_runner_is_told_and_the_next_works_on(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runner = own.stack.start_scenarios("killed")
    _, execution = begin(own, csms, fresh_name)
    runner.kill()
    # Nobody else runs: the API finds it when it is asked.
    found = own.ended(execution)
    assert (found["state"], found["interrupted"]) == ("failed", True)
    assert found["message"] == INTERRUPTED
    (run,) = found["runs"]
    assert (run["state"], run["message"]) == ("failed", INTERRUPTED)
    assert found["counts"] == {"failed": 1}
    # What waits meanwhile is run by the next one.
    name, slug = fresh_name("RUN"), fresh_name("short")
    own.station(name, csms.url)
    own.scenario(slug, {"type": "delay", "params": {"duration": 10}})
    waiting = own.run(slug, name)
    assert own.execution(waiting)["state"] == "pending"
    runner = own.stack.start_scenarios("next")
    own.passed(waiting)
    runner.stop()


def test_the_task_finds_what_no_runner_is_left_to_find(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runner = own.stack.start_scenarios("lonely")
    _, execution = begin(own, csms, fresh_name)
    runner.kill()
    time.sleep(9)  # the lease: the task is asked once, as beat would
    code = "from scenarios.tasks import tidy_executions as t; print(t())"
    assert "'interrupted': 1" in own.stack.manage("shell", "-c", code)
    rows = own.stack.mongo["scenarios_execution"]
    assert [row["state"] for row in rows.find() if str(row["_id"]) == execution] == ["failed"]


def test_a_stopped_runner_cleans_up_and_says_so(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runner = own.stack.start_scenarios("leaving")
    _, execution = begin(own, csms, fresh_name, cleanup=[{"type": "unplug"}])
    assert runner.stop() == 0
    found = own.execution(execution)
    assert (found["state"], found["interrupted"]) == ("failed", True)
    assert found["message"] == STOPPED
    (run,) = found["runs"]
    assert [s["state"] for s in run["steps"] if s["path"] == "cleanup.1"] == ["passed"]


def test_a_runner_that_slept_through_its_lease_writes_nothing_more(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runner = own.stack.start_scenarios("sleeping")
    _, execution = begin(own, csms, fresh_name)
    runner.pause()
    found = own.ended(execution)
    assert found["message"] == INTERRUPTED
    runner.resume()
    log = own.stack.directory / "sleeping.log"
    wait_until(lambda: "was taken from this runner" in log.read_text(), PATIENCE, "it notices")
    assert own.execution(execution)["message"] == INTERRUPTED
    assert own.execution(execution)["runs"][0]["state"] == "failed"
    runner.stop()


def test_two_runners_share_and_each_execution_is_run_once(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runners = [own.stack.start_scenarios(name) for name in ("one", "two")]
    name, slug = fresh_name("RUN"), fresh_name("count")
    own.station(name, csms.url)
    own.connected(name)
    own.scenario(slug, {"type": "message", "params": {
        "action": "DataTransfer", "payload": {"vendorId": "v"}}})  # fmt: skip
    executions = [own.run(slug, name) for _ in range(10)]
    for execution in executions:
        own.passed(execution)
    wait_until(lambda: len(csms.wire.calls(name, "DataTransfer")) >= 10, PATIENCE, "the frames")
    time.sleep(0.5)
    assert len(csms.wire.calls(name, "DataTransfer")) == 10
    for runner in runners:
        runner.stop()


def test_mongodb_going_at_any_moment_neither_ends_the_runner_nor_loses_an_execution(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    runner = own.stack.start_scenarios("steady")
    name, slug = fresh_name("RUN"), fresh_name("brief")
    own.station(name, csms.url)
    own.scenario(slug, {"type": "delay", "params": {"duration": 300}})
    moments = random.Random(13)
    mongo = own.stack.processes["mongo"]
    for kills in (True, False, True, False):
        executions = [own.run(slug, name) for _ in range(3)]
        time.sleep(moments.uniform(0.0, 0.8))
        if kills:
            mongo.kill()
            time.sleep(moments.uniform(0.0, 1.0))
            own.stack.start_mongo()
            mongo = own.stack.processes["mongo"]
        else:
            mongo.pause()
            time.sleep(moments.uniform(0.5, 2.0))
            mongo.resume()
        wait_until(lambda: own.ask("GET", "executions")[0] == 200, PATIENCE, "the API answers", 0.3)
        runner.check()
        for execution in executions:
            seen = f"the execution ends: {row(own, execution)}"
            found = wait_until(lambda e=execution: over(own, e), PATIENCE, seen, 0.3)
            # Its row may have been refused at its very beginning: it says so then.
            assert found["state"] == "passed" or "could not be carried out" in found["message"]
    for process in ("worker", "celery", "web"):
        own.stack.processes[process].check()
    assert runner.stop() == 0


def row(own: Platform, execution: str) -> object:
    return own.stack.mongo["scenarios_execution"].find_one({"_id": ObjectId(execution)})


def over(own: Platform, execution: str) -> dict | None:
    status, found = own.ask("GET", f"executions/{execution}")
    return found if status == 200 and found["state"] not in ("pending", "running") else None

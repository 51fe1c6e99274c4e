"""`--speed`: an evening of charging in some seconds, with a CSMS that lives by the wall's clock."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

import pytest

from benchmarks.processes import ROOT
from chargepoint.timing.times import seconds_of
from scenarios.engine.strand import Order
from scenarios.watch.rules import FAIL, OFF, policy_of
from terminal.haste import Hurried, run
from tests import warm
from tests.terminal.conftest import PATIENCE, demo_csms

SPEED = 100


@pytest.fixture(scope="module")
def csms() -> Iterator[str]:
    with demo_csms(600) as url:
        yield url


READY = {"type": "wait_for_state", "timeout": 30000,
         "params": {"target": "station", "state": "accepted"}}  # fmt: skip
EVENING = {
    "scenarioId": "evening", "name": "Half an hour at the socket",
    "steps": [
        READY,
        {"type": "start-transaction", "params": {"connector": 1, "id_tag": "TAG-1"}},
        {"type": "expect", "params": {"direction": "sent", "action": "StartTransaction"}},
        {"type": "expect", "params": {"answers": True, "within_ms": 20000}},
        {"type": "delay", "params": {"duration": 1_800_000}},
        {"type": "stop-transaction", "params": {"connector": 1}},
        {"type": "expect", "params": {
            "direction": "sent", "action": "StopTransaction",
            "payload": {"meterStop": {"@gt": 5_000}}}},
        {"type": "expect", "params": {"answers": True}},
    ],
}  # fmt: skip


def test_half_an_hour_of_charging_takes_less(station, csms, tmp_path):
    path, report = tmp_path / "evening.json", tmp_path / "report.json"
    path.write_text(json.dumps(EVENING))
    make = tmp_path / "make.json"
    make.write_text(json.dumps({
        "connectors": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 11000}],
        "meter_sample_interval": 300,
    }))  # fmt: skip
    done = warm.run(
        [sys.executable, str(ROOT / "manage.py"), "runscenario", str(path), "--csms", csms,
         "--make", str(make), "--speed", str(SPEED), "--json", str(report), "--id", "CP-1"],
        cwd=tmp_path, env=station.env, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(report.read_text())
    assert made["environment"]["stations' clock"] == "100 times as fast as the wall's"
    [result] = made["results"]
    assert result["seconds"] < 1800
    steps = {step["type"]: step for step in result["steps"]}
    assert steps["delay"]["ended"] - steps["delay"]["began"] >= 1800
    sent = [frame["frame"] for frame in result["frames"] if frame["kind"] == "Call"]
    values = [call[3] for call in sent if call[2] == "MeterValues"]
    told = [seconds_of(each["meterValue"][0]["timestamp"]) for each in values]
    begun = next(seconds_of(call[3]["timestamp"]) for call in sent if call[2] == "StartTransaction")
    # One each five minutes, however late: a machine that stands still for a second is 100 s late.
    assert len(told) >= 4
    assert [int(time - begun + 5) // 300 for time in told] == [*range(1, len(told) + 1)]
    latencies = [frame["latency_ms"] for frame in result["frames"] if "latency_ms" in frame]
    assert latencies and sum(latencies) / 1000 < result["seconds"]  # by the wall


@pytest.mark.parametrize("speed", ["0.5", "101", "nan"])
def test_a_speed_that_cannot_be(station, csms, tmp_path, speed):
    path = tmp_path / "evening.json"
    path.write_text(json.dumps(EVENING))
    done = warm.run(
        [sys.executable, str(ROOT / "manage.py"), "runscenario", str(path), "--csms", csms,
         "--speed", speed, "--id", "CP-1"],
        cwd=tmp_path, env=station.env, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 2 and "from 1 to 100" in done.stderr


def test_the_loop_and_the_clock_go_together():
    clock = Hurried(50)

    async def sleeps() -> tuple[float, float]:
        began, told = asyncio.get_running_loop().time(), clock.monotonic()
        await asyncio.sleep(20)
        return asyncio.get_running_loop().time() - began, clock.monotonic() - told

    began, unix = time.monotonic(), clock.time()
    for passed in run(sleeps(), 50):
        assert passed >= 20
    assert time.monotonic() - began >= 20 / 50 - 0.01  # it has slept, and not spun
    assert clock.time() - unix == pytest.approx((time.monotonic() - began) * 50, rel=0.05, abs=5)


def test_what_the_csms_is_given_is_by_the_wall():
    policy = policy_of({"late_ms": 2000, "stray": "warn"}).at_speed(30)
    assert (policy.seconds("late_ms"), policy.level("late", "")) == (60, FAIL)
    assert (policy.level("clock_skew", ""), policy.level("stray", "")) == (OFF, "warn")


def test_a_timeout_is_told_as_it_was_written():
    assert Order("expect", {}, {}, 1800.0, 60.0).patience == "30 s"

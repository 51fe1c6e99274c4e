"""What measures whole fleets: costs of process trees, and what was due on the sink."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import trees
from benchmarks.fleets.trial import EVERY, Outcome, Trial, Window
from benchmarks.processes import wait_until

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
# A parent that waits for a child that burns, then stays.
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}])
print("burnt", flush=True)
sys.stdin.read()
"""


def test_a_tree_costs_what_has_ended_in_it_too():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout.readline() == b"burnt\n"
        cost = trees.cost_of(parent.pid, memory=True)
        parent.stdin.close()
    assert cost.cpu >= 0.3
    assert 0 < cost.uss <= cost.pss + 4096


def test_a_process_that_is_gone_costs_nothing():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert trees.cost_of(gone.pid) == trees.Cost()


def test_a_platforms_parts_are_told_apart_by_what_they_run():
    script = "import sys; print(1, flush=True); sys.stdin.read()"
    nothing = "stdout=subprocess.DEVNULL"
    parent = (
        "import subprocess, sys\n"
        f"for word in ('runchargepoints', 'a celery worker', 'a celery beat', 'strange'):\n"
        f"    subprocess.Popen([sys.executable, '-c', {script!r}, word], {nothing})\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE) as up:
        want = {"worker": 1, "celery": 1, "beat": 1, "other": 1}

        def found() -> bool:
            return {name: len(p) for name, p in trees.platform_parts(up.pid).items()} == want

        wait_until(found, 30, "four parts")
        assert set(trees.platform_costs(up.pid)) == {*want, "supervisor"}
        up.stdin.close()


def late(least: int, total: int, stations: int = 10) -> list[str]:
    found = {"stations": stations, "least": least, "most": least + 1, "total": total}
    return Trial._late("Heartbeat", found, 10, 4.2 * EVERY)


def test_a_station_may_miss_the_edge_of_a_window_and_no_more():
    assert late(least=4, total=40) == []
    assert late(least=3, total=38) == []
    assert late(least=2, total=38) == ["Heartbeat: 38 of 40 due; one station said 2 of 4"]


def test_all_stations_at_the_edge_are_too_many():
    assert late(least=3, total=34) == ["Heartbeat: 34 of 40 due"]


def test_a_station_that_is_away_is_told():
    assert late(least=4, total=36, stations=9)[0] == "9 of 10 stations are connected"


def test_an_outcome_tells_of_the_tree_and_of_a_part():
    mib = 2**20
    outcome = Outcome("ours", 1024)
    outcome.base = {"worker": trees.Cost(pss=mib), "web": trees.Cost(pss=mib)}
    outcome.full = {"worker": trees.Cost(pss=3 * mib), "web": trees.Cost(pss=2 * mib)}
    assert (outcome.kib(), outcome.kib("worker")) == (3, 2)
    window = Window(pairs=2000, seconds=10, cpu={"worker": 0.5, "web": 0.1})
    assert (window.per_thousand(), window.per_thousand("worker")) == (300, 250)
    assert window.core("worker") == 0.05

"""Frames that a worker held when it died: the one that takes over says which they were."""

import pytest

from tests.chargepoint.faults.bench import VERSIONS, Bench
from tests.chargepoint.faults.test_interception import hold_heartbeat


@pytest.fixture(params=VERSIONS)
def bench(request) -> Bench:
    return Bench(request.param).connect()


def lost(bench: Bench) -> list[str]:
    return [f.mark for f in bench.noted if f.mark.startswith("held frame lost with its link")]


def test_the_worker_that_takes_over_notes_each_of_them_once(bench):
    frame = hold_heartbeat(bench)
    bench.call("GetLocalListVersion", {})  # passes by
    bench.restart()
    bench.connect()
    words = f"held frame lost with its link: sent Call Heartbeat {frame['unique_id']}"
    assert lost(bench) == [words]
    assert bench.station.tap is None
    bench.restart()
    bench.connect()
    assert lost(bench) == [words]


def test_a_frame_of_the_csms_is_named_too_and_rules_go_on(bench):
    bench.do("add-fault", fault="latency", action="Nothing", delay_ms=5)
    bench.do("add-breakpoint", action="GetLocalListVersion", direction="received")
    assert bench.call("GetLocalListVersion", {}) is None
    bench.restart()
    bench.connect()
    assert lost(bench) == [
        "held frame lost with its link: received Call GetLocalListVersion c1"
    ]
    assert [rule.fault for rule in bench.station.tap.rules] == ["latency"]


def test_what_was_released_or_lost_with_the_link_is_not_named(bench):
    hold_heartbeat(bench)
    bench.do("release")
    bench.restart()
    hold_heartbeat(bench.connect())
    bench.drop()
    bench.restart()
    bench.connect()
    assert lost(bench) == []


def test_a_held_transaction_message_is_sent_again():
    bench = Bench("1.6").connect()
    bench.do("add-breakpoint", action="StartTransaction", direction="sent")
    bench.do("start-transaction", connector=1)
    assert "StartTransaction" not in bench.csms.actions()
    bench.restart()
    bench.connect()
    assert bench.csms.actions().count("StartTransaction") == 1
    assert len(lost(bench)) == 1

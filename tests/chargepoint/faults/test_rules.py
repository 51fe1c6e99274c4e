"""Rules of a configuration: answers that stand, in all versions; and that others pay nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.effects import Close, Noted, Send
from chargepoint.tap.filling import FILLED_AT_MOST, filled
from scenarios.watch.reading import spoilt
from tests.chargepoint.faults.bench import VERSIONS, Bench

REFUSES = {"action": "Reset", "status": "Rejected"}
ACME = {
    "name": "tariff shown", "action": "DataTransfer",
    "match": {"vendorId": "com.acme", "messageId": {"@in": ["Show", "Hide"]}},
    "payload": {"status": "Accepted", "data": "{{station.identity}} {{count}}: {{payload.data}}"},
}  # fmt: skip


def bench_of(version: str, *rules: dict, **config: Any) -> Bench:
    return Bench(version, rules=rules, **config).connect()


def reset(bench: Bench) -> Any:
    return bench.call("Reset", {"type": "Soft" if bench.old else "OnIdle"})


def transfer(bench: Bench, message: str = "Show", data: Any = "0.39 EUR") -> Any:
    payload = {"vendorId": "com.acme", "messageId": message, "data": data}
    return bench.call("DataTransfer", payload)


def standing(bench: Bench) -> list[dict]:
    return bench.do("faults").get("rules", [])


def reconfigured(bench: Bench, *rules: dict) -> None:
    config = msgspec.structs.replace(bench.station.config, rules=rules)
    bench.perform(bench.station.reconfigure(config, bench.now))


@pytest.fixture(params=VERSIONS)
def version(request) -> str:
    return request.param


def test_a_rule_answers_always_and_the_station_does_nothing(version):
    bench = bench_of(version, REFUSES)
    for times in (1, 2, 3):
        assert reset(bench)[2] == {"status": "Rejected"}
        assert bench.log[-1].mark == "by rule '1'"
        assert standing(bench)[0]["given"] == times
    bench.pass_time(60)
    assert not bench.effects_of(Close)
    assert bench.call("ClearCache", {})[2] == {"status": "Accepted"}
    assert not bench.log[-1].mark


def test_after_so_many_times_the_station_answers_again(version):
    bench = bench_of(version, {**REFUSES, "count": 2})
    assert [reset(bench)[2]["status"] for _ in range(3)] == ["Rejected", "Rejected", "Accepted"]
    [rule] = standing(bench)
    assert (rule["count"], rule["given"]) == (0, 2)


def test_a_callerror_with_its_details(version):
    rule = {"action": "ClearCache", "code": "InternalError", "description": "smoke",
            "details": {"board": 7}}  # fmt: skip
    bench = bench_of(version, rule)
    assert bench.call("ClearCache", {}) == [4, "c1", "InternalError", "smoke", {"board": 7}]
    assert (bench.log[-1].error, bench.log[-1].mark) == ("InternalError", "by rule '1'")


def test_nothing_at_all_of_which_a_note_is_left(version):
    bench = bench_of(version, {"name": "mute", "action": "ClearCache", "nothing": True})
    assert bench.call("ClearCache", {}) is None
    [note] = [frame for frame in bench.noted if frame.action == "ClearCache"]
    assert (note.kind, note.unique_id, note.mark) == ("Note", "c1", "not answered, by rule 'mute'")
    assert reset(bench)[0] == 3


def test_a_handler_of_data_transfers_fills_in_its_template(version):
    bench = bench_of(version, ACME)
    [_, _, answer] = transfer(bench)
    assert answer["status"] == "Accepted"
    identity = bench.station.identity
    assert answer["data"] == f"{identity} 1: 0.39 EUR"
    assert transfer(bench, "Hide")[2]["data"] == f"{identity} 2: 0.39 EUR"
    assert transfer(bench, "Other")[2]["status"] == "UnknownVendorId"
    assert bench.call("DataTransfer", {"vendorId": "com.other"})[2]["status"] == "UnknownVendorId"


def test_the_station_acts_also_where_the_rule_says_so(version):
    lie = {"action": "ChangeAvailability", "status": "Rejected", "also": True}
    for rule, status in ((lie, "Unavailable"), ({**lie, "also": False}, "Available")):
        bench = bench_of(version, rule)
        assert bench.call("ChangeAvailability", bench.inoperative)[2] == {"status": "Rejected"}
        assert bench.status() == status


def test_what_breaks_its_schema_is_sent_and_marked(version):
    bench = bench_of(version, {"action": "ClearCache", "status": "Perhaps", "wrong": True})
    bench.watch_only("Perhaps")
    assert bench.call("ClearCache", {})[2] == {"status": "Perhaps"}
    assert bench.log[-1].mark.startswith("by rule '1', and breaks its schema: status")
    assert spoilt(bench.log[-1])


def test_the_watch_takes_a_valid_answer_for_what_it_is(version):
    bench = bench_of(version, REFUSES)
    reset(bench)
    assert not spoilt(bench.log[-1])
    assert spoilt(bench.log[-1]._replace(mark="by rule '1'; delayed 20 ms"))


def test_what_an_operator_lays_down_comes_first(version):
    bench = bench_of(version, REFUSES)
    bench.do("respond", action="Reset", code="InternalError")
    assert reset(bench)[2] == "InternalError"
    assert not bench.log[-1].mark  # its cause says whose it is
    assert reset(bench)[2] == {"status": "Rejected"}
    bench.do("clear-fault")
    assert reset(bench)[2] == {"status": "Rejected"}


def test_counts_outlive_a_restart(version):
    bench = bench_of(version, {**REFUSES, "count": 2}, ACME)
    reset(bench)
    bench.restart()
    bench.connect()
    assert standing(bench)[0]["given"] == 1
    assert [reset(bench)[2]["status"] for _ in range(2)] == ["Rejected", "Accepted"]


def test_rules_are_taken_while_it_runs_and_one_that_changes_begins_anew(version):
    bench = bench_of(version)
    assert bench.station.tap is None
    reconfigured(bench, {**REFUSES, "count": 1}, ACME)
    assert reset(bench)[2]["status"] == "Rejected"
    transfer(bench)
    reconfigured(bench, ACME, {**REFUSES, "count": 2})
    assert [rule["given"] for rule in standing(bench)] == [1, 0]
    assert reset(bench)[2]["status"] == "Rejected"
    reconfigured(bench)
    assert bench.station.tap is None
    assert transfer(bench)[2]["status"] == "UnknownVendorId"


def test_laid_down_by_match_without_an_end_and_as_nothing(version):
    bench = bench_of(version)
    bench.do("respond", action="DataTransfer", match={"data": {"@contains": "EUR"}}, always=True,
             payload={"status": "Accepted", "data": "{{payload.messageId}}"})  # fmt: skip
    assert [transfer(bench)[2]["data"] for _ in range(3)] == ["Show"] * 3
    assert transfer(bench, data="0.39 USD")[2]["status"] == "UnknownVendorId"
    bench.do("respond", action="ClearCache", payload={"status": "{{count}}"}, count=3)
    bench.watch_only('"status":')
    assert bench.call("ClearCache", {})[2] == {"status": 1}
    bench.restart()
    bench.connect()
    assert bench.call("ClearCache", {})[2] == {"status": 2}
    bench.do("respond", action="Reset", nothing=True)
    assert reset(bench) is None
    assert reset(bench)[2]["status"] == "Accepted"


# --- templates ---------------------------------------------------------------------------------


def test_a_place_alone_keeps_the_type_of_its_value():
    values = {"payload": {"data": {"n": 7, "on": True, "list": [1, "x"]}}, "count": 3}
    template = {
        "n": "{{payload.data.n}}", "on": "{{ payload.data.on }}", "all": "{{payload.data}}",
        "gone": "{{payload.data.none}}", "text": "n={{payload.data.n}} {{payload.data.none}}",
        "second": "{{payload.data.list.1}}", "deep": [{"count": "{{count}}"}], "plain": "{{ }}",
    }  # fmt: skip
    assert filled(template, values) == {
        "n": 7, "on": True, "all": values["payload"]["data"], "gone": None, "text": "n=7 ",
        "second": "x", "deep": [{"count": 3}], "plain": "{{ }}",
    }  # fmt: skip


def test_what_is_filled_in_is_bounded():
    values = {"payload": {"data": "x" * 60_000, "list": ["y" * 60_000]}}
    places = ["{{payload.data}}", "{{payload.data}} and {{payload.list}}", "{{payload.list}}"]
    made = filled(places * 100, values)
    assert len(json.dumps(made)) < FILLED_AT_MOST + 5000
    assert made[0] == "x" * 60_000 and made[2] is None


# --- those without rules pay nothing -------------------------------------------------------------

CALLS = [
    ("ClearCache", {}), ("GetLocalListVersion", {}),
    ("DataTransfer", {"vendorId": "com.acme"}), ("UnlockConnector", {}), ("Nonsense", {}),
]  # fmt: skip
steps = st.lists(
    st.one_of(st.sampled_from(CALLS), st.just("plug"), st.just("charge"), st.floats(1, 400)),
    max_size=10,
)


def lived(version: str, rules: tuple, history: list) -> list[tuple]:
    """All effects of a station to whom this happens, those of its saving left out."""
    bench = Bench(version, rules=rules).connect()
    for step in history:
        match step:
            case (action, payload):
                bench.call(action, payload)
            case "plug":
                bench.do("plug" if bench.station.connectors[2].ev is None else "unplug",
                         connector=2)  # fmt: skip
            case "charge":
                if not bench.station.connectors[1].in_transaction:
                    bench.do("start-transaction", connector=1, id_tag="AABBCCDD")
            case seconds:
                bench.pass_time(seconds)
    assert (bench.station.tap is None) == (not rules)
    return [effect for effect in bench.effects if type(effect) in (Send, Noted, Close)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VERSIONS), steps)
def test_rules_that_fit_no_call_change_no_frame(version, history):
    rules = ({"action": "UpdateFirmware", "nothing": True}, ACME)
    assert lived(version, rules, history) == lived(version, (), history)


def test_a_station_without_rules_has_no_tap(version):
    """The path of its frames is the one of before: one look at `tap`, which is not there."""
    bench = bench_of(version)
    bench.call("ClearCache", {})
    bench.restart()
    bench.connect()
    assert bench.station.tap is None
    assert "rules" not in bench.station.snapshot().get("faults", {})

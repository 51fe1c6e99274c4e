"""The engine with real processes and a real CSMS: what passes, and how what fails says so."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from benchmarks.processes import wait_until
from tests.scenarios.platform import Platform
from tests.system.csms import PythonCsms
from tests.system.field_relay import FieldRelay

pytestmark = pytest.mark.slow
Fresh = Callable[[str], str]


@pytest.fixture
def station(platform: Platform, csms: PythonCsms, fresh_name: Fresh) -> str:
    name = fresh_name("SC")
    platform.station(name, csms.url)
    platform.connected(name)
    return name


def steps_of(found: dict) -> dict[str, dict]:
    (run,) = found["runs"]
    return {step["path"]: step for step in run["steps"]}


def message(platform: Platform, identity: str) -> dict:
    """The message of the log, once it is stored."""

    def stored() -> dict | None:
        status, found = platform.ask("GET", f"messages/{identity}")
        return found if status == 200 else None

    return wait_until(stored, 60, "the message is stored")


def test_variables_loops_branches_and_expectations(
    platform: Platform, csms: PythonCsms, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("all-sorts")
    start = {"direction": "sent", "action": "StartTransaction", "kind": "Call"}
    stop = {"direction": "sent", "action": "StopTransaction", "kind": "Call"}
    session = [
        {"type": "start-transaction", "params": {"connector": "$outlet", "id_tag": "T-${outlet}"}},
        {"type": "expect", "timeout": 15000, "params": {
            **start, "payload": {"connectorId": "$outlet", "idTag": "T-${outlet}"},
            "capture": {"begin": "meterStart"}}},
        {"type": "expect", "timeout": 15000, "params": {
            "answers": True, "kind": "CallResult", "payload": {"idTagInfo.status": "Accepted"},
            "capture": {"transaction": "transactionId"}}},
        {"type": "wait_for_state", "timeout": 15000, "params": {
            "target": "connector", "connectorId": "$outlet", "state": "Charging"}},
        {"type": "read_state", "params": {
            "connector": "$outlet", "capture": {"shown": "transaction", "meter": "energy_wh"}}},
        {"type": "wait_for_state", "timeout": 20000, "params": {
            "connectorId": "$outlet", "field": "energy_wh", "op": ">", "value": "$begin"}},
        {"type": "stop-transaction", "params": {"transaction": "$transaction"}},
        {"type": "expect", "timeout": 15000, "params": {
            **stop, "payload": {"transactionId": "$transaction", "reason": "Local"},
            "capture": {"end": "meterStop"}}},
        {"type": "assert", "params": {"conditions": [
            {"value": "$end", "is": {"@gt": "$begin"}},
            {"value": "$shown", "is": "${transaction}"},
            {"value": "$meter", "is": {"@ge": "$begin"}}]}},
        {"type": "unplug", "params": {"connector": "$outlet"}},
    ]  # fmt: skip
    platform.scenario(
        slug,
        {"type": "parallel", "params": {
            "for_each": "$connectors", "as": "outlet", "steps": session}},
        {"type": "set", "params": {"variables": {"some": {"@choice": [3]}}}},
        {"type": "repeat", "params": {"count": "$some", "every": {"min": 10, "max": 30}, "steps": [
            {"type": "message", "params": {
                "action": "DataTransfer",
                "payload": {"vendorId": "round", "data": "${index} of ${station}"}}},
            {"type": "expect", "params": {
                "direction": "received", "action": "DataTransfer", "kind": "CallResult",
                "payload": {"status": "Accepted"}}}]}},
        {"type": "choose", "params": {"branches": [
            {"weight": 0, "steps": [{"type": "assert", "params": {
                "conditions": [{"value": 1, "is": 2}]}}]},
            {"weight": "$heavy", "steps": [{"type": "delay", "params": {"duration": 5}}]}]}},
        {"type": "if", "params": {
            "conditions": [{"value": "$version", "is": {"@in": ["1.6"]}}],
            "steps": [{"type": "delay", "description": "then", "params": {"duration": 1}}],
            "else": [{"type": "delay", "description": "else", "params": {"duration": 1}}]}},
        {"type": "expect_none", "timeout": 600, "params": {"action": "StartTransaction"}},
        {"type": "delay", "versions": ["2.0.1"], "params": {"duration": 60000}},
        variables={"heavy": 1},
    )  # fmt: skip
    found = platform.passed(platform.run(slug, station, variables={"heavy": 2}))
    assert found["variables"]["heavy"] == 2
    steps = steps_of(found)
    assert {step["state"] for step in steps.values()} == {"passed"}
    assert steps["5.1"]["description"] == "then" and "7" not in steps
    data = [call.payload["data"] for call in csms.wire.calls(station, "DataTransfer")]
    assert data == [f"{n} of {station}" for n in (1, 2, 3)]
    tags = {call.payload["idTag"] for call in csms.wire.calls(station, "StartTransaction")}
    assert tags == {"T-1", "T-2"}


def test_a_failing_expectation_says_what_was_wrong_and_cleanup_runs(
    platform: Platform, csms: PythonCsms, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("fails")
    platform.scenario(
        slug,
        {"type": "fault", "params": {"connector": 2, "error_code": "GroundFailure"}},
        {"type": "message", "params": {"action": "DataTransfer", "payload": {"vendorId": "v"}}},
        {"type": "expect", "description": "a refusal", "timeout": 1500, "params": {
            "direction": "received", "action": "DataTransfer",
            "payload": {"status": "Rejected"}}},
        {"type": "delay", "params": {"duration": 60000}},
        cleanup=[{"type": "fault", "params": {"connector": 2, "error_code": "NoError"}}],
    )  # fmt: skip
    found = platform.ended(platform.run(slug, station))
    sentence = found["message"]
    assert found["state"] == "failed"
    assert sentence.startswith("No received DataTransfer came within 1.5 s that matches: of the ")
    assert sentence.endswith('status is "Accepted", not "Rejected".')
    (run,) = found["runs"]
    assert (run["state"], run["message"]) == ("failed", sentence)
    assert run["steps"][2]["seen"][-1]["id"] == run["frame"]
    assert run["step"] == "3 expect: a refusal"
    assert "Accepted" in str(message(platform, run["frame"]))
    steps = steps_of(found)
    assert steps["cleanup.1"]["state"] == "passed" and "4" not in steps

    def is_mended() -> bool:
        state = platform.good("GET", f"stations/{station}/state")
        return state["connectors"][1]["status"] != "Faulted"

    wait_until(is_mended, 60, "the connector is mended")


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"type": "expect", "timeout": 300, "params": {"action": "Reset"}},
         "No Reset came within 0.3 s."),
        ({"type": "unplug", "params": {"connector": 9}},
         "unplug was refused (no_such_connector): This station has no connector 9; it has: 1, 2."),
        ({"type": "wait_for_state", "timeout": 300, "params": {
            "connectorId": 1, "state": "Charging"}},
         'Connector 1 was not Charging within 0.3 s: it is "Available".'),
        ({"type": "plug", "refused": True}, "plug was carried out, but should have been refused."),
        ({"type": "assert", "params": {"conditions": [{"value": "$station", "is": "X"}]}},
         '$station is "{station}", not "X".'),
        ({"type": "wait_condition", "timeout": 300, "params": {
            "condition": "station_disconnected"}},
         "The station was not disconnected within 0.3 s: it is connected."),
        ({"type": "plug", "params": {"connector": "$odd"}},
         'Correct the param "connector": Input should be a valid integer, '
         "unable to parse string as an integer."),
    ],
)  # fmt: skip
def test_what_fails_is_one_sentence(
    platform: Platform, station: str, fresh_name: Fresh, step: dict, sentence: str
) -> None:
    slug = fresh_name("fails")
    platform.scenario(slug, step, variables={"odd": "one"})
    found = platform.ended(platform.run(slug, station))
    assert found["state"] == "failed"
    assert found["message"].startswith(sentence.replace("{station}", station))


def test_expect_none_fails_at_once_by_the_frame_that_came(
    platform: Platform, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("none")
    platform.scenario(
        slug,
        {"type": "parallel", "params": {"branches": [
            [{"type": "expect_none", "timeout": 60000, "params": {
                "action": "DataTransfer", "kind": "Call"}}],
            [{"type": "delay", "params": {"duration": 500}},
             {"type": "message", "params": {
                 "action": "DataTransfer", "payload": {"vendorId": "v"}}},
             {"type": "delay", "params": {"duration": 60000}}]]}},
    )  # fmt: skip
    found = platform.ended(platform.run(slug, station), 20)
    assert found["message"].startswith("A DataTransfer (Call) came at ")
    (run,) = found["runs"]
    assert "DataTransfer" in str(message(platform, run["frame"]))
    # The other branch is ended where it is.
    other = [step for path, step in steps_of(found).items() if path.startswith("1.2.")]
    assert other[-1]["state"] == "cancelled"


def test_a_frame_is_held_edited_and_released_by_steps(
    platform: Platform, csms: PythonCsms, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("held")
    edited = '[2,"by-hand","DataTransfer",{"vendorId":"after"}]'
    platform.scenario(
        slug,
        {"type": "add_breakpoint", "params": {"direction": "sent", "action": "DataTransfer"},
         "capture": {"breakpoint": "id"}},
        {"type": "message", "params": {"action": "DataTransfer", "payload": {"vendorId": "b"}}},
        {"type": "wait_for_held", "params": {
            "action": "DataTransfer", "capture": {"held": "id"}}},
        {"type": "release", "params": {"id": "$held", "text": edited}},
        {"type": "expect", "params": {
            "direction": "sent", "action": "DataTransfer", "payload": {"vendorId": "after"},
            "mark": "edited by hand"}},
        {"type": "clear-breakpoint", "params": {"id": "$breakpoint"}},
        {"type": "clear-breakpoint", "refused": "no_such_breakpoint", "params": {"id": 99}},
    )  # fmt: skip
    platform.passed(platform.run(slug, station))
    payloads = [call.payload for call in csms.wire.calls(station, "DataTransfer")]
    assert payloads == [{"vendorId": "after"}]


def test_faults_of_frames_link_clock_and_power(
    platform: Platform, csms: PythonCsms, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("faults")
    transfer = {"action": "DataTransfer", "payload": {"vendorId": "v"}}
    platform.scenario(
        slug,
        {"type": "clock", "params": {"offset_seconds": -3600, "follow": False}},
        {"type": "add-fault", "params": {
            "fault": "latency", "direction": "sent", "action": "DataTransfer", "delay_ms": 400},
         "capture": {"late": "id"}},
        {"type": "message", "params": transfer},
        {"type": "expect", "timeout": 5000, "params": {
            "direction": "sent", "action": "DataTransfer", "mark": "delayed"}},
        {"type": "clear-fault", "params": {"id": "$late"}},
        {"type": "half-open", "params": {}},
        {"type": "heal"},
        {"type": "power-cut", "params": {"seconds": 1}},
        {"type": "expect", "timeout": 30000, "params": {
            "direction": "sent", "action": "BootNotification", "kind": "Call"}},
        {"type": "wait_condition", "timeout": 20000, "params": {"condition": "station_accepted"}},
        {"type": "set_configuration", "params": {"configuration": {"HeartbeatInterval": "1"}}},
        {"type": "expect", "timeout": 20000, "params": {
            "direction": "sent", "action": "Heartbeat"}},
        cleanup=[{"type": "clock"}, {"type": "clear-fault"},
                 {"type": "set_configuration", "params": {
                     "configuration": {"HeartbeatInterval": None}}}],
    )  # fmt: skip
    platform.passed(platform.run(slug, station))
    assert platform.good("GET", f"stations/{station}")["configuration"] == {}
    assert len(csms.wire.calls(station, "BootNotification")) == 2


def test_cancel_ends_a_run_with_its_cleanup(
    platform: Platform, station: str, fresh_name: Fresh
) -> None:
    slug = fresh_name("long")
    platform.scenario(
        slug,
        {"type": "plug"},
        {"type": "repeat", "params": {
            "forever": True, "steps": [{"type": "delay", "params": {"duration": 100}}]}},
        cleanup=[{"type": "unplug"}],
    )  # fmt: skip
    execution = platform.run(slug, station)

    def charges_on() -> bool:
        runs = platform.execution(execution)["runs"]
        return bool(runs) and runs[0]["done"] > 5

    wait_until(charges_on, 60, "some rounds")
    status, told = platform.ask("POST", f"executions/{execution}/cancel")
    assert status == 202 and told["state"] == "running"
    found = platform.ended(execution, 20)
    assert (found["state"], found["message"]) == ("cancelled", "Cancelled by admin.")
    assert steps_of(found)["cleanup.1"]["state"] == "passed"
    assert platform.ask("POST", f"executions/{execution}/cancel")[0] == 409
    assert platform.ask("DELETE", f"executions/{execution}")[0] == 204


def test_many_stations_by_tag_with_a_stagger(
    platform: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    tag, slug = fresh_name("fleet"), fresh_name("fleet")
    names = [fresh_name("MANY") for _ in range(30)]
    for name in names:
        platform.station(name, csms.url, tags=[tag])
    platform.station(fresh_name("OTHER"), csms.url)
    platform.scenario(
        slug,
        {"type": "wait_for_state", "timeout": 40000, "params": {
            "target": "station", "state": "accepted"}},
        {"type": "message", "params": {"action": "Heartbeat"}},
        {"type": "expect", "timeout": 20000, "params": {
            "direction": "received", "action": "Heartbeat", "kind": "CallResult"}},
    )  # fmt: skip
    execution = platform.run(slug, tag=tag, start=True, stagger_ms=50)
    found = platform.passed(execution, 90)
    assert found["counts"] == {
        "pending": 0, "running": 0, "passed": 30, "failed": 0, "cancelled": 0, "skipped": 0,
    }  # fmt: skip
    page = platform.good("GET", f"executions/{execution}/stations?limit=20")
    rest = platform.good("GET", f"executions/{execution}/stations?cursor={page['next']}")
    runs = [*page["items"], *rest["items"]]
    assert [run["station"] for run in runs] == sorted(names) and rest["next"] is None
    begins = sorted(run["started"] for run in runs)
    assert begins[0] != begins[-1]


def test_a_behaviour_goes_on_until_it_is_switched_off(
    platform: Platform, csms: PythonCsms, station: str, fresh_name: Fresh
) -> None:
    name = fresh_name("busy")
    body = {
        "name": name, "scenario": "load", "stations": [station],
        "variables": {"sessions_per_hour": 3600, "energy_kwh_min": 0.001, "energy_kwh_max": 0.002,
                      "id_tags": ["BUSY"], "only_connectors": [1], "faults_per_hour": 0},
    }  # fmt: skip
    made = platform.good("POST", "behaviours", body)
    csms.wire.await_call(station, "StopTransaction", 60)
    assert csms.wire.calls(station, "StartTransaction")[0].payload["idTag"] == "BUSY"
    (running,) = platform.good("GET", f"executions?behaviour={made['id']}")["items"]
    assert (running["state"], running["started_by"]) == ("running", f"behaviour {name}")
    platform.good("PUT", f"behaviours/{name}", body | {"enabled": False})
    ended = platform.ended(running["id"], 40)
    assert ended["state"] == "cancelled"
    platform.good("DELETE", f"behaviours/{name}")


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("slug", ["flapping-link", "power-cut-in-transaction", "fault-storm"])
def test_built_in_scenarios_pass(
    platform: Platform, csms: PythonCsms, fresh_name: Fresh, slug: str, version: str
) -> None:
    name = fresh_name("OURS")
    platform.station(name, csms.url, version)
    platform.connected(name)
    short = {
        "flapping-link": {"flaps": 2, "down_ms": 200, "up_ms": 200},
        "power-cut-in-transaction": {"dark_seconds": 1},
        "fault-storm": {"rounds": 6, "pause_ms_min": 50, "pause_ms_max": 300},
    }
    platform.passed(platform.run(slug, name, variables=short[slug], seed=7), 150)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_remote_start_and_reservation_with_the_csmss_part(
    platform: Platform, csms: PythonCsms, fresh_name: Fresh, version: str
) -> None:
    name = fresh_name("OURS")
    platform.station(name, csms.url, version)
    platform.connected(name)
    execution = platform.run("remote-start", name, variables={"patience_ms": 30000})
    token = {"idToken": "REMOTE", "type": "ISO14443"}
    wait_until(lambda: waits_at(platform, execution, "The request"), 60, "the car")
    if version == "1.6":
        csms.call(name, "RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1})
    else:
        csms.call(name, "RequestStartTransaction",
                  {"idToken": token, "remoteStartId": 5, "evseId": 1})  # fmt: skip
    wait_until(lambda: waits_at(platform, execution, "The stop"), 60, "the session")
    if version == "1.6":
        csms.call(name, "RemoteStopTransaction", {"transactionId": given_id(csms, name)})
    else:
        event = csms.wire.calls(name, "TransactionEvent")[-1].payload
        identity = event["transactionInfo"]["transactionId"]
        csms.call(name, "RequestStopTransaction", {"transactionId": identity})
    platform.passed(execution, 40)

    execution = platform.run("reservation", name, variables={"patience_ms": 30000})
    wait_until(lambda: waits_at(platform, execution, "ReserveNow of"), 60, "the wait")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    if version == "1.6":
        csms.call(name, "ReserveNow", {"connectorId": 1, "expiryDate": until,
                                       "idTag": "RESERVED", "reservationId": 3})  # fmt: skip
    else:
        csms.call(name, "ReserveNow", {
            "id": 3, "expiryDateTime": until, "evseId": 1,
            "idToken": {"idToken": "RESERVED", "type": "ISO14443"}})  # fmt: skip
    platform.passed(execution, 60)


def waits_at(platform: Platform, execution: str, description: str) -> bool:
    return any(description in run["step"] for run in platform.execution(execution)["runs"])


def given_id(csms: PythonCsms, name: str) -> int:
    """The transaction id of the CSMS's last answer to a StartTransaction."""
    frames = csms.wire.frames(name)
    starts = {f.message[1] for f in frames if f.received and f.action == "StartTransaction"}
    answers = [f.message for f in frames if not f.received and f.message[0] == 3]
    return [message[2]["transactionId"] for message in answers if message[1] in starts][-1]


def test_the_verdict_is_strict_whatever_the_station_does(
    platform: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    names = {reading: fresh_name(reading) for reading in ("lenient", "strict")}
    slug = fresh_name("in-service")
    platform.scenario(slug, {"type": "wait_for_state", "timeout": 8000, "params": {
        "target": "station", "state": "accepted"}})  # fmt: skip
    with FieldRelay(csms.url) as relay:
        for reading, name in names.items():
            platform.station(name, relay.url, reading=reading)
        found = platform.ended(platform.run(slug, *names.values(), start=True))
        assert found["state"] == "failed"
        messages = {run["station"]: run["message"] for run in found["runs"]}
        assert "[time_zone]" in messages[names["lenient"]]
        assert "was not accepted within" in messages[names["strict"]]
        assert "and an answer was wrong" in messages[names["strict"]]
        assert "[time_zone]" in messages[names["strict"]]
        state = platform.good("GET", f"stations/{names['lenient']}/state")
        assert state["registration"] == "Accepted" and state["breaches"]
        state = platform.good("GET", f"stations/{names['strict']}/state")
        assert "its answer cannot be read" in state["link_error"]
        for name in names.values():
            platform.good("PATCH", f"stations/{name}/stop")

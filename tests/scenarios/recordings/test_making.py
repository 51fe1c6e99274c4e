"""A session is recorded, and played again: it passes on the CSMS as it was, and fails on one that
is broken. In memory, in a time of its own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from scenarios.documents import fill
from scenarios.models import Scenario
from scenarios.replay.conversation import Conversation, Said, Unreadable, conversation
from scenarios.replay.making import scenario_of, station_of, suite_of
from scenarios.replay.script import Wishes
from scenarios.rules.validation import MOST_STEPS, each_step
from tests.scenarios.inprocess.broken import MUTANTS, life
from tests.scenarios.inprocess.running import Case, Outcome, play
from tests.system.csms_2x import call_verbatim

VERSIONS = ("1.6", "2.0.1", "2.1")
HEARD: dict[str, Conversation] = {}


def conversation_of(outcome: Outcome) -> Conversation:
    said = [Said(f.time, f.direction, f.text) for f in outcome.shell.log if f.direction]
    return conversation("CP-1", said)


def heard(version: str) -> Conversation:
    """An everyday life on the CSMS that is right."""
    if version not in HEARD:
        HEARD[version] = conversation_of(play(Case(life(version), version)))
    made = HEARD[version]
    return replace(made, version=version)  # the frames of 2.0.1 and 2.1 do not differ


def replayed(document: dict, version: str, **more: object) -> Outcome:
    scenario = fill(Scenario(), document)
    scenario.full_clean(validate_unique=False, validate_constraints=False)
    case = Case(scenario.steps, version, cleanup=scenario.cleanup, variables=scenario.variables,
                watch=scenario.watch, up=False)  # fmt: skip
    return play(replace(case, **more))


@pytest.mark.parametrize("verbatim", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_replay_passes_on_the_csms_as_it_was(version: str, verbatim: bool) -> None:
    recorded = heard(version)
    outcome = replayed(scenario_of(recorded, Wishes(verbatim)), version)
    assert (outcome.state, outcome.log.findings) == ("passed", []), outcome.message
    said = {f.action for f in outcome.shell.log if f.direction == "sent" and f.kind == "Call"}
    assert {each.action for each in recorded.exchanges if each.is_sent} <= said | {"MeterValues"}


def test_the_station_takes_as_long_as_it_did_unless_pauses_are_cut() -> None:
    recorded = heard("1.6")
    long = replayed(scenario_of(recorded), "1.6").seconds
    began, ended = recorded.exchanges[0].time, recorded.exchanges[-1].sequel
    assert ended - began < long < ended - began + 20
    assert replayed(scenario_of(recorded, Wishes(most_pause=1.0)), "1.6").seconds < 40


@pytest.mark.parametrize(
    ("case", "rule"), [pytest.param(c, r, id=name) for name, c, r in MUTANTS[::4]]
)
def test_a_replay_fails_on_a_csms_that_is_broken(case: Case, rule: str) -> None:
    document = scenario_of(heard(case.version))
    outcome = replayed(document, case.version, breaking=case.breaking, choice=case.choice,
                       acts=case.acts, lenient=case.lenient, interval=case.interval,
                       more=case.more)  # fmt: skip
    assert outcome.state == "failed", (rule, outcome.message)


def authorized(status: str):
    """A CSMS that answers the Authorize of Plug & Charge."""
    told = {"status": "Accepted", "data": json.dumps({"idTokenInfo": {"status": status}})}

    def breaking(frame: list, link: object) -> list[tuple[float, str]]:
        if frame[0] == 3 and link.asked.get(frame[1]) == "DataTransfer":
            frame = [3, frame[1], told]
        return [(0.0, json.dumps(frame))]

    return breaking


def test_a_car_that_charged_by_its_contract_does_so_again() -> None:
    car = {"emaid": "DEABCC123456781", "contract": "made"}
    steps = [
        {"type": "plug", "params": {"connector": 1, "ev": car}},
        {"type": "delay", "params": {"duration": 5000}},
        {"type": "stop-transaction", "params": {"connector": 1}},
        {"type": "unplug", "params": {"connector": 1}},
    ]  # fmt: skip
    on = {"configuration": {"ISO15118PnCEnabled": "true"}}
    outcome = play(Case(steps, "1.6", breaking=authorized("Accepted"), more=on))
    assert outcome.state == "passed", outcome.message
    document = scenario_of(conversation_of(outcome))
    acts = {step["type"]: step.get("params") for step in document["steps"]}
    assert acts["set_configuration"] == on
    assert document["cleanup"][0]["params"] == {"configuration": {"ISO15118PnCEnabled": None}}
    tag = next(name for name, value in document["variables"].items() if value == car["emaid"])
    assert acts["start-transaction"] == {
        "connector": 1, "id_tag": f"${tag}", "token_type": "eMAID",
    }  # fmt: skip
    again = replayed(document, "1.6", breaking=authorized("Accepted"))
    assert again.state == "passed", again.message
    said = [f.action for f in again.shell.log if f.direction == "sent" and f.kind == "Call"]
    assert "DataTransfer" in said and "Authorize" not in said
    refused = replayed(document, "1.6", breaking=authorized("Blocked"))
    assert refused.state == "failed"


def to_status(action: str, status: str):
    """A CSMS that answers validly, and another status than it did."""

    def breaking(frame: list, link: object) -> list[tuple[float, str]]:
        if frame[0] == 3 and link.asked.get(frame[1]) == action:
            for name in ("idTagInfo", "idTokenInfo"):
                if name in frame[2]:
                    frame[2][name]["status"] = status
        return [(0.0, json.dumps(frame))]

    return breaking


@pytest.mark.parametrize(
    ("version", "action"),
    [("1.6", "StartTransaction"), ("1.6", "Authorize"), ("2.0.1", "TransactionEvent")],
)
def test_what_only_the_recording_can_tell_is_said_in_the_sentence(version, action) -> None:
    outcome = replayed(scenario_of(heard(version)), version, breaking=to_status(action, "Blocked"))
    assert outcome.state == "failed"
    assert '"Blocked", not "Accepted"' in outcome.message


def test_transactions_get_new_ids_and_times() -> None:
    document = scenario_of(heard("1.6"), Wishes(verbatim=True))
    recorded = {e.answered("transactionId") for e in heard("1.6").exchanges} - {None}
    text = json.dumps(document)
    assert recorded and not any(f'"transactionId": {number}' in text for number in recorded)
    assert "$transaction_1" in text and '"@now"' in text and "2026-1" not in text
    outcome = replayed(document, "1.6")
    stops = [json.loads(f.text)[3] for f in outcome.shell.log
             if (f.kind, f.action) == ("Call", "StopTransaction")]  # fmt: skip
    starts = [json.loads(f.text)[2] for f in outcome.shell.log
              if (f.kind, f.action) == ("CallResult", "StartTransaction")]  # fmt: skip
    assert [s["transactionId"] for s in stops] == [s["transactionId"] for s in starts]


async def _asks(shell: object) -> None:
    await asyncio.sleep(5)
    side = shell.link.side
    await call_verbatim(side, "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "30"})
    await call_verbatim(side, "RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1})
    await asyncio.sleep(20)
    await call_verbatim(side, "Reset", {"type": "Soft"})


REMOTE = [
    {"type": "delay", "params": {"duration": 4000}},
    {"type": "plug", "params": {"connector": 1}},
    {"type": "delay", "params": {"duration": 70000}},
]


def test_what_the_csms_called_is_expected_again_or_skipped() -> None:
    recorded = conversation_of(play(Case(REMOTE, "1.6", acts=_asks)))
    document = scenario_of(recorded)
    calls = [s["params"]["action"] for s in document["steps"]
             if s["type"] == "expect" and s["params"].get("direction") == "received"]  # fmt: skip
    assert calls == ["ChangeConfiguration", "RemoteStartTransaction", "Reset"]
    assert not [s for s in document["steps"] if s["type"] in ("start-transaction", "stop")]
    again = replayed(document, "1.6", acts=_asks)
    assert again.state == "passed", again.message
    alone = replayed(document, "1.6")
    assert alone.state == "failed" and "ChangeConfiguration" in alone.message
    skipped = scenario_of(recorded, Wishes(calls="skip"))
    outcome = replayed(skipped, "1.6")
    assert outcome.state == "passed", outcome.message
    driven = scenario_of(recorded, Wishes(calls="drive"))
    assert [s["params"]["call"] for s in driven["steps"] if s["type"] == "csms"] == calls


def frames(*said: tuple[float, str, list | str]) -> list[Said]:
    return [
        Said(moment, way, text if isinstance(text, str) else json.dumps(text))
        for moment, way, text in said
    ]


def test_a_recording_that_begins_in_the_midst_plays_what_it_knows() -> None:
    stop = {"transactionId": 77, "meterStop": 5, "timestamp": "2026-01-31T12:00:00Z",
            "idTag": "T", "reason": "Local"}  # fmt: skip
    made = scenario_of(conversation("CP-9", frames(
        (0, "sent", [2, "a", "Heartbeat", {}]),
        (1, "sent", "{not json"),
        (1, "sent", [2, "b", "StopTransaction", stop]),
        (1, "received", [3, "b", {"idTagInfo": {"status": "Expired"}}]),
        (2, "sent", [2, "c", "DataTransfer", {"vendorId": "v", "data": "at ${x} of CP-9, $5"}]),
        (2, "received", [4, "c", "NotImplemented", "", {}]),
    )))  # fmt: skip
    kinds = [step["type"] for step in made["steps"]]
    assert kinds[:2] == ["start", "wait_for_state"]
    assert made["variables"] == {"transaction_1": 77, "id_tag_1": "T"}
    assert made["watch"] == {"allow": [{"rule": "call_error", "action": "DataTransfer"}]}
    params = [step.get("params") or {} for step in made["steps"]]
    codes = [each["payload"] for each in params if each.get("kind") == "CallError"]
    assert codes == [{"code": "NotImplemented"}] and {"text": "{not json"} in params
    data = next(each for each in params if each.get("action") == "DataTransfer")
    assert data["payload"]["data"] == "at $ {x} of CP-9, $5"
    fill(Scenario(), made).full_clean(validate_unique=False, validate_constraints=False)


def test_a_long_recording_is_cut_at_what_a_scenario_holds_and_a_night_is_one_step() -> None:
    night = frames(*(
        each for n in range(2000)
        for each in ((n * 60.0, "sent", [2, f"h{n}", "Heartbeat", {}]),
                     (n * 60.0 + 0.1, "received", [3, f"h{n}", {"currentTime": "x"}]))
    ))  # fmt: skip
    made = scenario_of(conversation("CP-1", night))
    (step,) = [s for s in made["steps"] if s["type"] == "repeat"]
    assert (step["params"]["count"], step["params"]["every"]) == (2000, 60000)
    busy = frames(*((n, "sent", [2, f"d{n}", "DataTransfer", {"vendorId": "v"}])
                    for n in range(2000)))  # fmt: skip
    made = scenario_of(conversation("CP-1", busy))
    count = sum(1 for _ in each_step(made["steps"]))
    assert count <= MOST_STEPS and "Calls were left out" in made["description"]


def test_the_station_of_a_suite_is_like_the_recorded_one() -> None:
    boot = {"chargePointVendor": "Volt", "chargePointModel": "Wall", "firmwareVersion": "3.1"}
    status = {"connectorId": 2, "errorCode": "NoError", "status": "Available"}
    made = conversation("CP-1", frames(
        (0, "sent", [2, "a", "BootNotification", boot]),
        (1, "sent", [2, "b", "StatusNotification", status]),
    ))  # fmt: skip
    station = station_of(made)
    assert (station["vendor"], station["model"], station["firmware"]) == ("Volt", "Wall", "3.1")
    assert [outlet["id"] for outlet in station["connectors"]] == [1, 2]
    suite = suite_of(made, scenario_of(made))
    assert suite["versions"] == ["1.6"] and suite["station"] == station


def test_a_fault_is_replayed_with_the_vendors_code_and_whose_it_is() -> None:
    status = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted", "info": "wet",
              "vendorErrorCode": "E-42", "vendorId": "com.acme"}  # fmt: skip
    made = conversation("CP-1", frames(
        (0, "sent", [2, "a", "StatusNotification", status]), (0.1, "received", [3, "a", {}]),
    ))  # fmt: skip
    [params] = [step["params"] for step in scenario_of(made)["steps"] if step["type"] == "fault"]
    assert params == {"connector": 1, "error_code": "OtherError", "info": "wet",
                      "vendor_error_code": "E-42", "vendor_id": "com.acme"}  # fmt: skip


def test_nothing_is_no_recording() -> None:
    with pytest.raises(Unreadable, match="Nothing was said"):
        conversation("CP-1", frames((0, "received", [3, "a", {}])))

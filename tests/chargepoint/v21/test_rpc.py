"""CallResultError and Send, which 2.1 added to the RPC framework; others know neither."""

import json

import pytest

from chargepoint.effects import Received
from chargepoint.wire import rpc
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import booted


@pytest.fixture
def csms():
    return booted(version="2.1")


def give(csms, *frame) -> None:
    csms.perform(csms.station.received(json.dumps(list(frame)), csms.now))


def frames_sent(csms, text: str) -> list:
    """What the station sends because of this text."""
    effects = csms.station.received(text, csms.now)
    return [effect.frame for effect in effects if type(effect).__name__ == "Send"]


def heartbeat_id(csms) -> str:
    """The id of a Heartbeat that waits for its answer."""
    csms.answers["Heartbeat"] = None
    csms.pass_time(csms.interval)
    return csms.station.calls.flight.unique_id


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "OccurrenceConstraintViolation"),
        ({"currentTime": 7}, "TypeConstraintViolation"),
        ({"currentTime": "2026-01-01T00:00:00Z", "more": 1}, "FormatViolation"),
    ],
)
def test_an_invalid_answer_is_told_to_be_so_with_its_code(csms, payload, code):
    flying = heartbeat_id(csms)
    (frame,) = frames_sent(csms, json.dumps([3, flying, payload]))
    assert (frame.kind, frame.action, frame.error) == ("CallResultError", "Heartbeat", code)
    kind, unique_id, told, why, details = json.loads(frame.text)
    assert (kind, unique_id, told, details) == (5, flying, code, {})
    assert why
    assert csms.station.calls.flight is None  # the Call is over


def test_what_is_no_call_result_at_all_is_told_too_also_if_nobody_waits_for_it(csms):
    flying = heartbeat_id(csms)
    for unique_id, action in ((flying, "Heartbeat"), ("unheard-of", "")):
        (frame,) = frames_sent(csms, json.dumps([3, unique_id, "no object"]))
        assert (frame.kind, frame.action) == ("CallResultError", action)
        assert json.loads(frame.text)[:3] == [5, unique_id, "RpcFrameworkError"]


def test_a_valid_answer_that_nobody_waits_for_is_not_refused(csms):
    assert frames_sent(csms, '[3,"unheard-of",{}]') == []


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_other_versions_refuse_no_answer(version):
    csms = booted(version=version)
    flying = heartbeat_id(csms)
    kinds = {frame.kind for frame in frames_sent(csms, json.dumps([3, flying, {}]))}
    assert "CallResultError" not in kinds


def test_the_csms_refuses_an_answer_and_the_log_says_to_which_action(csms):
    csms.call("ClearCache", {})
    give(csms, 5, "csms-1", "TypeConstraintViolation", "what is that?", {})
    noted = csms.received[-1]
    assert (noted.kind, noted.action) == ("CallResultError", "ClearCache")
    assert noted.error == "TypeConstraintViolation"
    assert csms.call("ClearCache", {})["status"] == "Accepted"  # and on it goes


def test_only_the_last_answers_are_remembered(csms):
    for _ in range(20):
        csms.call("ClearCache", {})
    assert len(block(csms.station, "kinds").answered) <= 8
    give(csms, 5, "csms-20", "GenericError", "", {})
    assert csms.received[-1].action == "ClearCache"
    give(csms, 5, "csms-1", "GenericError", "", {})
    assert csms.received[-1].action == ""
    assert csms.received[-1].error.startswith("ignored")


def test_the_newest_answer_of_an_id_is_meant(csms):
    csms.call("ClearCache", {})
    csms.counter = 0
    csms.call("GetLocalListVersion", {})
    give(csms, 5, "csms-1", "GenericError", "", {})
    assert csms.received[-1].action == "GetLocalListVersion"


@pytest.mark.parametrize("action", ["NotifyPeriodicEventStream", "Reset", "Unheard"])
def test_a_send_of_the_csms_is_noted_and_has_no_effect(csms, action):
    assert frames_sent(csms, json.dumps([6, "s1", action, {"type": "Immediate"}])) == []
    effects = csms.station.received(json.dumps([6, "s2", action, {}]), csms.now)
    (noted,) = [effect.frame for effect in effects if type(effect) is Received]
    assert (noted.kind, noted.action, noted.unique_id) == ("Send", action, "s2")
    assert noted.error.startswith("ignored")
    assert csms.station.connected


@pytest.mark.parametrize(
    "text",
    ['[5]', '[6]', '[5,"x"]', '[6,"x"]', '[5,"x",1,2,{}]', '[6,"x","A",[]]', '[6,"x",7,{}]',
     '[5,"","E","",{}]', '[6,7,"A",{}]', f'[6,"{"y" * 40}","A",{{}}]'],
)  # fmt: skip
def test_malformed_ones_are_logged_and_never_answered(csms, text):
    flying = heartbeat_id(csms)
    assert frames_sent(csms, text) == []
    assert frames_sent(csms, text.replace("x", flying)) == []
    assert csms.station.calls.flight.unique_id == flying  # it still waits
    effects = csms.station.received(text, csms.now)
    (noted,) = [effect.frame for effect in effects if type(effect) is Received]
    assert (noted.kind, bool(noted.error)) == ("Invalid", True)


def test_an_unknown_type_is_answered_as_before(csms):
    give(csms, 7, "x", "A", {})
    assert csms.results["x"] == ("MessageTypeNotSupported", "message type is not 2 to 6")


@pytest.mark.parametrize("frame", ['[5,"x","E","",{}]', '[6,"x","A",{}]'])
def test_the_other_versions_treat_both_as_unknown_types(frame):
    old = booted(version="2.0.1")
    old.perform(old.station.received(frame, old.now))
    assert old.results["x"] == ("MessageTypeNotSupported", "message type is not 2, 3 or 4")
    assert old.received[-1].kind == "Invalid"
    bad = rpc.parse(frame, 1000, rpc.READERS)
    assert (bad.fault, bad.type_id) == (rpc.UNKNOWN_TYPE, None)


# --- an operator's ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "action", "error"),
    [
        ('[5,"x","GenericError","",{}]', "CallResultError", "", "GenericError"),
        ('[6,"x","Any",{"a":1}]', "Send", "Any", ""),
        ('[6,"x","Any"]', "Invalid", "", "a Send has four elements"),
    ],
)
def test_both_can_be_crafted(csms, text, kind, action, error):
    _, effects = csms.station.command("message", {"text": text}, csms.now)
    (frame,) = [effect.frame for effect in effects if type(effect).__name__ == "Send"]
    assert (frame.kind, frame.action, frame.text) == (kind, action, text)
    assert frame.error.startswith(error)
    assert not csms.station.answers._crafted  # no answer is waited for


def test_a_breakpoint_holds_either_kind_and_an_edit_may_make_one(csms):
    csms.command("add-breakpoint", kind="Send,CallResultError", direction="received")
    csms.call("ClearCache", {})
    give(csms, 5, "csms-1", "GenericError", "", {})
    give(csms, 6, "s1", "Any", {})
    (refusal, sent) = csms.command("interception")["held"]
    assert (refusal["kind"], refusal["action"]) == ("CallResultError", "ClearCache")
    assert (sent["kind"], sent["action"]) == ("Send", "Any")
    csms.command("release", id=sent["id"], text='[5,"csms-1","FormatViolation","",{}]')
    noted = csms.received[-1]
    assert (noted.kind, noted.action) == ("CallResultError", "ClearCache")
    assert "edited by hand" in noted.mark


def test_a_held_call_result_is_answered_by_hand_with_a_call_result_error(csms):
    csms.command("add-breakpoint", kind="CallResult", direction="sent", count=1)
    csms.perform(csms.station.received('[2,"q","ClearCache",{}]', csms.now))
    (held,) = csms.command("interception")["held"]
    csms.command("answer", id=held["id"], code="FormatViolation", description="no")
    noted = csms.received[-1]
    assert (noted.kind, noted.action) == ("CallResultError", "ClearCache")
    assert "answered by hand" in noted.mark
    assert "q" not in csms.results  # the CSMS never saw the answer


def test_faults_strike_by_the_new_kinds(csms):
    csms.command("add-fault", fault="drop", kind="Send", direction="received")
    give(csms, 6, "s1", "Any", {})
    assert not [frame for frame in csms.received if frame.kind == "Send"]


@pytest.mark.parametrize("frame", [[6, "", "Any", {}], [5, "", "GenericError", "", {}]])
def test_a_held_one_keeps_no_call_of_the_station_from_its_timeout(csms, frame):
    frame[1] = heartbeat_id(csms)
    csms.command("add-breakpoint", kind="Send,CallResultError", direction="received")
    give(csms, *frame)
    assert len(csms.command("interception")["held"]) == 1
    csms.pass_time(40)
    assert csms.station.calls.flight is None

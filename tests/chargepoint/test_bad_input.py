"""What a CSMS may get wrong: the right CallError, or ignored and logged; never a crash."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.config import MAX_FRAME
from chargepoint.effects import Received
from tests.chargepoint.peer import Peer

NESTED = "[" * 5000 + "]" * 5000
RESET = {"type": "Soft"}


@pytest.fixture
def peer():
    return Peer().connect()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('[2,"u1","Foo",{}]', "NotImplemented"),
        ('[2,"u1","BootNotification",{}]', "NotSupported"),
        ('[2,"u1","StartTransaction",{}]', "NotSupported"),
        ('[2,"u1","Reset",{}]', "ProtocolError"),
        ('[2,"u1","Reset",{"type":"Soft","x":1}]', "FormationViolation"),
        ('[2,"u1","Reset",{"type":1}]', "TypeConstraintViolation"),
        ('[2,"u1","Reset",{"type":"Gentle"}]', "PropertyConstraintViolation"),
        ('[2,"u1","Reset"]', "FormationViolation"),
        ('[2,"u1","Reset",{"type":"Soft"},1]', "FormationViolation"),
        ('[2,"u1","Reset",[]]', "FormationViolation"),
        ('[2,"u1",7,{}]', "FormationViolation"),
        ('[2,"u1%s","ClearCache",{}]' % ("i" * 40), "FormationViolation"),
        ('[2,"u1","ChangeConfiguration",{"key":"%s","value":""}]' % ("k" * 51),
         "PropertyConstraintViolation"),
    ],
)  # fmt: skip
def test_a_legible_call_gets_its_error_code(peer, frame, code):
    before = len(peer.sent)
    peer.feed(frame)
    [answer] = peer.sent[before:]
    assert (answer[0], answer[2]) == (4, code)
    assert answer[1] in ("u1", "u1" + "i" * 40)
    assert answer[3] and answer[4] == {}
    assert peer.received[-1].text == frame
    assert peer.received[-1].error


@pytest.mark.parametrize(
    "frame",
    [
        "", "hello", "{}", "[]", "null", '"x"', "[2", NESTED, '[2,"u1","Reset",' + NESTED + "]",
        '[9,"u1",{}]', '["2","u1","Reset",{}]', '[true,"u1","Reset",{}]', '[2,1,"Reset",{}]',
        '[2,"","Reset",{}]', '[2,"%s","Reset",{}]' % ("i" * 300), '[3,"nobody",{}]',
        '[4,"nobody","GenericError","",{}]', '[3,"nobody"]', '[3,"nobody",[]]', '[4,"nobody"]',
        '[2,"u1","Reset",{"type":NaN}]', '[2,"u1","Reset",{"type":"\\ud800"}]',
        "[2,\"u1\",\"Reset\",{\"type\":\"" + "x" * MAX_FRAME + '"}]', b"\x00\xff", "\ud800",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_ignored_and_logged(peer, frame):
    before = len(peer.received), len(peer.sent)
    peer.feed(frame)
    assert len(peer.received) == before[0] + 1
    assert peer.received[-1].error
    assert len(peer.sent) == before[1]
    assert peer.call("GetConfiguration", {"key": ["HeartbeatInterval"]})[0] == 3


def test_two_calls_at_once_are_both_answered_while_ours_waits(peer):
    peer.answers["Heartbeat"] = None
    peer.pass_time(300)
    assert peer.unanswered[-1][2] == "Heartbeat"
    assert peer.call("ClearCache", {}, "a")[:2] == [3, "a"]
    assert peer.call("ClearCache", {}, "b")[:2] == [3, "b"]


def test_a_repeated_id_is_answered_again(peer):
    assert peer.call("ClearCache", {}, "same") == peer.call("ClearCache", {}, "same")


def test_a_late_result_is_ignored(peer):
    peer.answers["Heartbeat"] = None
    peer.pass_time(300 + 31)
    call = peer.unanswered[-1]
    peer.feed([3, call[1], {"currentTime": "2026-01-01T00:00:00Z"}])
    assert "ignored" in peer.received[-1].error


def test_an_invalid_result_is_marked_and_the_station_goes_on(peer):
    peer.answers["Heartbeat"] = {"currentTime": 5}
    peer.pass_time(300)
    assert peer.received[-1].error.startswith("TypeConstraintViolation")
    peer.answers["Heartbeat"] = lambda p: {"currentTime": "2026-01-01T00:00:00Z"}
    peer.pass_time(300)
    assert len(peer.calls("Heartbeat")) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
frames = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    json_values.map(json.dumps),
    st.tuples(st.sampled_from([2, 3, 4, 5]), st.text(max_size=5) | st.just("u"), json_values,
              json_values).map(json.dumps),
    st.tuples(
        st.just(2), st.just("u"),
        st.sampled_from(["Reset", "ChangeConfiguration", "RemoteStartTransaction",
                         "GetConfiguration", "UnlockConnector", "DataTransfer"]),
        json_values,
    ).map(json.dumps),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(frames, min_size=1, max_size=5))
def test_no_input_brings_the_station_down(inputs):
    peer = Peer().connect()
    for frame in inputs:
        effects = peer.station.received(frame, peer.now)
        assert sum(type(effect) is Received for effect in effects) == 1
        assert type(effects[0]) is Received
        peer.take(effects)
        if not peer.station.connected:
            peer.connect()
    answer = peer.call("GetConfiguration", {"key": ["NumberOfConnectors"]}, "last")
    assert answer[2]["configurationKey"][0]["value"] == "2"


def test_a_binary_message_is_noted_as_invalid_and_answered_by_nothing(peer):
    """OCPP-J part 4, section 3: text frames only."""
    effects = peer.station.received(b'[2,"u1","Reset",{"type":"Soft"}]\xff', peer.now)
    [received] = [effect.frame for effect in effects if type(effect) is Received]
    assert (received.kind, received.direction) == ("Invalid", "received")
    assert "binary" in received.error
    assert received.text == '[2,"u1","Reset",{"type":"Soft"}]\\xff'
    assert peer.station.received('[2,"u2","ClearCache",{}]', peer.now)

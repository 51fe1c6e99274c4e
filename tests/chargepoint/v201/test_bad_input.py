"""What a CSMS may get wrong: the right CallError of 2.0.1, or logged and ignored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.effects import Received, Send
from chargepoint.v201.station import Station201

from .csms import booted

GET = {"getVariableData": [{"component": {"name": "TxCtrlr"}, "variable": {"name": "x"}}]}


@pytest.mark.parametrize(
    ("frame", "unique_id", "code"),
    [
        ('[2,"u1","Foo",{}]', "u1", "NotImplemented"),
        ('[2,"u1","BootNotification",{}]', "u1", "NotSupported"),
        ('[2,"u1","Reset",{}]', "u1", "OccurrenceConstraintViolation"),
        ('[2,"u1","Reset",{"type":"OnIdle","x":1}]', "u1", "FormatViolation"),
        ('[2,"u1","Reset",{"type":1}]', "u1", "TypeConstraintViolation"),
        ('[2,"u1","Reset",{"type":"Soft"}]', "u1", "PropertyConstraintViolation"),
        ('[2,"u1","GetVariables",{"getVariableData":[]}]', "u1", "OccurrenceConstraintViolation"),
        ('[2,"u1","Reset"]', "u1", "RpcFrameworkError"),
        ('[9,"u1",{}]', "u1", "MessageTypeNotSupported"),
        ("hello", "-1", "RpcFrameworkError"),
        ("{}", "-1", "RpcFrameworkError"),
    ],
)
def test_each_fault_has_its_code(frame, unique_id, code):
    csms = booted()
    csms.perform(csms.station.received(frame, csms.now))
    assert csms.results[unique_id][0] == code
    assert csms.received[-1].text == frame
    assert csms.received[-1].error
    assert csms.call("GetVariables", GET)["getVariableResult"]


@pytest.mark.parametrize("frame", ['[3,"x",{}]', '[4,"x","A","",{}]', '[3,"x"]', b"\x00"])
def test_answers_to_nothing_and_binary_frames_are_ignored(frame):
    csms = booted()
    effects = csms.station.received(frame, csms.now)
    assert isinstance(effects[0], Received)
    assert effects[0].frame.error
    assert not [e for e in effects if isinstance(e, Send)]


def test_strange_answers_to_our_own_calls():
    for answer in (
        {"idTokenInfo": {"status": "Unheard"}}, {"idTokenInfo": 7}, {}, "GenericError",
        {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "not a time"}},
    ):  # fmt: skip
        csms = booted()
        csms.answers["Authorize"] = answer
        csms.answers["TransactionEvent"] = answer
        csms.command("start-transaction", connector=1)
        csms.pass_time(400)
        assert csms.call("GetVariables", GET)["getVariableResult"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
evse = st.fixed_dictionaries(
    {"id": st.integers(-1, 4)}, optional={"connectorId": st.integers(-1, 3)}
)
component = st.fixed_dictionaries(
    {"name": st.sampled_from(["EVSE", "Connector", "TxCtrlr", "OCPPCommCtrlr", "ChargingStation"])},
    optional={"instance": st.text(max_size=5), "evse": evse},
)
variable = st.fixed_dictionaries(
    {"name": st.sampled_from(["Power", "Available", "TxStartPoint", "HeartbeatInterval"])},
    optional={"instance": st.text(max_size=5)},
)
token = st.fixed_dictionaries(
    {"idToken": st.text(max_size=36), "type": st.sampled_from(["Central", "NoAuthorization"])}
)
# Well-formed requests of odd content, beside the shapeless ones.
requests = st.one_of(
    st.tuples(
        st.just("SetVariables"),
        st.fixed_dictionaries({
            "setVariableData": st.lists(
                st.fixed_dictionaries({
                    "component": component, "variable": variable,
                    "attributeValue": st.text(max_size=20) | st.integers().map(str),
                }), min_size=1, max_size=3),
        }),
    ),
    st.tuples(
        st.just("GetVariables"),
        st.fixed_dictionaries({
            "getVariableData": st.lists(
                st.fixed_dictionaries({"component": component, "variable": variable}),
                min_size=1, max_size=3),
        }),
    ),
    st.tuples(
        st.just("RequestStartTransaction"),
        st.fixed_dictionaries(
            {"idToken": token, "remoteStartId": st.integers()},
            optional={"evseId": st.integers(0, 3)},
        ),
    ),
    st.tuples(
        st.just("ChangeAvailability"),
        st.fixed_dictionaries(
            {"operationalStatus": st.sampled_from(["Operative", "Inoperative"])},
            optional={"evse": evse},
        ),
    ),
    st.tuples(st.just("Reset"), st.fixed_dictionaries({"type": st.sampled_from(["OnIdle"])})),
    st.tuples(
        st.just("TriggerMessage"),
        st.fixed_dictionaries(
            {"requestedMessage": st.sampled_from(["MeterValues", "StatusNotification"])},
            optional={"evse": evse},
        ),
    ),
    st.tuples(st.sampled_from([*Station201.HANDLERS, "Foo"]), json_values),
)  # fmt: skip
frames = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    json_values.map(json.dumps),
    st.tuples(
        st.sampled_from([2, 3, 4, 5]), st.text(max_size=5) | st.just("u"), json_values, json_values
    ).map(json.dumps),
    requests.map(lambda request: json.dumps([2, "u", *request])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(frames, min_size=1, max_size=6), st.booleans())
def test_no_input_brings_the_station_down(inputs, charging):
    csms = booted()
    if charging:
        csms.command("start-transaction", connector=1)
    for frame in inputs:
        effects = csms.station.received(frame, csms.now)
        assert [type(e) for e in effects].count(Received) == 1
        assert type(effects[0]) is Received
        csms.perform(effects)  # checks every frame of ours by its schema
        csms.pass_time(5)
        if not csms.station.connected:
            csms.connect()
    csms.restart().connect()
    assert csms.call("GetVariables", GET)["getVariableResult"]

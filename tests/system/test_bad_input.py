"""What a CSMS may send wrongly, over a real WebSocket: answered or ignored, logged, survived."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.console import station_fields
from benchmarks.processes import wait_until

from .bad_frames import FRAMES, IGNORED, UNREADABLE
from .scripted_csms import ScriptedCsms
from .wire import logged

VERSIONS = ["1.6", "2.0.1"]
_ids = itertools.count(1)


@pytest.fixture(scope="module")
def csms():
    with ScriptedCsms() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def stations(stack, csms):
    """One booted station a version for the whole table: it must survive all of it."""
    names = {version: f"bad-input-{version}" for version in VERSIONS}
    stack.console.create([station_fields(names[v], csms.url, v, reading="strict") for v in VERSIONS])
    for name in names.values():
        csms.wire.await_call(name, "StatusNotification")
    return names


def question(version: str, unique_id: str) -> str:
    """A Call that any station can answer."""
    if version == "1.6":
        return json.dumps([2, unique_id, "GetConfiguration", {"key": ["HeartbeatInterval"]}])
    data = [{"component": {"name": "X"}, "variable": {"name": "Y"}}]
    return json.dumps([2, unique_id, "GetVariables", {"getVariableData": data}])


def assert_well(csms: ScriptedCsms, name: str, version: str) -> None:
    """The station answers; as answers go out in order, all earlier ones have arrived then."""
    unique_id = f"well-{next(_ids)}"
    csms.send(name, question(version, unique_id))
    assert csms.await_answers(name, unique_id)[0][0] == 3


def await_in_log(stack, name: str, text: str) -> dict[str, Any]:
    return wait_until(
        lambda: next((d for d in logged(stack.mongo, name, "received") if d["text"] == text), None),
        60, f"in the log: {text[:100]}",
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("bad", FRAMES, ids=lambda bad: bad.name)
def test_a_bad_frame_gets_its_answer_or_none(bad, version, stack, csms, stations):
    name, unique_id = stations[version], f"bad-{next(_ids)}"
    links, seen = csms.links(name), len(csms.wire.frames(name))
    frame = bad.frame.replace("{id}", unique_id)
    csms.send(name, frame)
    assert_well(csms, name, version)

    answers = [
        f.message for f in csms.wire.frames(name)[seen:]
        if f.received and f.message[0] in (3, 4) and not f.message[1].startswith("well-")
    ]  # fmt: skip
    code = bad.code(version)
    if code is IGNORED:
        assert not answers
    else:
        assert [answer[0] for answer in answers] == [4]
        readable = frame.startswith(f'[2,"{unique_id}"') and frame.endswith("]")
        expected = [unique_id] if readable and code != UNREADABLE else [unique_id, "-1"]
        assert answers[0][1] in expected
        assert answers[0][2] == code
    assert csms.links(name) == links, "the station must not have reconnected"
    record = await_in_log(stack, name, frame)
    assert record["error"], "the log must say what was wrong"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_binary_frame_is_logged_and_ignored(version, stack, csms, stations):
    name, mark = stations[version], f"binary {next(_ids)}"
    seen = len(csms.wire.frames(name))
    csms.send(name, mark.encode() + b"\xff\x00")
    assert_well(csms, name, version)
    assert len(csms.wire.frames(name)) == seen + 2  # the question and its answer
    wait_until(
        lambda: [d for d in logged(stack.mongo, name, "received")
                 if d["kind"] == "Invalid" and mark in d["text"]],
        60, "the binary frame is in the log",
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_text_that_is_not_utf8_closes_with_1007_and_the_station_comes_back(
    version, stack, csms, fresh_name
):
    name, mark = fresh_name("utf8"), f"mark-{next(_ids)}"
    stack.console.create([station_fields(name, csms.url, version, reading="strict")])
    csms.wire.await_call(name, "StatusNotification")
    csms.send(name, mark.encode() + b" \xc3\x28", text=True)
    # RFC 6455, 8.1
    wait_until(lambda: (name, 1007) in csms.closes, 60, f"a close with 1007: {csms.closes}")
    wait_until(
        lambda: [d for d in logged(stack.mongo, name, "received")
                 if d["kind"] == "Invalid" and mark in d["text"]],
        60, "what came is in the log",
    )  # fmt: skip
    assert_back(csms, name, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_without_measure_closes_with_1009_and_the_station_comes_back(
    version, stack, csms, fresh_name
):
    name = fresh_name("huge")
    stack.console.create([station_fields(name, csms.url, version, reading="strict")])
    csms.wire.await_call(name, "StatusNotification")
    csms.send(name, b"x" * (20 << 20), text=True)
    wait_until(
        lambda: [code for who, code in csms.closes if who == name and code in (1009, 1006)],
        60, "a close because of the size",
    )  # fmt: skip
    wait_until(
        lambda: [d for d in logged(stack.mongo, name, "received") if d["kind"] == "Invalid"],
        60, "a line of the log says so",
    )  # fmt: skip
    assert_back(csms, name, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_bytes_that_are_no_websocket_frame_cost_only_the_connection(
    version, stack, csms, fresh_name
):
    name = fresh_name("garbage")
    stack.console.create([station_fields(name, csms.url, version, reading="strict")])
    csms.wire.await_call(name, "StatusNotification")
    csms.write_raw(name, b"\xf3\x05hello" * 3)  # reserved bits and opcode 3
    wait_until(lambda: [c for who, c in csms.closes if who == name], 60, "the link is closed")
    assert_back(csms, name, version)


def assert_back(csms: ScriptedCsms, name: str, version: str) -> None:
    old = csms.sockets[name]
    wait_until(
        lambda: csms.sockets[name] is not old or csms.sockets[name].state.name == "OPEN",
        60, f"{name} has connected again",
    )  # fmt: skip
    csms.await_up(name)
    assert_well(csms, name, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_two_calls_at_once_are_both_answered(version, csms, stations):
    name = stations[version]
    first, second = f"twin-{next(_ids)}", f"twin-{next(_ids)}"
    csms.send(name, question(version, first), question(version, second))
    assert len(csms.await_answers(name, first)) == len(csms.await_answers(name, second)) == 1
    assert_well(csms, name, version)
    assert len(csms.answers(name, first)) == len(csms.answers(name, second)) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_each_call_with_a_repeated_id_is_answered(version, stack, csms, stations):
    name, unique_id = stations[version], f"again-{next(_ids)}"
    csms.send(name, question(version, unique_id))
    csms.await_answers(name, unique_id)
    csms.send(name, question(version, unique_id))
    csms.await_answers(name, unique_id, 2)
    assert_well(csms, name, version)
    assert len(csms.answers(name, unique_id)) == 2


# --- anything at all ---------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
actions = st.sampled_from([
    "BootNotification", "ChangeConfiguration", "ClearCache", "DataTransfer", "GetConfiguration",
    "GetVariables", "SetVariables", "UnlockConnector", "RemoteStopTransaction", "TriggerMessage",
    "RequestStopTransaction", "SetChargingProfile", "GetReport", "SendLocalList", "Authorize",
]) | st.text(max_size=20)  # fmt: skip
fields = st.sampled_from([
    "key", "value", "vendorId", "messageId", "data", "connectorId", "transactionId", "type", "evse",
    "getVariableData", "setVariableData", "customData", "requestId",
]) | st.text(max_size=10)  # fmt: skip
unique_ids = st.uuids().map(lambda u: f"h{u.hex[:30]}")
calls = st.builds(
    lambda uid, action, payload: [2, uid, action, payload],
    unique_ids, actions, st.dictionaries(fields, json_values, max_size=4) | json_values,
)  # fmt: skip
frames = st.one_of(
    calls.map(json.dumps),
    calls.map(lambda c: json.dumps(c, ensure_ascii=False)),
    st.lists(json_values, max_size=6).map(json.dumps),
    st.tuples(st.sampled_from([2, 3, 4]), unique_ids, json_values, json_values).map(json.dumps),
    st.text(max_size=60),
    calls.map(lambda c: json.dumps(c)[:-3]),
).map(lambda text: text.encode("utf-8", "replace").decode())


def called_ids(batch: list[str]) -> Counter[str]:
    """Ids of the frames in the batch that are whole Calls: each is owed one answer."""
    ids: Counter[str] = Counter()
    for text in batch:
        try:
            message = json.loads(text)
        except ValueError:
            continue
        if (
            type(message) is list and len(message) == 4 and message[0] == 2
            and type(message[0]) is int and type(message[1]) is str and 0 < len(message[1]) <= 36
            and type(message[2]) is str and type(message[3]) is dict and fits_64_bits(message)
        ):  # fmt: skip
            ids[message[1]] += 1
    return ids


def fits_64_bits(value: Any) -> bool:
    """Longer integers are beyond what a reader of JSON must take (RFC 8259, 6)."""
    if isinstance(value, list):
        return all(fits_64_bits(item) for item in value)
    if isinstance(value, dict):
        return all(fits_64_bits(item) for item in value.values())
    return not isinstance(value, int) or -(2**63) <= value < 2**64


@pytest.mark.parametrize("version", VERSIONS)
def test_whatever_comes_the_station_stays_up_and_answers_each_call(version, stack, csms, stations):
    name, sent = stations[version], []
    links = csms.links(name)

    @settings(
        max_examples=100, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(st.lists(frames, min_size=1, max_size=8))
    def survives(batch: list[str]) -> None:
        seen = len(csms.wire.frames(name))
        csms.send(name, *batch)
        sent.extend(batch)
        assert_well(csms, name, version)
        answered = Counter(
            f.message[1] for f in csms.wire.frames(name)[seen:]
            if f.received and f.message[0] in (3, 4)
        )  # fmt: skip
        owed = called_ids(batch)
        assert {uid: answered[uid] for uid in owed} == dict(owed)
        assert csms.links(name) == links

    survives()

    def all_logged() -> bool:
        there = Counter(d["text"] for d in logged(stack.mongo, name, "received"))
        return not Counter(sent) - there

    wait_until(all_logged, 60, "every frame of the CSMS is in the log", step=0.5)

"""Strict and lenient reading of what a CSMS sends against its schemas (docs/decisions/0020)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chargepoint.common import breaches
from chargepoint.core import answers
from chargepoint.timing.times import iso
from chargepoint.wire import schemas
from chargepoint.wire.kindly import read_kindly
from tests.chargepoint.bounds.inputs import Filler, schema_of
from tests.chargepoint.peer import DUAL, START, Peer
from tests.chargepoint.v201.csms import CONNECTORS, Csms, config_of

PENDING, REJECTED = ({"status": "Pending", "interval": 25}, {"status": "Rejected", "interval": 0})
BOOT = {"status": "Accepted", "currentTime": iso(START), "interval": 300}
ZONELESS = iso(START)[:-1]
# What is wrong, and how often one answer has it: what a lenient station says of it.
BOOTS = [
    ({"currentTime": ZONELESS}, "currentTime: a time without a zone, as UTC"),
    ({"currentTime": ZONELESS.replace("T", " ")}, "currentTime: a time without a zone, as UTC"),
    ({"currentTime": f"{ZONELESS}+0000"}, "currentTime: a time not as RFC 3339"),
    ({"message": "hello"}, "unknown field 'message', left out"),
    ({"interval": "300"}, "interval: a number as text"),
    ({"status": "accepted"}, "status: a name in other case"),
]


def booted(peer: Peer, **changes: Any) -> Peer:
    peer.answers["BootNotification"] = BOOT | changes
    return peer.connect()


@pytest.mark.parametrize(("changes", "what"), BOOTS)
def test_a_lenient_station_enters_service_on_an_answer_as_seen_in_the_field(changes, what):
    peer = booted(Peer(lenient=True), **changes)
    assert peer.station.registration == "Accepted"
    assert peer.station.service.interval == 300
    assert abs(peer.station.clock.station_time(peer.now) - START) < 1
    [frame] = [f for f in peer.received if f.action == "BootNotification"]
    assert frame.mark == f"read kindly: {what}"
    assert frame.error  # as a strict station has it: the log says what the schema refuses
    [breach] = peer.station.snapshot()["breaches"]
    assert (breach["what"], breach["count"], breach["read"]) == (what, 1, True)


@pytest.mark.parametrize(("changes", "what"), BOOTS)
def test_a_strict_station_throws_the_same_answer_away_and_says_why(changes, what):
    peer = booted(Peer(), **changes)
    lenient = booted(Peer(lenient=True), **changes)
    assert peer.station.registration == ""
    refused = [f.error for f in peer.received if f.action == "BootNotification"]
    assert refused == [f.error for f in lenient.received if f.action == "BootNotification"]
    shown = peer.station.snapshot()
    assert shown["trouble"].startswith("BootNotification: its answer cannot be read: ")
    assert refused[0] in shown["trouble"]
    [breach] = shown["breaches"]
    assert breach["detail"] in refused[0]
    assert (breach["action"], breach["kind"], breach["read"]) == (
        "BootNotification", "CallResult", False)  # fmt: skip


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_the_same_in_2x_with_nulls(version):
    answer = {
        "status": "Accepted", "currentTime": "2001-09-09T01:46:40", "interval": 300,
        "statusInfo": None, "customData": None,
    }  # fmt: skip
    for lenient, registration in ((False, ""), (True, "Accepted")):
        csms = Csms(config_of(version, lenient=lenient))
        csms.answers["BootNotification"] = answer
        csms.connect()
        assert csms.station.registration == registration
        told = bool(csms.result_errors)
        assert told == (version == "2.1" and not lenient)  # what was read is not complained of


def test_a_transaction_starts_once_on_an_answer_with_nulls():
    info = {"status": "Accepted", "expiryDate": None, "parentIdTag": None}
    for lenient, starts in ((True, 1), (False, 3)):
        peer = Peer(lenient=lenient).connect()
        peer.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": info}
        peer.do("plug", connector=1)
        peer.do("start-transaction", connector=1, id_tag="TAG1")
        peer.pass_time(400)
        assert len(peer.calls("StartTransaction")) == starts
        transaction = peer.station.snapshot()["connectors"][0]["transaction"]
        assert (transaction == "7") == lenient


def test_an_answer_that_came_before_a_crash_is_read_as_it_was_then():
    answer = {"transactionId": "7", "idTagInfo": {"status": "Accepted", "expiryDate": ""}}
    peer = Peer(lenient=True).connect()
    peer.do("plug", connector=1)
    peer.answers["StartTransaction"] = None
    peer.do("start-transaction", connector=1, id_tag="TAG1")
    frame = peer.unanswered[-1]
    again = peer.crash()
    from chargepoint.wire.said import Said

    said = Said()
    said.take(1, "sent", "Call", "StartTransaction", frame[1], json.dumps(frame))
    said.take(2, "received", "CallResult", "StartTransaction", frame[1],
              json.dumps([3, frame[1], answer]))  # fmt: skip
    again.take(again.station.recall(said, 0, again.now))
    again.connect()
    assert again.station.snapshot()["connectors"][0]["transaction"] == "7"


CALLS_16 = [
    ("Reset", {"type": "Hard", "comment": "x"}, True),
    ("Reset", {"type": "hard"}, True),
    ("Reset", {"type": None}, False),
    ("Reset", {"type": "Lukewarm"}, False),
    ("Reset", {}, False),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": 60}, True),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": {}}, False),
    ("GetConfiguration", {"key": None}, True),
    ("GetConfiguration", {"key": 7}, False),
    ("RemoteStartTransaction", {"idTag": "T", "connectorId": "1", "chargingProfile": None}, True),
    ("RemoteStartTransaction", {"idTag": "T" * 21, "connectorId": 1}, False),
    ("RemoteStartTransaction", {"idTag": "TAG1", "connectorId": "one"}, False),
    ("GetDiagnostics", {"location": "http://h/", "startTime": ""}, True),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00", "idTag": "A",
                    "reservationId": 1, "parentIdTag": None}, True),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "soon", "idTag": "A", "reservationId": 1},
     False),
    ("ClearCache", [], True),
    ("ClearCache", None, True),
    ("Reset", [], False),
]  # fmt: skip


@pytest.mark.parametrize(("action", "payload", "readable"), CALLS_16)
def test_a_call_is_answered_where_it_can_be_read(action, payload, readable):
    strict, lenient = Peer().connect(), Peer(lenient=True).connect()
    refusal = strict.call(action, payload)
    assert refusal[0] == 4
    answer = lenient.call(action, payload)
    [asked] = [frame for frame in lenient.received if frame.kind == "Call"]
    if readable:
        assert answer[0] == 3
        assert asked.mark.startswith("read kindly: ")
    else:
        assert answer == refusal
        assert asked.mark == ""


def test_what_was_read_has_its_effect():
    peer = Peer(lenient=True).connect()
    peer.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": 61, "note": None})
    [key] = peer.call("GetConfiguration", {"key": ["HeartbeatInterval"]})[2]["configurationKey"]
    assert key["value"] == "61"


def test_answers_without_a_payload_are_empty_ones():
    for text in ('[3,"%s",[]]', '[3,"%s",null]', '[3,"%s"]', '[3,"%s",""]'):
        for lenient in (True, False):
            peer = Peer(lenient=lenient)
            peer.answers["StatusNotification"] = None
            peer.connect()
            peer.feed(text % peer.unanswered[-1][1])
            last = peer.received[-1]
            assert last.kind == ("CallResult" if lenient else "Invalid")
            assert last.error
            assert ("read kindly" in last.mark) == lenient


@pytest.mark.parametrize("answer", [
    {"currentTime": ZONELESS, "interval": 300},
    {"status": "Perhaps", "currentTime": ZONELESS, "interval": 300},
    {"status": "Accepted", "currentTime": "noon", "interval": 300},
    {"status": "Accepted", "currentTime": None, "interval": 300},
    {"status": "Accepted", "currentTime": ZONELESS, "interval": "often"},
    {"status": "Accepted", "currentTime": ZONELESS, "interval": 60.5},
    {"status": "Accepted", "currentTime": ZONELESS, "interval": str(2**31)},
    {"status": "Accepted", "currentTime": ZONELESS, "interval": []},
])  # fmt: skip
def test_what_is_required_and_cannot_be_read_still_fails(answer):
    peer = Peer(lenient=True)
    peer.answers["BootNotification"] = answer
    peer.connect()
    assert peer.station.registration == ""
    assert peer.station.snapshot()["trouble"]


def test_of_an_answer_an_optional_field_that_cannot_be_read_is_left_out():
    peer = Peer(lenient=True).connect()
    peer.answers["StartTransaction"] = {
        "transactionId": 7,
        "idTagInfo": {"status": "Accepted", "expiryDate": "next year", "parentIdTag": "P" * 21},
    }
    peer.do("plug", connector=1)
    peer.do("start-transaction", connector=1, id_tag="TAG1")
    assert peer.station.snapshot()["connectors"][0]["transaction"] == "7"
    peer.do("stop-transaction", connector=1)
    assert [stop["transactionId"] for stop in peer.calls("StopTransaction")] == [7]


# --- why it is not in service ------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "words"), [
    (BOOT | PENDING, "the CSMS answers Pending; the next one in 25 s"),
    (BOOT | REJECTED, "the CSMS answers Rejected; the next one in 60 s"),
    (["SecurityError", "who are you?", {}], "the CSMS answers SecurityError who are you?"),
    (None, "no answer in time"),
])  # fmt: skip
def test_why_it_is_not_in_service_is_told(answer, words):
    peer = Peer()
    peer.answers["BootNotification"] = answer
    peer.connect().pass_time(0 if answer else 31)
    assert peer.station.snapshot()["trouble"] == f"BootNotification: {words}"
    peer.answers["BootNotification"] = BOOT
    peer.pass_time(300)
    assert peer.station.registration == "Accepted"
    assert "trouble" not in peer.station.snapshot()


# --- the list of breaches ----------------------------------------------------------------------


def test_breaches_are_counted_bounded_and_outlive_the_worker():
    peer = Peer(lenient=True).connect()
    for number in range(3 * breaches.KINDS_AT_MOST):
        peer.call("ClearCache", {f"field{number}": 1})
    for _ in range(4):
        peer.call("TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": None})
    told = peer.station.snapshot()["breaches"]
    assert len(told) == breaches.KINDS_AT_MOST
    assert (told[0]["action"], told[0]["what"], told[0]["count"], told[0]["last"]) == (
        "TriggerMessage", "connectorId: null, left out", 4, peer.now)  # fmt: skip
    assert peer.crash().station.snapshot()["breaches"] == told


def test_of_another_csms_nothing_is_known_yet():
    peer = Peer(lenient=True, csms_url="ws://a/").connect()
    peer.call("ClearCache", {"x": 1})
    config = peer.config
    from msgspec.structs import replace

    peer.take(peer.station.reconfigure(replace(config, csms_url="ws://a/", vendor="V"), peer.now))
    assert "breaches" in peer.station.snapshot()
    peer.take(peer.station.reconfigure(replace(config, csms_url="ws://b/"), peer.now))
    assert "breaches" not in peer.station.snapshot()


def test_what_a_fault_has_spoilt_is_no_breach_of_the_csms():
    peer = Peer(lenient=True).connect()
    peer.do("add-fault", fault="malformed", direction="received", form="wrong-types")
    peer.call("ClearCache", {})
    assert "breaches" not in peer.station.snapshot()


# --- what it costs -----------------------------------------------------------------------------


def test_reading_kindly_begins_where_the_strict_check_has_failed(monkeypatch):
    def refuse(*_: Any) -> None:
        raise AssertionError("a valid payload was read kindly")

    monkeypatch.setattr(answers, "read_kindly", refuse)
    peer = Peer(lenient=True).connect()
    peer.do("plug", connector=1)
    peer.do("start-transaction", connector=1, id_tag="TAG1")
    assert peer.call("GetConfiguration", {})[0] == 3


def test_a_payload_of_nothing_but_faults_is_given_up_soon():
    wrong = {"key": [None] * 100_000, **{f"x{n}": n for n in range(20_000)}}
    assert schemas.check("1.6", "GetConfiguration", wrong, False) is not None
    assert read_kindly("1.6", "GetConfiguration", wrong, False) is None


def test_a_list_of_thousands_with_the_same_faults_is_read():
    info = {"status": "accepted", "expiryDate": None, "parentIdTag": None, "more": 1}
    entries = [{"idTag": number, "idTagInfo": {**info}} for number in range(5000)]
    entries[77]["idTagInfo"]["expiryDate"] = "2030-01-01T00:00:00"
    whole = {"listVersion": "1", "updateType": "Full", "localAuthorizationList": entries}
    reading = read_kindly("1.6", "SendLocalList", whole, False)
    told = reading.payload["localAuthorizationList"]
    assert told[4999] == {"idTag": "4999", "idTagInfo": {"status": "Accepted"}}
    assert told[77]["idTagInfo"]["expiryDate"] == "2030-01-01T00:00:00.000Z"
    assert len(reading.notes) == 7


# --- every message of every version ------------------------------------------------------------

Change = Callable[[Any], Any]


def _walk(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        free = ("customData", "data")  # may be anything
        made = {k: v if k in free else _walk(v, change) for k, v in value.items()}
        return change(made)
    if isinstance(value, list):
        return [_walk(part, change) for part in value]
    return change(value)


def _with_more(value: Any) -> Any:
    return {**value, "notOfTheList": {"a": 1}} if isinstance(value, dict) else value


def _numbers_as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json.dumps(value) if is_number else value


def _truths_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, bool) else value


MESSAGES = [
    (version, action, response)
    for version in ("1.6", "2.0.1", "2.1")
    for action in sorted(schemas.actions(version))
    for response in (False, True)
    if not (response and action in schemas.unanswered(version))
]


@pytest.mark.parametrize("change", [_with_more, _numbers_as_text, _truths_as_text])
def test_every_message_is_read_back_from_its_spoilt_form(change):
    read = 0
    for version, action, response in MESSAGES:
        schema = schema_of(version, action, response)
        whole = Filler(7, 2, 12, {}, False).fill(schema, schema, "", 0, 0)
        if schemas.check(version, action, whole, response) is not None:
            continue
        spoilt = _walk(whole, change)
        if schemas.check(version, action, spoilt, response) is None:
            continue  # it has no such field
        reading = read_kindly(version, action, spoilt, response)
        assert reading is not None and reading.payload == whole, (version, action, response)
        assert reading.notes
        read += 1
    assert read > 30


def test_nulls_of_fields_that_may_be_left_out_are_left_out():
    for version, action, response in MESSAGES:
        schema = schema_of(version, action, response)
        whole = Filler(7, 2, 12, {}, False).fill(schema, schema, "", 0, 0)
        needed = {name: whole[name] for name in schema.get("required", ())}
        if schemas.check(version, action, needed, response) is not None:
            continue
        optional = [name for name, part in schema.get("properties", {}).items() if len(part) > 1
                    or "$ref" in part]  # DataTransfer's data is anything, null too
        nulls = dict.fromkeys(optional) | needed
        reading = read_kindly(version, action, nulls, response)
        assert reading is not None and reading.payload == needed, (version, action, response)


def test_the_two_kinds_of_stations_are_the_same_to_a_csms_that_is_right():
    lives = [Peer(lenient=lenient, connectors=DUAL).connect() for lenient in (True, False)]
    for peer in lives:
        peer.do("plug", connector=1)
        peer.do("start-transaction", connector=1, id_tag="TAG1")
        peer.pass_time(1000)
        peer.call("Reset", {"type": "Soft"})
    assert lives[0].sent == lives[1].sent
    two = [Csms(config_of(lenient=lenient, connectors=CONNECTORS)) for lenient in (True, False)]
    for csms in two:
        csms.connect().command("plug", connector=1)
        csms.pass_time(100)
    assert two[0].calls == two[1].calls

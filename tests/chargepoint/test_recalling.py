"""A station that resumes from a state which is older than what it has told."""

import json
from pathlib import Path

import pytest

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.core import topics
from chargepoint.effects import URGENT, Changed, Received, Send, Session
from chargepoint.versions import make_station
from chargepoint.wire.said import Said
from tests.chargepoint.inside import block

OLD = json.loads((Path(__file__).parent / "saved" / "before_logged_numbers.json").read_text())
VERSIONS = list(OLD)
NOW = 1_790_000_030.0
OURS = "0123456789-{}"


def resumed(version, said=None, logged=None, snapshot=None):
    outlets = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))
    config = StationConfig("OLD-1", version, connectors=outlets)
    saved = json.loads(json.dumps((snapshot or OLD[version])["saved"]))
    station = make_station(config, saved, NOW, rng_seed=2)
    return station, station.recall(said, logged, NOW)


def message(version):
    """What waits in the queue of the saved state, as it is sent."""
    [entry] = OLD[version]["saved"]["queue"]
    payload = dict(entry["payload"])
    if version == "1.6":
        payload["transactionId"] = 5
    return entry["action"], payload


def said_that(*frames):
    """`frames`: (kind, action, payload) of ours, in their order, each with an id by its place."""
    said = Said()
    for number, (kind, action, payload) in enumerate(frames, 1):
        sent = kind == "Call"
        uid = OURS.format(number if sent else number - 1)
        text = json.dumps([2, uid, action, payload] if sent else [3, uid, payload])
        said.take(number, "sent" if sent else "received", kind, action, uid, text)
    return said


def later_event(version, seq, register):
    """An Updated event or a MeterValues that was made after the state was saved."""
    value = {"measurand": "Energy.Active.Import.Register", "context": "Sample.Periodic"}
    if version == "1.6":
        entry = {**value, "value": str(register), "unit": "Wh"}
        meter = [{"timestamp": "2026-09-21T13:33:50.000Z", "sampledValue": [entry]}]
        return "MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": meter}
    _, payload = message(version)
    entry = {**value, "value": float(register)}
    meter = [{"timestamp": "2026-09-21T13:33:50.000Z", "sampledValue": [entry]}]
    return "TransactionEvent", {**payload, "seqNo": seq, "meterValue": meter}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_state_of_before_resumes_with_all_that_it_has(version):
    station, effects = resumed(version)
    snapshot = station.snapshot()
    assert snapshot["connectors"][0]["transaction"] == OLD[version]["connectors"][0]["transaction"]
    assert len(station.calls.queued) == 1
    assert 4 in block(station, "reservation").reservations
    [told] = [effect.update for effect in effects if type(effect) is Session]
    assert (told["state"], told["connector"]) == ("active", 1)
    assert told["rev"] > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_told_since_is_taken_up(version):
    action, payload = message(version)
    said = said_that(
        ("Call", action, payload), ("CallResult", action, {}),
        ("Call", *later_event(version, 40, 5000)),
    )  # fmt: skip
    station, effects = resumed(version, said, logged=0)
    assert station.connectors[1].meter_wh >= 5000
    assert Changed(URGENT) in effects
    # It was sent and not answered: the same once more, and what was answered is not repeated.
    [waiting] = station.calls.queued
    sent = station.ask(topics.MESSAGE_PAYLOAD, waiting) or waiting["payload"]
    assert (waiting["action"], sent) == later_event(version, 40, 5000)
    if version != "1.6":
        assert station.outlets[1].transaction.seq == 41


@pytest.mark.parametrize("version", VERSIONS)
def test_of_frames_that_the_state_knows_nothing_is_taken_twice(version):
    said = said_that(("Call", *later_event(version, 0, 1)))
    station, _ = resumed(version, said, logged=1)
    assert len(station.calls.queued) == 1
    assert station.calls.queued[0]["payload"] == OLD[version]["saved"]["queue"][0]["payload"]


def test_an_answer_that_came_last_is_heeded():
    """1.6: without the transactionId that it brings, the transaction could not be ended."""
    old = json.loads(json.dumps(OLD["1.6"]))
    [session] = old["saved"]["sessions"]
    session["transaction_id"] = None
    at = "2026-09-21T13:33:20Z"
    start = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at}
    queued = {"action": "StartTransaction", "payload": start, "session": session["id"]}
    old["saved"]["queue"] = [{**queued, "attempts": 0}]
    answer = {"transactionId": 77, "idTagInfo": {"status": "Accepted"}}
    said = said_that(("Call", "StartTransaction", start), ("CallResult", "", answer))
    station, _ = resumed("1.6", said, 0, old)
    assert block(station, "sessions").open[1].transaction_id == 77
    assert station.calls.queued == []


def test_event_ids_go_on():
    event = {"eventId": 9, "component": {"name": "X"}}
    said = said_that(("Call", "NotifyEvent", {"eventData": [event]}))
    station, _ = resumed("2.0.1", said, 0)
    assert block(station, "events").event_count == 9


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frame_of_an_operator_says_nothing_of_the_state(version):
    station, _ = resumed(version)
    station.connected_to(NOW)
    action, payload = later_event(version, 10**6, 10**9)
    result, _ = station.command("message", {"action": action, "payload": payload}, NOW)
    said = Said()
    said.take(5, "sent", "Call", action, result["unique_id"], result["text"])
    assert (said.next_seq, said.registers, said.last) == ({}, {}, None)
    assert said.number == 5


@pytest.mark.parametrize(
    "text", ["", "{", "[2]", '[2,"i","MeterValues",7]', '[2,"i","MeterValues",{"meterValue":{}}]',
             '[2,"i","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[{}]}]}]'],
)  # fmt: skip
def test_a_spoilt_frame_says_nothing(text):
    said = Said()
    for action in ("MeterValues", "TransactionEvent", "NotifyEvent"):
        said.take(1, "sent", "Call", action, OURS.format(1), text)
    assert (said.next_seq, said.registers, said.event_id) == ({}, {}, 0)


def test_kilowatt_hours_and_powers_of_ten_are_read():
    meter = [{"sampledValue": [{"value": "1.5", "unit": "kWh"}]}]
    power = {"value": 2, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}
    said = said_that(
        ("Call", "MeterValues", {"connectorId": 1, "meterValue": meter}),
        ("Call", "MeterValues", {"evseId": 2, "meterValue": [{"sampledValue": [power]}]}),
    )  # fmt: skip
    assert said.registers == {1: [1500.0, 0.0], 2: [2000.0, 0.0]}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_state_is_kept_before_the_answer_to_what_changes_it(version):
    station, _ = resumed(version)
    station.connected_to(NOW)
    effects = station.received('[2,"c1","ClearCache",{}]', NOW)
    kinds = [type(effect) for effect in effects]
    assert kinds[0] is Received
    assert effects[1] == Changed(URGENT)
    assert kinds.count(Changed) == 1
    assert kinds.index(Send) > 1
    reading = {"1.6": "GetConfiguration"}.get(version, "GetLocalListVersion")
    effects = station.received(f'[2,"c2","{reading}",{{}}]', NOW)
    assert Changed(URGENT) not in effects

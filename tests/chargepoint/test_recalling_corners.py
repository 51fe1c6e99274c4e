"""Corners of resuming from a state that is older than what was told (see test_recalling.py)."""

from __future__ import annotations

import copy
import json

import pytest

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.core import topics
from chargepoint.effects import URGENT, Changed
from chargepoint.versions import make_station
from chargepoint.wire.said import TRANSACTIONS_AT_MOST, Said
from tests.chargepoint.inside import block

from .test_recalling import NOW, OLD, OURS, VERSIONS, later_event, message, resumed, said_that

NEWER = [version for version in VERSIONS if version != "1.6"]
AT = "2026-09-21T13:33:50.000Z"


def with_queue(version, count):
    """The saved state with `count` messages in its queue, which differ by their register."""
    old = copy.deepcopy(OLD[version])
    [entry] = old["saved"]["queue"]
    entries = []
    for number in range(count):
        made = copy.deepcopy(entry)
        made["payload"]["meterValue"][0]["sampledValue"][0]["value"] = (
            str(93 + number) if version == "1.6" else 93.0 + number
        )
        if version != "1.6":
            made["payload"]["seqNo"] = 5 + number
        entries.append(made)
    # Its numbers are those of the last of them.
    old["saved"]["connectors"][0]["meter_wh"] = 100.0
    if version != "1.6":
        old["saved"]["outlets"]["1"]["transaction"]["seq"] = 5 + count
    old["saved"]["queue"] = entries
    return old


def as_sent(version, entry):
    payload = copy.deepcopy(entry["payload"])
    if version == "1.6":
        payload["transactionId"] = 5
    return entry["action"], payload


def readings(register, export=None, place=None, **more):
    """A MeterValues of 1.6 for connector 1 unless told otherwise."""
    entry = {"measurand": "Energy.Active.Import.Register", "value": str(register), **more}
    values = [entry]
    if export is not None:
        values.append({"measurand": "Energy.Active.Export.Register", "value": str(export)})
    place = {"connectorId": 1} if place is None else place
    return {**place, "meterValue": [{"timestamp": AT, "sampledValue": values}]}


# --- the queue -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_queue_goes_on_where_it_was(version, answered, place):
    """What stood before the last that was sent has been dealt with."""
    old = with_queue(version, 3)
    queue = old["saved"]["queue"]
    action, payload = as_sent(version, queue[place])
    frames = [("Call", action, payload)] + [("CallResult", action, {})] * answered
    station, effects = resumed(version, said_that(*frames), 0, old)
    left = queue[place + answered :]
    assert [entry["payload"] for entry in station.calls.queued] == [
        entry["payload"] for entry in left
    ]
    # What was taken up is saved at once, or another crash would begin where this one did.
    assert (Changed(URGENT) in effects) == (answered or place > 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_state_that_knows_no_numbers_keeps_its_queue(version):
    said = said_that(("Call", *later_event(version, 0, 1)))
    station, _ = resumed(version, said, None)
    [waiting] = station.calls.queued
    assert waiting["payload"] == OLD[version]["saved"]["queue"][0]["payload"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_made_later_sent_and_answered_is_not_sent_again(version):
    action, payload = later_event(version, 40, 5000)
    said = said_that(("Call", action, payload), ("CallResult", action, {}))
    station, effects = resumed(version, said, 0)
    assert station.calls.queued == []
    assert Changed(URGENT) in effects


@pytest.mark.parametrize("version", VERSIONS)
def test_what_belongs_to_no_known_transaction_is_not_sent_again(version):
    action, payload = later_event(version, 40, 5000)
    if version == "1.6":
        payload["transactionId"] = 6
    else:
        payload["transactionInfo"] = {"transactionId": "another"}
    station, _ = resumed(version, said_that(("Call", action, payload)), 0)
    assert station.calls.queued == []


def test_a_reading_outside_a_transaction_is_of_no_session_without_a_number():
    old = copy.deepcopy(OLD["1.6"])
    old["saved"]["sessions"][0]["transaction_id"] = None
    station, _ = resumed("1.6", said_that(("Call", "MeterValues", readings(5000))), 0, old)
    assert station.calls.queued == []


def test_a_reading_that_is_sent_again_keeps_its_transaction_when_that_has_ended():
    action, payload = later_event("1.6", 0, 5000)
    station, _ = resumed("1.6", said_that(("Call", action, payload)), 0)
    [waiting] = station.calls.queued
    station.command("stop-transaction", {"connector": 1}, NOW)
    assert 1 not in block(station, "sessions").open
    assert station.ask(topics.MESSAGE_PAYLOAD, waiting)["transactionId"] == 5


# --- numbers -------------------------------------------------------------------------------------


def test_each_connector_has_its_own_register():
    said = said_that(("Call", "MeterValues", readings(5000)),
                     ("Call", "MeterValues", readings(7000, place={"connectorId": 2})),
                     ("Call", "MeterValues", readings(9000, place={"connectorId": 9})))  # fmt: skip
    station, effects = resumed("1.6", said, 9)
    assert [station.connectors[n].meter_wh for n in (1, 2)] == pytest.approx([5000, 7000], abs=50)
    assert Changed(URGENT) in effects


@pytest.mark.parametrize("version", NEWER)
def test_numbers_of_the_state_that_are_higher_stay(version):
    _, payload = message(version)
    said = said_that(("Call", "TransactionEvent", {**payload, "seqNo": 1}),
                     ("Call", "NotifyEvent", {"eventData": [{"eventId": 3}]}))  # fmt: skip
    old = copy.deepcopy(OLD[version])
    old["saved"]["event_count"] = 8
    first, _ = resumed(version, None, None, old)
    station, _ = resumed(version, said, 9, old)
    assert station.outlets[1].transaction.seq == first.outlets[1].transaction.seq
    assert block(station, "events").event_count == block(first, "events").event_count


@pytest.mark.parametrize("version", NEWER)
def test_a_register_that_was_told_is_saved_at_once(version):
    meter = readings(5000, place={"evseId": 2})
    meter["meterValue"][0]["sampledValue"][0]["value"] = 5000.0
    station, effects = resumed(version, said_that(("Call", "MeterValues", meter)), 9)
    assert station.connectors[2].meter_wh >= 5000
    assert Changed(URGENT) in effects


@pytest.mark.parametrize("version", NEWER)
def test_a_reading_of_an_evse_with_two_connectors_may_be_of_either(version):
    outlets = (ConnectorConfig(1, 1), ConnectorConfig(2, 1), ConnectorConfig(3, 2))
    station = make_station(StationConfig("S", version, connectors=outlets), None, NOW, rng_seed=1)
    said = Said()
    said.registers = {1: [5000.0, 0.0], (1, 2): [300.0, 0.0], 2: [70.0, 0.0]}
    station.recall(said, 0, NOW)
    assert [station.connectors[n].meter_wh for n in (1, 2, 3)] == [0, 300, 70]


# --- what frames tell ----------------------------------------------------------------------------


def take(said, number, kind, action, payload, uid=None):
    sent = kind == "Call"
    uid = uid or OURS.format(number)
    text = json.dumps([2, uid, action, payload] if sent else [3, uid, payload])
    said.take(number, "sent" if sent else "received", kind, action, uid, text)


def test_of_two_runs_the_newer_tells_what_was_sent_last_whichever_is_read_first():
    said = Said()
    for number in (2 << 40 | 1, 1 << 40 | 7):
        take(said, number, "Call", "MeterValues", readings(number % 100))
    assert said.last.number == said.number == 2 << 40 | 1


def test_an_answer_to_another_call_says_nothing_of_the_last():
    said = Said()
    take(said, 1, "Call", "MeterValues", readings(1))
    take(said, 2, "CallResult", "Heartbeat", {"currentTime": AT}, OURS.format(99))
    assert said.last.outcome is None
    take(said, 3, "CallResult", "MeterValues", {}, OURS.format(1))
    assert said.last.outcome == {}


def test_registers_never_fall_and_phases_are_no_registers():
    said = said_that(
        ("Call", "MeterValues", readings(500, 40)), ("Call", "MeterValues", readings(400, 60)),
        ("Call", "MeterValues", readings(9999, phase="L1")),
    )  # fmt: skip
    assert said.registers == {1: [500.0, 60.0]}


def test_of_many_transactions_the_newest_are_remembered():
    said = Said()
    many = TRANSACTIONS_AT_MOST + 10
    for number in range(many):
        info = {"transactionId": f"t{number}"}
        evse = {"id": 1, "connectorId": 1}
        event = {"transactionInfo": info, "seqNo": number, "evse": evse}
        take(said, number + 1, "Call", "TransactionEvent", event)
    assert list(said.next_seq) == [f"t{number}" for number in range(10, many)]
    assert said.next_seq[f"t{many - 1}"] == many

"""Whatever happens to a station, its transactions reach the CSMS: once begun, once ended, in order.

Random histories of drivers, faults, lost links, resets, silent CSMSs and crashes, against a CSMS
that keeps a ledger of what it was told.
"""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from tests.chargepoint.inside import block
from tests.chargepoint.peer import DUAL, Peer

KEYS = {
    "AllowOfflineTxForUnknownId": "true",
    "EmulatorAutoPlug": "false",
    "MeterValueSampleInterval": "20",
    "TransactionMessageAttempts": "1000",
    "TransactionMessageRetryInterval": "1",
}


class Ledger:
    """Transactions as a CSMS books them; a repeated StartTransaction is the same one."""

    def __init__(self) -> None:
        self.ids: dict[tuple, int] = {}
        self.began: dict[int, dict] = {}
        self.ended: dict[int, dict] = {}
        self.registers: dict[int, list[int]] = {}

    def start(self, payload: dict) -> dict:
        key = tuple(sorted(payload.items()))
        number = self.ids.setdefault(key, len(self.ids) + 1)
        self.began[number] = payload
        return {"transactionId": number, "idTagInfo": {"status": "Accepted"}}

    def values(self, payload: dict) -> dict:
        number = payload["transactionId"]
        assert number in self.began
        assert number not in self.ended
        for value in payload["meterValue"][0]["sampledValue"]:
            if value["measurand"] == "Energy.Active.Import.Register":
                self.registers.setdefault(number, []).append(int(value["value"]))
        return {}

    def stop(self, payload: dict) -> dict:
        number = payload["transactionId"]
        assert number in self.began
        assert self.ended.setdefault(number, payload) == payload
        return {}


def wire(peer: Peer, ledger: Ledger) -> None:
    peer.answers |= {
        "StartTransaction": ledger.start,
        "MeterValues": ledger.values,
        "StopTransaction": ledger.stop,
    }


def mute(peer: Peer) -> None:
    """The CSMS takes no more transaction messages: it does not answer."""
    peer.answers |= dict.fromkeys(("StartTransaction", "MeterValues", "StopTransaction"))


connectors = st.sampled_from([1, 2])
steps = st.one_of(
    st.tuples(st.sampled_from(["plug", "unplug", "start-transaction", "stop-transaction"]),
              connectors),
    st.tuples(st.sampled_from(["fault", "clear", "remote-start", "out", "in"]), connectors),
    st.tuples(st.just("time"), st.floats(0.1, 90)),
    st.tuples(st.sampled_from(["drop", "connect", "crash", "mute", "speak", "Soft", "Hard"]),
              st.none()),
)  # fmt: skip


def perform(peer: Peer, ledger: Ledger, step: str, argument: Any) -> Peer:
    match step:
        case "time":
            peer.pass_time(argument)
        case "drop":
            peer.drop()
        case "connect":
            if not peer.station.connected:
                peer.connect()
        case "crash":
            peer = peer.crash()
            wire(peer, ledger)
        case "mute":
            mute(peer)
        case "speak":
            wire(peer, ledger)
        case "Soft" | "Hard":
            peer.do("reset", kind=step)
        case "fault":
            peer.do("fault", connector=argument, error_code="OtherError")
        case "clear":
            peer.do("fault", connector=argument, error_code="NoError")
        case "out" | "in":
            peer.do("availability", connector=argument, operative=step == "in")
        case "remote-start":
            if peer.station.connected:
                peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": argument})
        case _:
            peer.do(step, connector=argument)
    return peer


def settle(peer: Peer, ledger: Ledger) -> None:
    """The CSMS is back and well; everybody stops and leaves."""
    wire(peer, ledger)
    peer.pass_time(60)  # longer than a Call waits: nobody is being authorized any more
    if not peer.station.connected:
        peer.connect()
    for number in list(block(peer.station, "sessions").open):
        peer.do("stop-transaction", connector=number)
    peer.pass_time(3600)
    if not peer.station.connected:
        peer.connect()
        peer.pass_time(600)


@settings(max_examples=250, deadline=None)
@given(st.lists(steps, max_size=30))
def test_every_transaction_is_told_once_and_in_order(history):
    peer, ledger = Peer(configuration=KEYS), Ledger()
    wire(peer, ledger)
    peer.connect()
    for step, argument in history:
        with suppress(CommandRejected):
            peer = perform(peer, ledger, step, argument)
        peer.pass_time(0.05)  # two starts at one instant would look like a repetition
    settle(peer, ledger)
    assert not peer.station.calls.queued
    sessions = {update["id"]: update for update in peer.sessions}
    assert len(ledger.began) == len(sessions)
    assert set(ledger.ended) == set(ledger.began)
    for number, began in ledger.began.items():
        course = [began["meterStart"], *ledger.registers.get(number, []),
                  ledger.ended[number]["meterStop"]]  # fmt: skip
        assert course == sorted(course)
    for last in sessions.values():
        number = int(last["transaction_id"])
        assert last["state"] == "ended"
        assert last["meter_stop"] == ledger.ended[number]["meterStop"]
        revs = [update["rev"] for update in peer.sessions if update["id"] == last["id"]]
        assert revs == list(range(1, len(revs) + 1))
    for connector in peer.station.connectors.values():
        assert not connector.in_transaction


def test_a_long_time_offline_thins_the_meter_values_and_keeps_the_rest():
    peer = Peer(configuration=KEYS | {"MeterValueSampleInterval": "1"}).connect()
    peer.do("start-transaction", connector=1)
    peer.drop()
    peer.pass_time(5000)
    peer.do("stop-transaction", connector=1)
    queued = [message["action"] for message in peer.station.calls.queued]
    assert len(queued) <= 1001
    assert queued[-1] == "StopTransaction"
    peer.sent.clear()
    peer.connect()
    stamps = [p["meterValue"][0]["timestamp"] for p in peer.calls("MeterValues")]
    assert stamps == sorted(stamps)
    assert len(stamps) > 400
    assert len(peer.calls("StopTransaction")) == 1


def test_a_connector_that_was_removed_while_charging_has_its_transaction_ended():
    peer = Peer().connect()
    peer.do("start-transaction", connector=2)
    peer.pass_time(600)
    assert len(DUAL) == 2
    peer.config = type(peer.config)("CP1", "1.6", connectors=(ConnectorConfig(1, 1),))
    peer.drop()
    again = peer.crash()
    again.sent = []
    again.connect()
    [stop] = again.calls("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (101, "Other")
    assert stop["meterStop"] > 1000


def test_a_status_that_was_never_answered_is_told_by_the_next_worker():
    peer = Peer().connect()
    peer.answers["StatusNotification"] = None
    peer.do("plug", connector=1)
    again = peer.crash()
    again.sent = []
    again.answers["StatusNotification"] = {}
    again.connect()
    assert [(n["connectorId"], n["status"]) for n in again.calls("StatusNotification")] == [
        (1, "Preparing")]  # fmt: skip


def test_a_resumed_transaction_goes_on_sampling():
    peer = Peer(configuration=KEYS).connect()
    peer.do("start-transaction", connector=1)
    again = peer.crash()
    again.sent = []
    again.connect()
    again.pass_time(65)
    assert len(again.calls("MeterValues")) == 3
    assert {values["transactionId"] for values in again.calls("MeterValues")} == {101}

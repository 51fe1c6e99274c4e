"""MeterValues of a transaction's begin and end beside its StartTransaction and StopTransaction."""

import pytest

from tests.chargepoint.peer import Peer

REGISTER = "Energy.Active.Import.Register"
BEGIN, END = "Transaction.Begin", "Transaction.End"
ENDS = {"StartTxnSampledData": REGISTER, "EmulatorEndTxnSampledData": f"{REGISTER},Power.Offered"}
AFTER = {"EmulatorEndTxnSampledAfterStop": "true"}
OF_A_TRANSACTION = ("StartTransaction", "MeterValues", "StopTransaction")
CAR = {"soc": 10, "battery_kwh": 100, "max_power_kw": 22}


def charged(seconds=90, **keys):
    peer = Peer(configuration=keys).connect()
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    peer.pass_time(seconds)
    peer.do("stop-transaction", connector=1)
    return peer


def told(peer):
    """(action, context of its values or "") of the transaction's messages, in their order."""
    found = []
    for frame in peer.sent:
        if frame and frame[0] == 2 and frame[2] in OF_A_TRANSACTION:
            values = frame[3].get("meterValue", [{"sampledValue": [{}]}])
            found.append((frame[2], values[0]["sampledValue"][0].get("context", "")))
    return found


def ends(peer):
    """The payloads with the values of the end."""
    return [one for one in peer.calls("MeterValues")
            if one["meterValue"][0]["sampledValue"][0]["context"] == END]  # fmt: skip


def test_neither_is_sent_unless_the_station_is_told_to():
    assert told(charged()) == [
        ("StartTransaction", ""), ("MeterValues", "Sample.Periodic"), ("StopTransaction", ""),
    ]  # fmt: skip


@pytest.mark.proves("EmulatorEndTxnSampledData")
def test_the_begin_comes_behind_the_answer_to_the_start_and_the_end_before_the_stop():
    peer = charged(**ENDS)
    assert told(peer) == [
        ("StartTransaction", ""), ("MeterValues", BEGIN), ("MeterValues", "Sample.Periodic"),
        ("MeterValues", END), ("StopTransaction", ""),
    ]  # fmt: skip
    [stop], [end] = peer.calls("StopTransaction"), ends(peer)
    begin = peer.calls("MeterValues")[0]
    assert begin["transactionId"] == end["transactionId"] == stop["transactionId"] == 101
    register, offered = end["meterValue"][0]["sampledValue"]
    assert (register["measurand"], float(register["value"])) == (
        REGISTER, pytest.approx(stop["meterStop"], abs=1),
    )  # fmt: skip
    assert (offered["measurand"], float(offered["value"])) == ("Power.Offered", 22_000)
    assert end["meterValue"][0]["timestamp"] == stop["timestamp"]
    assert "transactionData" not in stop


@pytest.mark.proves("EmulatorEndTxnSampledAfterStop")
def test_the_end_may_come_behind_the_stop_and_nothing_is_offered_then():
    peer = charged(**ENDS, **AFTER)
    assert told(peer)[-2:] == [("StopTransaction", ""), ("MeterValues", END)]
    [stop], [end] = peer.calls("StopTransaction"), ends(peer)
    assert end["transactionId"] == stop["transactionId"] == 101
    register, offered = end["meterValue"][0]["sampledValue"]
    assert float(register["value"]) == pytest.approx(stop["meterStop"], abs=1)
    assert float(offered["value"]) == 0
    assert told(charged(**AFTER))[-1] == ("StopTransaction", "")


@pytest.mark.parametrize("keys", [ENDS, ENDS | AFTER])
def test_what_was_told_offline_comes_in_its_order_with_the_transactions_number(keys):
    peer = Peer(configuration={**keys, "AllowOfflineTxForUnknownId": "true"}).connect()
    peer.drop()
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    peer.pass_time(90)
    peer.do("stop-transaction", connector=1)
    assert told(peer) == []
    peer.restart()
    peer.connect()
    peer.pass_time(5)
    actions = [action for action, _ in told(peer)]
    last = ["MeterValues", "StopTransaction"]
    assert actions == ["StartTransaction", "MeterValues", "MeterValues",
                       *(last[::-1] if "true" in keys.values() else last)]  # fmt: skip
    ids = {p["transactionId"] for p in [*peer.calls("MeterValues"), *peer.calls("StopTransaction")]}
    assert ids == {101}


@pytest.mark.parametrize("keys", [ENDS, ENDS | AFTER])
def test_a_start_that_is_refused_has_an_end_too(keys):
    peer = Peer(configuration=keys).connect()
    peer.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": {"status": "Invalid"}}
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    [stop], [end] = peer.calls("StopTransaction"), ends(peer)
    assert (stop["reason"], end["transactionId"]) == ("DeAuthorized", 7)


@pytest.mark.parametrize("keys", [ENDS, ENDS | AFTER])
def test_the_values_of_the_end_go_with_the_stop_as_before(keys):
    peer = charged(StopTxnSampledData=REGISTER, **keys)
    [stop] = peer.calls("StopTransaction")
    contexts = [one["sampledValue"][0]["context"] for one in stop["transactionData"]]
    assert contexts == [BEGIN, "Sample.Periodic", END]
    assert len(ends(peer)) == 1


def test_the_csms_sets_and_clears_both():
    peer = Peer().connect()

    def change(key, value):
        return peer.call("ChangeConfiguration", {"key": key, "value": value})[2]["status"]

    assert change("EmulatorEndTxnSampledData", "Nonsense") == "Rejected"
    assert change("EmulatorEndTxnSampledAfterStop", "perhaps") == "Rejected"
    assert change("EmulatorEndTxnSampledData", REGISTER) == "Accepted"
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    assert change("EmulatorEndTxnSampledAfterStop", "true") == "Accepted"
    peer.do("stop-transaction", connector=1)
    assert told(peer)[-1] == ("MeterValues", END)
    assert change("EmulatorEndTxnSampledData", "") == "Accepted"
    peer.do("start-transaction", connector=1)
    peer.do("stop-transaction", connector=1)
    assert len(ends(peer)) == 1

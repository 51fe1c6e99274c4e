"""Sessions from the plug to the last message (1.6 sections 3.4, 3.7, 4.1, 4.7, 4.8, 4.10)."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from tests.chargepoint.peer import Peer

INVALID = {"idTagInfo": {"status": "Invalid"}}


@pytest.fixture
def peer():
    return Peer().connect()


def refused_start(transaction=7):
    return {"transactionId": transaction, "idTagInfo": {"status": "Blocked"}}


@pytest.mark.proves("StartTransaction", "StopTransaction", "MeterValues")
def test_a_session_from_plug_to_unplug(peer):
    peer.do("plug", connector=1, ev={"battery_kwh": 60, "soc": 30})
    peer.do("authorize", id_tag="TAG1", connector=1)
    peer.pass_time(600)
    peer.do("stop-transaction", connector=1)
    peer.do("unplug", connector=1)
    assert peer.statuses() == ["Available", "Preparing", "Charging", "Finishing", "Available"]
    [start], [stop] = peer.calls("StartTransaction"), peer.calls("StopTransaction")
    assert (start["meterStart"], start["idTag"], start["connectorId"]) == (0, "TAG1", 1)
    assert (stop["transactionId"], stop["reason"]) == (101, "Local")
    # A 11 kW car on a 22 kW outlet, far from full, for ten minutes.
    assert stop["meterStop"] == pytest.approx(11_000 / 6, abs=1)
    assert len(peer.calls("MeterValues")) == 10
    assert {values["transactionId"] for values in peer.calls("MeterValues")} == {101}
    last = peer.sessions[-1]
    assert (last["state"], last["energy_wh"]) == ("ended", stop["meterStop"])
    assert [update["rev"] for update in peer.sessions] == list(range(1, last["rev"] + 1))


def test_power_falls_as_the_battery_fills_and_the_car_suspends(peer):
    peer.do("plug", connector=1, ev={"battery_kwh": 10, "soc": 70, "max_power_kw": 11})
    peer.do("authorize", id_tag="TAG1", connector=1)
    peer.pass_time(3600)
    powers = [
        float(value["value"])
        for note in peer.calls("MeterValues")
        for value in note["meterValue"][0]["sampledValue"]
        if value["measurand"] == "Power.Active.Import"
    ]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] == 11_000
    assert powers[-1] == 0
    assert "SuspendedEV" in peer.statuses()


@pytest.mark.proves("Authorize")
def test_an_unknown_tag_starts_nothing(peer):
    peer.answers["Authorize"] = INVALID
    peer.do("plug", connector=1)
    peer.do("authorize", id_tag="NOBODY", connector=1)
    assert peer.calls("StartTransaction") == []
    assert peer.statuses() == ["Available", "Preparing"]


def test_the_same_tag_stops_and_another_is_refused(peer):
    peer.do("start-transaction", connector=1)
    with pytest.raises(CommandRejected):
        peer.do("authorize", id_tag="OTHER", connector=1)
    peer.do("authorize", id_tag="TAG1", connector=1)
    assert peer.calls("StopTransaction")[0]["idTag"] == "TAG1"


@pytest.mark.proves("ConnectionTimeOut")
def test_an_authorization_without_a_car_times_out(peer):
    peer.do("authorize", id_tag="TAG1", connector=1)
    peer.pass_time(61)
    assert peer.statuses() == ["Available", "Preparing", "Available"]
    assert peer.calls("StartTransaction") == []


def test_a_refused_start_ends_the_transaction(peer):
    peer.answers["StartTransaction"] = lambda p: refused_start()
    peer.do("start-transaction", connector=1)
    [stop] = peer.calls("StopTransaction")
    assert (stop["reason"], stop["transactionId"]) == ("DeAuthorized", 7)
    assert "Charging" not in peer.statuses()


@pytest.mark.proves("StopTransactionOnInvalidId")
def test_a_refused_start_may_leave_the_transaction_open_without_energy():
    peer = Peer(configuration={"StopTransactionOnInvalidId": "false"}).connect()
    peer.answers["StartTransaction"] = lambda p: refused_start()
    peer.do("start-transaction", connector=1)
    peer.pass_time(600)
    assert peer.calls("StopTransaction") == []
    assert peer.statuses()[-1] == "SuspendedEVSE"
    assert peer.sessions[-1]["energy_wh"] == 0


@pytest.mark.proves("MaxEnergyOnInvalidId")
def test_a_refused_start_may_have_some_energy():
    keys = {"StopTransactionOnInvalidId": "false", "MaxEnergyOnInvalidId": "500"}
    peer = Peer(configuration=keys).connect()
    peer.answers["StartTransaction"] = lambda p: refused_start()
    peer.do("start-transaction", connector=1)
    peer.pass_time(1200)
    assert peer.statuses()[-1] == "SuspendedEVSE"
    assert peer.sessions[-1]["energy_wh"] == pytest.approx(500, abs=5)


@pytest.mark.proves("EmulatorGoOnWithInvalidId")
@pytest.mark.parametrize("stops", ["true", "false"])
def test_a_make_may_go_on_though_its_start_was_refused(stops):
    keys = {"EmulatorGoOnWithInvalidId": "true", "StopTransactionOnInvalidId": stops}
    peer = Peer(configuration=keys).connect()
    peer.answers["StartTransaction"] = lambda p: refused_start()
    peer.do("start-transaction", connector=1)
    peer.pass_time(1200)
    assert peer.statuses()[-1] == "Charging" and not peer.calls("StopTransaction")
    assert peer.sessions[-1]["energy_wh"] > 1000
    assert {call["transactionId"] for call in peer.calls("MeterValues")} == {7}


@pytest.mark.proves("StopTransactionOnEVSideDisconnect")
@pytest.mark.parametrize(
    ("stops", "last", "reasons"),
    [("true", "Available", ["EVDisconnected"]), ("false", "SuspendedEV", [])],
)
def test_the_car_leaves_in_mid_transaction(stops, last, reasons):
    peer = Peer(configuration={"StopTransactionOnEVSideDisconnect": stops}).connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(60)
    peer.do("unplug", connector=1)
    assert peer.statuses()[-1] == last
    assert [stop["reason"] for stop in peer.calls("StopTransaction")] == reasons


@pytest.mark.proves("AllowOfflineTxForUnknownId")
def test_a_session_offline_is_told_in_order_afterwards():
    peer = Peer(configuration={"AllowOfflineTxForUnknownId": "true"}).connect()
    peer.drop()
    peer.do("start-transaction", connector=1)
    peer.pass_time(150)
    peer.do("stop-transaction", connector=1)
    assert peer.calls("StartTransaction") == []
    begun = peer.station.snapshot()["saved"]["queue"][0]["payload"]["timestamp"]
    peer.connect()
    told = [a for a in peer.actions() if a not in ("BootNotification", "StatusNotification")]
    assert told == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
    assert peer.calls("StartTransaction")[0]["timestamp"] == begun
    assert peer.calls("StopTransaction")[0]["transactionId"] == 101
    last = peer.sessions[-1]
    assert (last["transaction_id"], last["state"], last["reason"]) == ("101", "ended", "Local")


def test_offline_an_unknown_tag_is_refused_and_a_cached_one_is_let_through(peer):
    peer.do("authorize", id_tag="KNOWN", connector=2)
    peer.pass_time(100)
    peer.drop()
    assert peer.do("start-transaction", connector=1, id_tag="NEW")["authorization"] == "Invalid"
    result = peer.do("authorize", connector=1, id_tag="KNOWN")
    assert result["authorization"] == "Accepted"


@pytest.mark.proves("TransactionMessageAttempts", "TransactionMessageRetryInterval")
def test_a_failing_csms_gets_the_attempts_of_the_configuration_then_the_next_message():
    keys = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "10"}
    peer = Peer(configuration=keys).connect()
    peer.answers["StartTransaction"] = ["InternalError", "no", {}]
    times = []
    peer.answers["StartTransaction"] = lambda p: times.append(peer.now) or ["InternalError", "", {}]
    began = peer.now
    peer.do("start-transaction", connector=1)
    peer.pass_time(45)
    # Section 3.7.1: the n-th repetition waits n times the interval.
    assert [round(at - began) for at in times] == [0, 10, 30]
    peer.do("stop-transaction", connector=1)
    assert peer.calls("StopTransaction")[0]["transactionId"] == -1


def test_the_queue_survives_a_crash_in_the_middle(peer):
    peer.answers["StartTransaction"] = None
    peer.do("start-transaction", connector=1)
    first = peer.unanswered[-1][3]
    again = peer.crash()
    again.now += 20
    again.sent = []
    again.connect()
    assert again.calls("StartTransaction") == [first]
    assert again.actions().count("BootNotification") == 0
    again.pass_time(600)
    again.do("stop-transaction", connector=1)
    [stop] = again.calls("StopTransaction")
    assert stop["transactionId"] == again.next_transaction
    assert stop["meterStop"] == pytest.approx(11_000 * 620 / 3600, abs=1)


@pytest.mark.proves("MeterValueSampleInterval")
def test_samples_stop_with_the_transaction_and_the_interval_can_change(peer):
    peer.do("start-transaction", connector=1)
    peer.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "5"})
    peer.pass_time(21)
    assert len(peer.calls("MeterValues")) == 4
    peer.do("stop-transaction", connector=1)
    peer.pass_time(60)
    assert len(peer.calls("MeterValues")) == 4


@pytest.mark.proves("ClockAlignedDataInterval", "MeterValuesAlignedData")
def test_clock_aligned_values_come_on_the_clock():
    peer = Peer(configuration={"ClockAlignedDataInterval": "900"}).connect()
    peer.pass_time(1800)
    notes = peer.calls("MeterValues")
    assert len(notes) == 4  # two connectors, twice
    assert {n["meterValue"][0]["timestamp"][14:] for n in notes} <= {
        f"{m:02}:00.000Z" for m in (0, 15, 30, 45)}  # fmt: skip
    values = [v for n in notes for v in n["meterValue"][0]["sampledValue"]]
    assert {v["context"] for v in values} == {"Sample.Clock"}
    assert all("transactionId" not in n for n in notes)


def test_a_clock_aligned_value_bears_the_time_of_the_mark_however_late_it_is_read():
    keys = {"ClockAlignedDataInterval": "900", "StopTxnAlignedData": "Voltage"}
    peer = Peer(configuration=keys).connect()
    peer.do("start-transaction", connector=1)
    mark = (peer.now // 900 + 1) * 900
    peer.now = mark + 2.345
    peer.take(peer.station.wake(peer.now))
    told = [v["timestamp"] for p in peer.calls("MeterValues") for v in p["meterValue"]
            if v["sampledValue"][0]["context"] == "Sample.Clock"]  # fmt: skip
    assert told == [iso(mark)] * 2  # of the transaction, and of the idle connector
    peer.do("stop-transaction", connector=1)
    data = peer.calls("StopTransaction")[0]["transactionData"]
    assert [entry["timestamp"] for entry in data] == [iso(mark)]


@pytest.mark.proves("StopTxnSampledData")
def test_transaction_data_goes_with_the_stop():
    peer = Peer(configuration={"StopTxnSampledData": "Energy.Active.Import.Register"}).connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(125)
    peer.do("stop-transaction", connector=1)
    data = peer.calls("StopTransaction")[0]["transactionData"]
    contexts = [entry["sampledValue"][0]["context"] for entry in data]
    assert contexts == [
        "Transaction.Begin",
        "Sample.Periodic",
        "Sample.Periodic",
        "Transaction.End",
    ]


def test_a_fault_suspends_the_session_and_its_end_resumes_it(peer):
    peer.do("start-transaction", connector=1)
    peer.do("fault", connector=1, error_code="GroundFailure", vendor_error_code="E17")
    note = peer.calls("StatusNotification")[-1]
    assert (note["status"], note["errorCode"], note["vendorErrorCode"]) == (
        "Faulted", "GroundFailure", "E17")  # fmt: skip
    before = peer.station.connectors[1].meter_wh
    peer.pass_time(100)
    assert peer.station.connectors[1].meter_wh == before
    peer.do("fault", connector=1, error_code="NoError")
    assert peer.statuses()[-1] == "Charging"


@pytest.mark.proves("MinimumStatusDuration")
def test_a_short_status_is_not_sent_under_minimum_status_duration():
    peer = Peer(configuration={"MinimumStatusDuration": "10"}).connect()
    peer.pass_time(11)
    peer.do("plug", connector=1)
    peer.pass_time(5)
    peer.do("unplug", connector=1)
    peer.pass_time(30)
    assert peer.statuses() == ["Available"]
    peer.do("plug", connector=1)
    peer.pass_time(11)
    assert peer.statuses() == ["Available", "Preparing"]


def test_commands_that_make_no_sense_change_nothing(peer):
    state = peer.station.snapshot()["saved"]
    for name, args in [
        ("unplug", {"connector": 1}), ("plug", {"connector": 9}), ("plug", {"connector": "1"}),
        ("plug", {"connector": 1, "ev": {"soc": 200}}), ("stop-transaction", {"connector": 1}),
        ("fault", {"connector": 1, "error_code": "Nonsense"}), ("fly", {}),
        ("start-transaction", {"connector": 1, "id_tag": "x" * 21}), ("plug", {"wheel": 4}),
        ("reset", {"kind": "Gentle"}), ("stop-transaction", {"reason": "Bored"}),
    ]:  # fmt: skip
        with pytest.raises(CommandRejected) as refused:
            peer.do(name, **args)
        assert refused.value.message.endswith(".")
    assert peer.station.snapshot()["saved"] == state

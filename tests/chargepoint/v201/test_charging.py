"""Transactions from plug to unplug: events, trigger reasons, numbers, meter values."""

import pytest

from chargepoint.core.commands import CommandRejected

from .csms import booted

TOKEN = {"idToken": "04A1B2C3", "type": "ISO14443"}
QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}


def quiet(**configuration):
    names = {key.replace("_", "."): value for key, value in configuration.items()}
    return booted(configuration={**QUIET, **names})


def register(event):
    """The last energy register in an event's meter values, in Wh."""
    found = [
        sampled["value"]
        for value in event.get("meterValue", [])
        for sampled in value["sampledValue"]
        if sampled["measurand"] == "Energy.Active.Import.Register"
    ]
    return found[-1] if found else None


@pytest.mark.proves("TransactionEvent")
def test_a_session_by_card():
    csms = quiet()
    csms.command("plug", connector=1)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Occupied"
    assert csms.events == []
    assert csms.command("authorize", connector=1, id_tag="04A1B2C3")["authorization"] == "Pending"
    csms.pass_time(3600)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.command("unplug", connector=1)
    assert csms.story() == [
        ("Started", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Ended", "StopAuthorized", "EVConnected"),
    ]
    assert [e["seqNo"] for e in csms.events] == [0, 1, 2]
    first, _, last = csms.events
    assert first["idToken"] == last["idToken"] == TOKEN
    assert first["evse"] == {"id": 1, "connectorId": 1}
    assert "offline" not in first
    assert last["transactionInfo"]["stoppedReason"] == "Local"
    assert register(first) == 0
    assert register(last) == pytest.approx(11_000, abs=1)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"
    assert csms.sent("Authorize") == [{"idToken": TOKEN}]


def test_the_second_evse_is_dc_and_called_by_its_own_number():
    csms = quiet()
    csms.command("start-transaction", connector=2)
    assert csms.events[0]["evse"] == {"id": 2, "connectorId": 1}
    csms.pass_time(600)
    csms.command("stop-transaction", connector=2)
    assert register(csms.events[-1]) > 20_000  # 150 kW for ten minutes is 25 kWh


def test_the_record_of_the_session():
    csms = quiet()
    csms.command("start-transaction", connector=1)
    csms.pass_time(1800)
    csms.command("stop-transaction")
    assert [s["rev"] for s in csms.sessions] == [1, 2, 3]
    assert len({s["id"] for s in csms.sessions}) == 1
    first, last = csms.sessions[0], csms.sessions[-1]
    assert (first["state"], first["ended"], first["meter_stop"]) == ("active", None, None)
    assert first["id_tag"] == "04A1B2C3"
    assert (last["state"], last["reason"], last["ended"]) == ("ended", "Local", csms.now)
    assert last["energy_wh"] == last["meter_stop"] - last["meter_start"] == 5500
    assert last["transaction_id"] == csms.events[0]["transactionInfo"]["transactionId"]


def test_a_full_car_suspends_by_itself():
    csms = quiet()
    csms.command("plug", connector=1, ev={"soc": 50, "target_soc": 55})
    csms.command("start-transaction", connector=1)
    csms.pass_time(3 * 3600)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")
    csms.command("stop-transaction", connector=1)
    # 5 % of 60 kWh at 90 % efficiency
    assert register(csms.events[-1]) == pytest.approx(3000 / 0.9, abs=1)


@pytest.mark.proves("TxCtrlr.TxStartPoint", "TxCtrlr.TxStopPoint")
@pytest.mark.parametrize(
    ("start", "stop", "story"),
    [
        (
            "EVConnected", "EVConnected",
            ["Started CablePluggedIn", "Updated Authorized", "Updated ChargingStateChanged",
             "Updated StopAuthorized", "Ended EVCommunicationLost"],
        ),
        (
            "EVConnected,Authorized", "Authorized",
            ["Started CablePluggedIn", "Updated Authorized", "Updated ChargingStateChanged",
             "Ended StopAuthorized"],
        ),
        (
            "EnergyTransfer", "EnergyTransfer",
            ["Started ChargingStateChanged", "Ended StopAuthorized"],
        ),
        (
            "PowerPathClosed", "EVConnected,PowerPathClosed",
            ["Started Authorized", "Updated ChargingStateChanged", "Ended StopAuthorized"],
        ),
    ],
)  # fmt: skip
def test_start_and_stop_points(start, stop, story):
    csms = quiet(TxCtrlr_TxStartPoint=start, TxCtrlr_TxStopPoint=stop)
    csms.command("plug", connector=1)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(60)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.command("unplug", connector=1)
    assert [f"{kind} {trigger}" for kind, trigger, _ in csms.story()] == story
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "Local"
    assert [e["seqNo"] for e in csms.events] == list(range(len(story)))


def test_a_transaction_from_bay_to_bay():
    points = {"TxCtrlr_TxStartPoint": "ParkingBayOccupancy"}
    csms = quiet(**points, TxCtrlr_TxStopPoint="ParkingBayOccupancy")
    csms.command("bay", connector=1)
    csms.command("plug", connector=1)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    with pytest.raises(CommandRejected):
        csms.command("bay", connector=1, occupied=False)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.command("unplug", connector=1)
    csms.restart().connect()
    csms.command("bay", connector=1, occupied=False)
    assert [f"{kind} {trigger}" for kind, trigger, _ in csms.story()] == [
        "Started EVDetected", "Updated CablePluggedIn", "Updated Authorized",
        "Updated ChargingStateChanged", "Updated StopAuthorized", "Updated EVCommunicationLost",
        "Ended EVDeparted",
    ]  # fmt: skip


def test_a_car_at_the_cable_is_in_the_bay_whatever_its_detector_says():
    csms = quiet(TxCtrlr_TxStartPoint="ParkingBayOccupancy")
    csms.command("plug", connector=1)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.command("stop-transaction", connector=1)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(60)
    # No energy flows without a transaction that counts it.
    assert [kind for kind, _, _ in csms.story() if kind != "Updated"] == [
        "Started", "Ended", "Started",
    ]  # fmt: skip
    assert csms.station.outlets[1].hardware.power_w > 0


def test_authorized_first_then_plugged_in():
    csms = quiet(TxCtrlr_TxStartPoint="Authorized")
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(20)
    csms.command("plug", connector=1)
    assert csms.story() == [
        ("Started", "Authorized", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


@pytest.mark.proves("TxCtrlr.EVConnectionTimeOut")
@pytest.mark.parametrize(
    ("start", "story"),
    [("Authorized", ["Authorized", "EVConnectTimeout"]), ("PowerPathClosed", [])],
)
def test_nobody_plugs_in(start, story):
    csms = quiet(TxCtrlr_TxStartPoint=start, TxCtrlr_EVConnectionTimeOut="30")
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(31)
    assert [e["triggerReason"] for e in csms.events] == story
    if story:
        assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "Timeout"
    csms.command("plug", connector=1)
    csms.pass_time(60)
    assert len(csms.events) == len(story)  # nobody is authorized any longer


def test_pulling_the_cable_ends_the_transaction():
    csms = quiet()
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    csms.command("unplug", connector=1)
    assert csms.story()[-1] == ("Ended", "EVCommunicationLost", "Idle")
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "EVDisconnected"


@pytest.mark.proves("TxCtrlr.StopTxOnEVSideDisconnect")
def test_pulling_the_cable_may_only_pause_it():
    csms = quiet(TxCtrlr_StopTxOnEVSideDisconnect="false")
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    csms.command("unplug", connector=1)
    assert csms.story()[-1] == ("Updated", "EVCommunicationLost", "Idle")
    csms.pass_time(60)
    csms.command("plug", connector=1)
    assert csms.story()[-2:] == [
        ("Updated", "CablePluggedIn", "SuspendedEVSE"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


@pytest.mark.parametrize(
    ("code", "ends", "reason"),
    [("GroundFailure", True, "GroundFault"), ("HighTemperature", False, None)],
)
def test_faults(code, ends, reason):
    csms = quiet()
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    csms.command("fault", connector=1, error_code=code)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Faulted"
    assert csms.story()[-1][:2] == ("Ended" if ends else "Updated", "AbnormalCondition")
    assert csms.events[-1]["transactionInfo"].get("stoppedReason") == reason
    csms.pass_time(60)
    csms.command("fault", connector=1, error_code="NoError")
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Occupied"
    if not ends:
        assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "Charging")


def test_periodic_values_and_their_measurands():
    measurands = "Energy.Active.Import.Register,Current.Import,SoC"
    csms = booted(configuration={"SampledDataCtrlr.TxUpdatedMeasurands": measurands})
    csms.command("start-transaction", connector=1)
    csms.pass_time(300)
    values = [e for e in csms.events if e["triggerReason"] == "MeterValuePeriodic"]
    assert len(values) == 5
    sampled = values[-1]["meterValue"][0]["sampledValue"]
    assert {s["measurand"] for s in sampled} == {
        "Energy.Active.Import.Register", "Current.Import", "SoC",
    }  # fmt: skip
    assert [s["phase"] for s in sampled if s["measurand"] == "Current.Import"] == ["L1", "L2", "L3"]
    assert {s["context"] for s in sampled} == {"Sample.Periodic"}
    registers = [register(e) for e in values]
    assert registers == sorted(registers)
    assert registers[-1] == pytest.approx(11_000 / 12, abs=1)


@pytest.mark.proves("SampledDataCtrlr.RegisterValuesWithoutPhases")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_the_register_is_told_in_all_and_not_by_phases(version):
    """Absent or false, the value of each phase would be reported."""
    csms = booted(version=version)
    item = {
        "component": {"name": "SampledDataCtrlr"},
        "variable": {"name": "RegisterValuesWithoutPhases"},
    }
    answer = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]
    assert answer["attributeValue"] == "true"
    csms.command("start-transaction", connector=1)
    csms.pass_time(120)
    told = [s for e in csms.events for v in e.get("meterValue", ()) for s in v["sampledValue"]]
    registers = [s for s in told if s["measurand"] == "Energy.Active.Import.Register"]
    assert registers and all("phase" not in s for s in registers)
    assert any("phase" in s for s in told)


@pytest.mark.proves("SampledDataCtrlr.TxUpdatedInterval")
def test_a_new_interval_counts_at_once_and_zero_is_off():
    csms = quiet()
    csms.command("start-transaction", connector=1)
    assert csms.set("SampledDataCtrlr.TxUpdatedInterval", "10") == "Accepted"
    csms.pass_time(35)
    count = len(csms.events)
    assert count == 2 + 3
    csms.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    csms.pass_time(600)
    assert len(csms.events) == count


@pytest.mark.proves("SampledDataCtrlr.Enabled")
def test_switched_off_controllers_send_no_values():
    csms = booted(configuration={"SampledDataCtrlr.Enabled": "false"})
    csms.command("start-transaction", connector=1)
    csms.pass_time(300)
    csms.command("stop-transaction", connector=1)
    assert all("meterValue" not in event for event in csms.events)
    assert len(csms.events) == 3


@pytest.mark.proves("AuthCtrlr.Enabled")
def test_without_authorization_plugging_in_is_enough():
    csms = quiet(AuthCtrlr_Enabled="false")
    csms.command("plug", connector=1)
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "Charging")
    assert csms.events[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert csms.sent("Authorize") == []


@pytest.mark.proves("Authorize")
def test_an_unknown_token_starts_nothing():
    csms = quiet()
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Unknown"}}
    csms.command("plug", connector=1)
    csms.command("authorize", connector=1, id_tag="nobody")
    csms.pass_time(60)
    assert csms.events == []


def test_another_card_does_not_stop_it_but_one_of_the_group_does():
    csms = quiet()
    group = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **group}}
    csms.command("start-transaction", connector=1, id_tag="mother")
    csms.command("start-transaction", connector=2, id_tag="daughter")
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    # The CSMS alone knows the stranger's group, so it is asked; it names none.
    assert csms.command("authorize", connector=1, id_tag="stranger")["authorization"] == "Pending"
    assert all(event["eventType"] != "Ended" for event in csms.events)
    csms.command("stop-transaction", connector=1, id_tag="daughter")
    assert csms.story()[-1][:2] == ("Ended", "StopAuthorized")
    assert csms.events[-1]["idToken"]["idToken"] == "daughter"


@pytest.mark.proves("TxCtrlr.StopTxOnInvalidId")
@pytest.mark.parametrize("stops", [True, False])
def test_the_csms_may_withdraw_an_authorization(stops):
    csms = quiet(TxCtrlr_StopTxOnInvalidId=str(stops).lower())
    csms.answers["TransactionEvent"] = lambda p: (
        {"idTokenInfo": {"status": "Blocked"}} if "idToken" in p else {}
    )
    csms.command("start-transaction", connector=1)
    csms.pass_time(600)
    assert csms.events[-1]["triggerReason"] == "Deauthorized"
    if stops:
        assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"
    else:
        assert csms.events[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"
        csms.command("stop-transaction", connector=1)
        assert csms.events[-1]["eventType"] == "Ended"
    assert register(csms.events[-1]) in (None, 0)  # no energy was given


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("stop-transaction", {"connector": 1}, "no_transaction"),
        ("stop-transaction", {"transaction": "none"}, "no_transaction"),
        ("start-transaction", {"connector": 9}, "no_such_connector"),
        ("start-transaction", {"connector": 1, "id_tag": "x" * 37}, "invalid_arguments"),
        ("start-transaction", {"connector": 1, "ev": {"soc": 200}}, "invalid_arguments"),
        ("authorize", {"connector": 1}, "invalid_arguments"),
        ("authorize", {"id_tag": 7}, "invalid_arguments"),
        ("unplug", {"connector": 1}, "not_possible_now"),
        ("reset", {"kind": "Gentle"}, "invalid_arguments"),
        ("availability", {"connector": 1, "operative": "no"}, "invalid_arguments"),
    ],
)
def test_what_cannot_be_done_changes_nothing(name, args, code):
    csms = quiet()
    before, calls = csms.saved(), len(csms.calls)
    with pytest.raises(CommandRejected) as refused:
        csms.command(name, **args)
    assert refused.value.code == code
    assert csms.saved() == before
    assert len(csms.calls) == calls


@pytest.mark.proves("EmulatorCtrlr.AutoPlug")
def test_the_emulated_driver_comes_and_goes():
    csms = booted()
    token = {"idToken": "remote", "type": "Central"}
    csms.call("RequestStartTransaction", {"evseId": 1, "remoteStartId": 7, "idToken": token})
    csms.pass_time(30)
    transaction = csms.events[0]["transactionInfo"]["transactionId"]
    assert csms.story()[-1][2] == "Charging"
    csms.call("RequestStopTransaction", {"transactionId": transaction})
    csms.pass_time(30)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"

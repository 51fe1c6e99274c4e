"""2.1, block S: batteries go in and out, and are charged in between."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of

SLOTS = tuple(ConnectorConfig(id=n, evse=n, kind="Type2", max_power_w=3000) for n in (1, 2, 3, 4))
BASE = {
    "BatterySwapCtrlr.Available": "true", "SampledDataCtrlr.TxUpdatedInterval": "0",
    "EmulatorCtrlr.AutoPlug": "false", "AuthCacheCtrlr.Enabled": "false",
}  # fmt: skip


def made(**variables):
    keys = {key.replace("_", ".", 1): value for key, value in variables.items()}
    config = config_of("2.1", configuration={**BASE, **keys}, connectors=SLOTS)
    csms = Csms(config).connect()
    for slot, soc in ((3, 90), (4, 95)):
        csms.command("battery-swap", kind="stock", connector=slot, serial=f"B{slot}", soc=soc)
    return csms


@pytest.fixture
def csms():
    return made()


def start(csms, **args):
    csms.command("battery-swap", **args)
    return block(csms.station, "swap").swap


def insert(csms, serial="OLD", soc=20.0, **args):
    return csms.command("battery-swap", kind="insert", serial=serial, soc=soc, soh=88, **args)


def told(csms):
    return [
        (t["eventType"], t["requestId"], [b["serialNumber"] for b in t["batteryData"]])
        for t in csms.sent("BatterySwap")
    ]


def refused(csms, match, **args):
    with pytest.raises(CommandRejected, match=match):
        csms.command("battery-swap", **args)


# --- swaps ---------------------------------------------------------------------------------------


@pytest.mark.proves("BatterySwap")
def test_an_empty_battery_is_exchanged_for_the_fullest(csms):
    swap = start(csms)
    assert csms.sent("Authorize")[-1]["idToken"]["idToken"] == "04A1B2C3"
    insert(csms)
    first = csms.sent("BatterySwap")[0]
    assert first == {
        "eventType": "BatteryIn", "requestId": swap["request"],
        "idToken": {"idToken": "04A1B2C3", "type": "ISO14443"},
        "batteryData": [{"evseId": 1, "serialNumber": "OLD", "soC": 20.0, "soH": 88}],
    }  # fmt: skip
    refused(csms, "not offered", kind="take", connector=3)
    result = csms.command("battery-swap", kind="take")
    assert (result["connector"], result["battery"]["serialNumber"]) == (4, "B4")
    assert told(csms)[1] == ("BatteryOut", swap["request"], ["B4"])
    assert block(csms.station, "swap").swap is None
    assert sorted(block(csms.station, "batteries").slots) == [1, 3]


def test_the_slots_are_locked_without_a_swap(csms):
    refused(csms, "locked", kind="insert")
    refused(csms, "offered", kind="take")
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    csms.command("battery-swap")
    assert block(csms.station, "swap").swap is None
    assert told(csms) == []


@pytest.mark.proves("BatterySwapCtrlr.Available", "BatterySwapCtrlr.TargetSoC")
def test_it_needs_a_full_battery_and_an_empty_slot(csms):
    refused(csms, "too few batteries", count=3)
    csms.set("BatterySwapCtrlr.MaxSoc", "100")
    assert csms.set("BatterySwapCtrlr.TargetSoC", "92") == "Accepted"
    refused(csms, "too few batteries", count=2)
    for slot in (1, 2):
        csms.command("battery-swap", kind="stock", connector=slot, soc=5)
    refused(csms, "too few slots")
    refused(csms, "No such slot", kind="stock")
    refused(csms, "two batteries", kind="stock", serial="B3")
    refused(csms, "percent", kind="stock", soc=120)
    refused(csms, "kind is", kind="juggle")
    with pytest.raises(CommandRejected, match="no swap station"):
        Csms(config_of("2.1")).connect().command("battery-swap")


@pytest.mark.proves("RequestBatterySwap")
def test_the_csms_starts_one_and_its_request_id_counts(csms):
    ask = {"requestId": 4711, "idToken": {"idToken": "APP", "type": "Central"}}
    assert csms.call("RequestBatterySwap", ask) == {"status": "Accepted"}
    answer = csms.call("RequestBatterySwap", {**ask, "requestId": 1})
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "Occupied")
    insert(csms)
    csms.command("battery-swap", kind="take", connector=4)
    assert [(event, request) for event, request, _ in told(csms)] == [
        ("BatteryIn", 4711), ("BatteryOut", 4711)
    ]  # fmt: skip
    csms.set("BatterySwapCtrlr.TargetSoC", "99")
    answer = csms.call("RequestBatterySwap", ask)
    assert answer["statusInfo"]["reasonCode"] == "NoBatteryAvailable"
    other = Csms(config_of("2.1")).connect()
    assert other.call("RequestBatterySwap", ask)["statusInfo"]["reasonCode"] == (
        "UnsupportedRequest"
    )


def test_nobody_brings_a_battery_or_takes_one(csms):
    start(csms)
    csms.pass_time(121)
    assert block(csms.station, "swap").swap is None
    assert told(csms) == []
    swap = start(csms)
    insert(csms)
    csms.pass_time(121)
    assert told(csms)[-1] == ("BatteryOutTimeout", swap["request"], ["B4"])
    assert block(csms.station, "swap").swap is None
    assert sorted(block(csms.station, "batteries").slots) == [1, 3, 4]
    refused(csms, "offered", kind="take")


@pytest.mark.proves("BatterySwapCtrlr.Timeout[In]", "BatterySwapCtrlr.Timeout[Out]")
def test_each_step_waits_for_its_own_time(csms):
    assert csms.set("BatterySwapCtrlr.Timeout[In]", "30") == "Accepted"
    assert csms.set("BatterySwapCtrlr.Timeout[Out]", "50") == "Accepted"
    start(csms)
    csms.pass_time(29)
    assert block(csms.station, "swap").swap is not None
    csms.pass_time(2)
    assert block(csms.station, "swap").swap is None
    start(csms)
    insert(csms)
    csms.pass_time(49)
    assert [event for event, *_ in told(csms)] == ["BatteryIn"]
    csms.pass_time(2)
    assert [event for event, *_ in told(csms)] == ["BatteryIn", "BatteryOutTimeout"]


@pytest.mark.proves("EmulatorCtrlr.BatteriesPerSwap")
def test_sets_of_batteries_go_in_and_out_together():
    csms = made(EmulatorCtrlr_BatteriesPerSwap="2")
    start(csms)
    insert(csms, "A")
    assert told(csms) == []
    insert(csms, "B")
    csms.command("battery-swap", kind="take", connector=3)
    csms.command("battery-swap", kind="take", connector=4)
    assert [(event, serials) for event, _, serials in told(csms)] == [
        ("BatteryIn", ["A", "B"]), ("BatteryOut", ["B3", "B4"])
    ]  # fmt: skip


def test_half_a_set_is_exchanged_for_as_many():
    csms = made(EmulatorCtrlr_BatteriesPerSwap="2")
    start(csms)
    insert(csms, "A")
    csms.pass_time(121)
    assert told(csms)[-1][0] == "BatteryIn"
    csms.command("battery-swap", kind="take")
    assert told(csms)[-1][::2] == ("BatteryOut", ["B4"])


def test_of_a_set_that_was_not_taken_whole_the_csms_hears_what_went_and_what_stayed():
    csms = made(EmulatorCtrlr_BatteriesPerSwap="2")
    start(csms)
    insert(csms, "A")
    insert(csms, "B")
    csms.command("battery-swap", kind="take", connector=3)
    csms.pass_time(121)
    assert [(event, serials) for event, _, serials in told(csms)][1:] == [
        ("BatteryOut", ["B3"]), ("BatteryOutTimeout", ["B4"])
    ]  # fmt: skip


def test_a_battery_at_the_target_goes_out_and_none_of_a_faulted_slot(csms):
    csms.set("BatterySwapCtrlr.MaxSoc", "100")
    assert csms.set("BatterySwapCtrlr.TargetSoC", "98") == "Accepted"
    csms.command("battery-swap", kind="stock", connector=2, serial="B2", soc=98)
    swap = start(csms)
    insert(csms)
    assert [data["serialNumber"] for data in swap["offered"]] == ["B2"]
    csms.pass_time(121)
    csms.command("fault", connector=2, error_code="GroundFailure")
    refused(csms, "too few batteries")


def test_a_swap_for_which_nothing_is_left_when_its_answer_comes_does_not_begin(csms):
    csms.set("BatterySwapCtrlr.MaxSoc", "100")

    def late(_):
        assert csms.set("BatterySwapCtrlr.TargetSoC", "99") == "Accepted"
        return {"idTokenInfo": {"status": "Accepted"}}

    csms.answers["Authorize"] = late
    csms.command("battery-swap")
    refused(csms, "locked", kind="insert")


@pytest.mark.proves("BatterySwapCtrlr.SwapOrder")
def test_the_other_order(csms):
    csms = made(BatterySwapCtrlr_SwapOrder="Out-In")
    swap = start(csms)
    refused(csms, "locked", kind="insert")
    csms.command("battery-swap", kind="take")
    insert(csms)
    assert told(csms) == [
        ("BatteryOut", swap["request"], ["B4"]), ("BatteryIn", swap["request"], ["OLD"])
    ]  # fmt: skip


def test_it_goes_on_over_a_crash_and_what_is_told_offline_arrives(csms):
    swap = dict(start(csms))
    csms.disconnect()
    insert(csms)
    csms.restart()
    csms.command("battery-swap", kind="take")
    assert told(csms) == []
    csms.connect()
    assert [(event, request) for event, request, _ in told(csms)] == [
        ("BatteryIn", swap["request"]), ("BatteryOut", swap["request"])
    ]  # fmt: skip
    start(csms)
    csms.restart().connect()
    csms.pass_time(121)
    assert block(csms.station, "swap").swap is None


def test_a_power_cut_does_not_leave_it_open_for_ever(csms):
    start(csms)
    csms.command("power-cut", seconds=30)
    csms.disconnect()
    csms.pass_time(31)
    csms.connect()
    assert block(csms.station, "swap").swap is not None
    csms.pass_time(100)
    assert block(csms.station, "swap").swap is None
    assert all(csms.station.outlets[n].transaction is not None for n in (3, 4))


# --- charging ------------------------------------------------------------------------------------


@pytest.mark.proves("BatterySwapCtrlr.IdToken", "BatterySwapCtrlr.MaxSoc")
def test_batteries_are_charged_by_transactions_up_to_the_most():
    csms = made(BatterySwapCtrlr_IdToken="SLOTS", BatterySwapCtrlr_MaxSoc="97")
    start(csms)
    insert(csms, battery_kwh=2)
    mine = [e for e in csms.events if e["evse"]["id"] == 1]
    assert mine[0]["eventType"] == "Started"
    assert mine[0]["idToken"] == {"idToken": "SLOTS", "type": "Central"}
    csms.pass_time(6 * 3600)
    last = [e for e in csms.events if e["evse"]["id"] == 1][-1]
    assert last["triggerReason"] == "EnergyLimitReached"
    assert last["transactionInfo"]["chargingState"] == "SuspendedEVSE"
    assert csms.station.connectors[1].ev.soc == pytest.approx(97)
    assert csms.station.connectors[1].meter_wh == pytest.approx(2000 * 0.77 / 0.9)
    assert csms.set("BatterySwapCtrlr.MaxSoc", "99") == "Accepted"
    csms.pass_time(3600)
    assert csms.station.connectors[1].ev.soc == pytest.approx(99)


@pytest.mark.parametrize("stops", ["true", "false"])
def test_taking_one_ends_its_transaction(csms, stops):
    csms.set("TxCtrlr.StopTxOnEVSideDisconnect", stops)
    start(csms)
    insert(csms)
    csms.command("battery-swap", kind="take")
    ended = [e for e in csms.events if e["evse"]["id"] == 4][-1]
    assert ended["eventType"] == "Ended"
    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert ended["triggerReason"] == "EVCommunicationLost"
    status = [s for s in csms.sent("StatusNotification") if s["evseId"] == 4][-1]
    assert status["connectorStatus"] == "Available"


def test_after_a_reset_each_battery_has_a_new_transaction(csms):
    before = csms.station.outlets[3].transaction.id
    csms.call("Reset", {"type": "Immediate"})
    csms.disconnect()
    csms.pass_time(5)
    csms.connect()
    after = csms.station.outlets[3].transaction
    assert after is not None
    assert after.id != before


def test_a_slot_tells_of_its_battery(csms):
    def ask(evse, name="SoC"):
        place = {"name": "BatteryCartridge", "evse": {"id": evse}}
        data = [{"component": place, "variable": {"name": name}}]
        return csms.call("GetVariables", {"getVariableData": data})["getVariableResult"][0]

    assert ask(4)["attributeValue"] == "95"
    assert ask(4, "SoH")["attributeValue"] == "100"
    assert ask(1)["attributeStatus"] == "UnknownComponent"
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for report in csms.sent("NotifyReport") for line in report["reportData"]]
    places = [x["component"]["evse"]["id"] for x in lines
              if x["component"]["name"] == "BatteryCartridge"]  # fmt: skip
    assert places == [3, 3, 4, 4]
    names = {(x["component"]["name"], x["variable"]["name"]) for x in lines}
    assert ("BatterySwapCtrlr", "SwapOrder") in names


def test_the_most_is_never_below_the_target(csms):
    assert csms.set("BatterySwapCtrlr.MaxSoc", "79") == "Rejected"
    assert csms.set("BatterySwapCtrlr.MaxSoc", "85") == "Accepted"
    assert csms.set("BatterySwapCtrlr.TargetSoC", "86") == "Rejected"
    assert csms.set("BatterySwapCtrlr.SwapOrder", "Out-In") == "Rejected"

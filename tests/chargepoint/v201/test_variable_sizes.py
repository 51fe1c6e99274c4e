"""Variables that tell a size or a number: as many are taken, and no more."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from tests.chargepoint.v201.asking import charge, made, place_of, told, traits
from tests.chargepoint.v201.profiles import composite, profile, set_profile


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return made(request.param)


ASK = place_of("TxCtrlr.TxStartPoint")
WATCHED = place_of("OCPPCommCtrlr.HeartbeatInterval")
MONITOR = {**WATCHED, "type": "Delta", "value": 1, "severity": 5}
SIZED = [
    ("DeviceDataCtrlr", "GetVariables", "getVariableData", ASK, {}),
    ("DeviceDataCtrlr", "SetVariables", "setVariableData", {**ASK, "attributeValue": "x"}, {}),
    ("DeviceDataCtrlr", "GetReport", "componentVariable", ASK, {"requestId": 1}),
    ("MonitoringCtrlr", "SetVariableMonitoring", "setMonitoringData", MONITOR, {}),
    ("MonitoringCtrlr", "ClearVariableMonitoring", "id", 1, {}),
]  # fmt: skip


@pytest.mark.proves(
    "DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "DeviceDataCtrlr.ItemsPerMessage[GetReport]",
    "DeviceDataCtrlr.ItemsPerMessage[SetVariables]",
    "MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring]",
    "MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring]",
)  # fmt: skip
@pytest.mark.parametrize(("controller", "action", "field", "item", "more"), SIZED)
def test_as_many_items_in_a_message_as_told(csms, controller, action, field, item, more):
    most = int(told(csms, f"{controller}.ItemsPerMessage[{action}]"))
    assert isinstance(csms.call(action, {**more, field: [item] * most}), dict)
    refused = csms.call(action, {**more, field: [item] * (most + 1)})
    assert refused[0] == "OccurrenceConstraintViolation"


@pytest.mark.proves(
    "DeviceDataCtrlr.BytesPerMessage[GetVariables]", "DeviceDataCtrlr.BytesPerMessage[GetReport]",
    "DeviceDataCtrlr.BytesPerMessage[SetVariables]",
    "MonitoringCtrlr.BytesPerMessage[SetVariableMonitoring]",
    "MonitoringCtrlr.BytesPerMessage[ClearVariableMonitoring]",
)  # fmt: skip
@pytest.mark.parametrize(("controller", "action", "field", "item", "more"), SIZED)
def test_as_many_bytes_in_a_message_as_told(csms, controller, action, field, item, more):
    most = int(told(csms, f"{controller}.BytesPerMessage[{action}]"))
    padded = {"vendorId": "x", "padding": "x" * (most - 1500)}
    payload = {**more, field: [item], "customData": padded}
    assert isinstance(csms.call(action, payload), dict)
    padded["padding"] += "x" * 1500
    assert csms.call(action, payload)[0] == "FormatViolation"


@pytest.mark.proves(
    "LocalAuthListCtrlr.ItemsPerMessage", "LocalAuthListCtrlr.BytesPerMessage",
    "LocalAuthListCtrlr.Entries",
)  # fmt: skip
def test_a_local_list_of_the_size_that_is_told(csms):
    def send(version, first, count, padding=0):
        entries = [
            {"idToken": {"idToken": f"T{n}", "type": "Central"},
             "idTokenInfo": {"status": "Accepted"}} for n in range(first, first + count)
        ]  # fmt: skip
        payload = {
            "versionNumber": version, "updateType": "Differential",
            "localAuthorizationList": entries,
            "customData": {"vendorId": "x", "padding": "x" * padding},
        }  # fmt: skip
        return csms.call("SendLocalList", payload)

    most = int(told(csms, "LocalAuthListCtrlr.ItemsPerMessage"))
    assert send(1, 0, most + 1)[0] == "OccurrenceConstraintViolation"
    longest = int(told(csms, "LocalAuthListCtrlr.BytesPerMessage"))
    assert send(1, 0, 1, longest)[0] == "FormatViolation"
    room = traits(csms, "LocalAuthListCtrlr.Entries")[0]["maxLimit"]
    for part in range(int(room) // most):
        assert send(part + 1, part * most, most) == {"status": "Accepted"}
        assert told(csms, "LocalAuthListCtrlr.Entries") == str((part + 1) * most)
    assert send(99, int(room), 1)["status"] == "Failed"


@pytest.mark.proves("SmartChargingCtrlr.Entries[ChargingProfiles]")
def test_the_profiles_are_counted_and_have_their_room():
    outlets = tuple(ConnectorConfig(id=n, evse=n) for n in range(1, 7))
    csms = made(connectors=outlets)
    key = "SmartChargingCtrlr.Entries[ChargingProfiles]"
    assert told(csms, key) == "0"
    room = int(traits(csms, key)[0]["maxLimit"])
    answers = [
        set_profile(csms, 1 + number // 20, profile(7000, number, stack=number % 20))
        for number in range(1, room + 2)
    ]
    assert answers == ["Accepted"] * room + ["Rejected"]
    assert told(csms, key) == str(room)


@pytest.mark.proves("SmartChargingCtrlr.ProfileStackLevel", "SmartChargingCtrlr.PeriodsPerSchedule")
def test_stack_levels_and_periods_up_to_what_is_told(csms):
    most = int(told(csms, "SmartChargingCtrlr.ProfileStackLevel"))
    assert set_profile(csms, 1, profile(7000, 1, stack=most)) == "Accepted"
    assert set_profile(csms, 1, profile(7000, 2, stack=most + 1)) == "Rejected"
    most = int(told(csms, "SmartChargingCtrlr.PeriodsPerSchedule"))
    periods = [(second, 6000 + second % 2) for second in range(most + 1)]
    assert set_profile(csms, 1, profile(periods, 3)) == "Rejected"
    assert set_profile(csms, 1, profile(periods[:most], 3)) == "Accepted"


@pytest.mark.proves("SmartChargingCtrlr.RateUnit")
def test_limits_in_each_unit_that_is_told(csms):
    charge(csms)
    for unit in told(csms, "SmartChargingCtrlr.RateUnit").split(","):
        limit = {"A": 10, "W": 6900}[unit]
        assert set_profile(csms, 1, profile(limit, unit=unit)) == "Accepted"
        flowing = csms.station.connectors[1].sample(csms.now).power_w
        assert flowing == pytest.approx(6900, rel=0.02)
        schedule = composite(csms, 1, 60, chargingRateUnit=unit)["schedule"]
        assert schedule["chargingSchedulePeriod"][0]["limit"] == limit


@pytest.mark.proves("SmartChargingCtrlr.Phases3to1", "SmartChargingCtrlr.ACPhaseSwitchingSupported")
def test_a_transaction_changes_from_three_phases_to_one_but_cannot_choose_which(csms):
    assert told(csms, "SmartChargingCtrlr.Phases3to1") == "true"
    charge(csms)
    assert len(set(csms.station.connectors[1].sample(csms.now).currents_a)) == 1
    assert set_profile(csms, 1, profile([(0, 16, 1)], unit="A")) == "Accepted"
    one = csms.station.connectors[1].sample(csms.now).currents_a
    assert one[0] == pytest.approx(16) and not any(one[1:])
    assert told(csms, "SmartChargingCtrlr.ACPhaseSwitchingSupported") == "false"
    chosen = profile([(0, 16, 1)], unit="A")
    chosen["chargingSchedule"][0]["chargingSchedulePeriod"][0]["phaseToUse"] = 2
    assert set_profile(csms, 1, chosen) == "Rejected"


@pytest.mark.proves("SmartChargingCtrlr.ExternalControlSignalsEnabled")
def test_limits_from_outside_can_be_shut_out(csms):
    charge(csms)
    csms.set("SmartChargingCtrlr.ExternalControlSignalsEnabled", "false")
    with pytest.raises(CommandRejected):
        csms.command("charging-limit", limit=8000)
    assert csms.sent("NotifyChargingLimit") == []
    csms.set("SmartChargingCtrlr.ExternalControlSignalsEnabled", "true")
    csms.command("charging-limit", limit=8000)
    assert csms.station.connectors[1].sample(csms.now).power_w == 8000

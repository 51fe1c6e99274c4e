"""Variables that tell a limit, an ability or a state: what they tell is what the station does."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from chargepoint.config import ConnectorConfig
from chargepoint.security import exi
from chargepoint.station import CommandRejected
from chargepoint.times import iso
from tests.chargepoint.authority import Authority
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.profiles import composite, profile, set_profile

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return made(request.param)


def made(version="2.0.1", configuration=None, **more):
    values = {**QUIET, **(configuration or {})}
    return Csms(config_of(version, configuration=values, **more)).connect()


def place_of(key, evse=None):
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    where = {"name": component, **({"evse": evse} if evse else {})}
    variable = {"name": name, **({"instance": instance} if instance else {})}
    return {"component": where, "variable": variable}


def told(csms, key, evse=None):
    answer = csms.call("GetVariables", {"getVariableData": [place_of(key, evse)]})
    [result] = answer["getVariableResult"]
    assert result["attributeStatus"] == "Accepted", result
    return result["attributeValue"]


def traits(csms, key, evse=None):
    """The variableCharacteristics and the mutability that a report has."""
    payload = {"requestId": 1, "componentVariable": [place_of(key, evse)]}
    assert csms.call("GetReport", payload) == {"status": "Accepted"}
    [line] = csms.sent("NotifyReport")[-1]["reportData"]
    return line["variableCharacteristics"], line["variableAttribute"][0]["mutability"]


def charge(csms, number=1, **car):
    csms.command("plug", connector=number, ev=CAR | car)
    csms.command("start-transaction", connector=number)
    return csms.station.outlets[number].transaction


# --- the station and its outlets -----------------------------------------------------------------


@pytest.mark.proves(
    "ChargingStation.Model", "ChargingStation.SerialNumber", "ChargingStation.VendorName",
    "ChargingStation.FirmwareVersion", "SecurityCtrlr.Identity",
)  # fmt: skip
def test_the_names_are_those_of_the_boot(csms):
    boot = csms.sent("BootNotification")[0]["chargingStation"]
    for name, field in (("Model", "model"), ("SerialNumber", "serialNumber"),
                        ("VendorName", "vendorName"), ("FirmwareVersion", "firmwareVersion")):
        assert told(csms, f"ChargingStation.{name}") == boot[field]
    assert told(csms, "SecurityCtrlr.Identity") == csms.station.identity


@pytest.mark.proves(
    "ChargingStation.AvailabilityState", "EVSE.AvailabilityState", "Connector.AvailabilityState",
)  # fmt: skip
def test_states_follow_what_happens(csms):
    def states(number=1):
        return [
            told(csms, "ChargingStation.AvailabilityState"),
            told(csms, "EVSE.AvailabilityState", {"id": number}),
            told(csms, "Connector.AvailabilityState", {"id": number, "connectorId": 1}),
        ]

    assert states() == ["Available"] * 3
    charge(csms)
    assert states() == ["Available", "Occupied", "Occupied"]  # the second EVSE is free
    charge(csms, 2)
    assert states(2) == ["Occupied"] * 3
    csms.command("fault", connector=1, error_code="GroundFailure")
    assert states()[1:] == ["Faulted", "Faulted"]


@pytest.mark.proves(
    "ChargingStation.SupplyPhases", "EVSE.SupplyPhases", "Connector.SupplyPhases",
    "Connector.ConnectorType", "ChargingStation.Available", "EVSE.Available",
    "Connector.Available",
)  # fmt: skip
def test_the_outlets_are_told_as_they_are(csms):
    for number, phases, kind in ((1, "3", "sType2"), (2, "0", "cCCS2")):
        place = {"id": number, "connectorId": 1}
        assert told(csms, "EVSE.SupplyPhases", {"id": number}) == phases
        assert told(csms, "Connector.SupplyPhases", place) == phases
        assert told(csms, "Connector.ConnectorType", place) == kind
        assert told(csms, "EVSE.Available", {"id": number}) == "true"
        assert told(csms, "Connector.Available", place) == "true"
        # What is there gives energy, on so many phases.
        charge(csms, number)
        flowing = csms.station.connectors[number].sample(csms.now)
        assert (flowing.frequency > 0) == (phases == "3") and flowing.power_w > 0
    assert told(csms, "ChargingStation.SupplyPhases") == "3"
    assert told(csms, "ChargingStation.Available") == "true"


@pytest.mark.proves("EVSE.Power")
def test_power_is_what_flows_and_its_limit_what_the_evse_can(csms):
    characteristics, _ = traits(csms, "EVSE.Power", {"id": 2})
    assert (characteristics["maxLimit"], characteristics["unit"]) == (150_000, "W")
    assert told(csms, "EVSE.Power", {"id": 1}) == "0"
    charge(csms, max_power_kw=7)
    assert told(csms, "EVSE.Power", {"id": 1}) == "7000"
    assert told(csms, "EVSE.Power", {"id": 2}) == "0"


@pytest.mark.proves("Connector.Problem")
def test_a_fault_is_a_problem_of_its_connector(csms):
    places = [{"id": evse, "connectorId": 1} for evse in (1, 2)]

    def problems():
        return [told(csms, "Connector.Problem", place) for place in places]

    assert problems() == ["false", "false"]
    csms.command("fault", connector=1, error_code="HighTemperature")
    assert problems() == ["true", "false"]
    csms.command("fault", connector=1, error_code="NoError")
    assert problems() == ["false", "false"]


# --- the clock -----------------------------------------------------------------------------------


@pytest.mark.proves("ClockCtrlr.DateTime", "ClockCtrlr.TimeSource")
def test_the_clock_follows_the_csms_where_that_is_a_source(csms):
    ahead = lambda _: {"currentTime": iso(csms.now + 500)}  # noqa: E731
    csms.answers["Heartbeat"] = ahead
    assert csms.set("ClockCtrlr.TimeSource", "RealTimeClock") == "Accepted"
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert told(csms, "ClockCtrlr.DateTime") == iso(csms.now)
    csms.restart().connect()
    assert csms.set("ClockCtrlr.TimeSource", "RealTimeClock,Heartbeat") == "Accepted"
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert told(csms, "ClockCtrlr.DateTime") == iso(csms.now + 500)
    assert csms.set("ClockCtrlr.TimeSource", "GPS") == "Rejected"


# --- sizes ---------------------------------------------------------------------------------------

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


# --- meter values --------------------------------------------------------------------------------


def names(meter):
    return {sampled["measurand"] for value in meter for sampled in value["sampledValue"]}


@pytest.mark.proves(
    "SampledDataCtrlr.TxStartedMeasurands", "SampledDataCtrlr.TxUpdatedMeasurands",
    "SampledDataCtrlr.TxEndedMeasurands",
)  # fmt: skip
def test_each_kind_of_event_has_its_measurands(csms):
    for kind, measurand in (("Started", "Voltage"), ("Updated", "SoC"), ("Ended", "Frequency")):
        assert csms.set(f"SampledDataCtrlr.Tx{kind}Measurands", measurand) == "Accepted"
    csms.set("SampledDataCtrlr.TxUpdatedInterval", "60")
    charge(csms)
    csms.pass_time(61)
    csms.command("stop-transaction", connector=1)
    found = {e["eventType"]: names(e["meterValue"]) for e in csms.events if "meterValue" in e}
    assert found == {"Started": {"Voltage"}, "Updated": {"SoC"}, "Ended": {"Frequency"}}


@pytest.mark.proves("AlignedDataCtrlr.Enabled", "AlignedDataCtrlr.Measurands")
def test_aligned_values_have_their_measurands_and_can_be_switched_off(csms):
    csms.set("AlignedDataCtrlr.Measurands", "Voltage")
    csms.set("AlignedDataCtrlr.Interval", "60")
    charge(csms)
    csms.pass_time(61)
    values = [e for e in csms.events if e["triggerReason"] == "MeterValueClock"]
    assert len(values) == 1 and names(values[0]["meterValue"]) == {"Voltage"}
    csms.set("AlignedDataCtrlr.Enabled", "false")
    csms.pass_time(600)
    assert [e for e in csms.events if e["triggerReason"] == "MeterValueClock"] == values


@pytest.mark.proves("AlignedDataCtrlr.TxEndedInterval", "AlignedDataCtrlr.TxEndedMeasurands")
def test_aligned_values_are_kept_for_the_end(csms):
    csms.set("AlignedDataCtrlr.TxEndedMeasurands", "SoC")
    csms.set("AlignedDataCtrlr.TxEndedInterval", "900")
    charge(csms)
    csms.pass_time(2700)
    assert all("meterValue" not in event for event in csms.events[1:])
    csms.command("stop-transaction", connector=1)
    kept = [v for v in csms.events[-1]["meterValue"] if names([v]) == {"SoC"}]
    assert len(kept) == 3
    assert {v["timestamp"][14:19] for v in kept} <= {"00:00", "15:00", "30:00", "45:00"}


# --- the cabinet ---------------------------------------------------------------------------------


def reset(csms):
    """The reboots that follow a Reset within two minutes."""
    before = len(csms.closes)
    assert csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    csms.pass_time(120)
    return len(csms.closes) - before


@pytest.mark.proves("OCPPCommCtrlr.ResetRetries")
def test_a_reset_that_fails_is_tried_again_so_often(csms):
    csms.set("OCPPCommCtrlr.ResetRetries", "2")
    csms.command("fault", connector=1, error_code="ResetFailure")
    assert reset(csms) == 0
    assert csms.station.connected
    csms.call("Reset", {"type": "Immediate"})
    csms.pass_time(6)
    csms.restart().connect()  # with one more try to make
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(6)
    assert len(csms.closes) == 1
    csms.connect()
    csms.set("OCPPCommCtrlr.ResetRetries", "0")
    csms.command("fault", connector=1, error_code="ResetFailure")
    csms.call("Reset", {"type": "Immediate"})
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(60)
    assert len(csms.closes) == 1


def left_behind(csms):
    """Somebody has pulled the cable at the car alone, and it is locked in the station."""
    assert csms.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", "false") == "Accepted"
    charge(csms)
    assert csms.command("unplug", connector=1)["locked"]
    assert csms.story()[-1][:2] == ("Ended", "EVCommunicationLost")
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Occupied"


@pytest.mark.proves("OCPPCommCtrlr.UnlockOnEVSideDisconnect")
def test_a_cable_that_is_pulled_at_the_car_alone_stays_locked(csms):
    charge(csms)
    csms.command("unplug", connector=1)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"
    left_behind(csms)
    csms.restart().connect()
    with pytest.raises(CommandRejected, match="locked"):
        csms.command("unplug", connector=1)
    with pytest.raises(CommandRejected):
        csms.command("plug", connector=1)
    token = {"idToken": "OTHER", "type": "Central"}
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": token}
    assert csms.call("RequestStartTransaction", remote)["status"] == "Rejected"
    assert csms.command("authorize", connector=1, id_tag="04a1b2c3")["released"]
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"
    charge(csms)


@pytest.mark.proves("UnlockConnector")
def test_the_csms_unlocks_a_cable_unless_the_lock_is_broken(csms):
    place = {"evseId": 1, "connectorId": 1}
    left_behind(csms)
    csms.command("fault", connector=1, error_code="ConnectorLockFailure")
    assert csms.call("UnlockConnector", place) == {"status": "UnlockFailed"}
    csms.command("fault", connector=1, error_code="NoError")
    assert csms.station.cable_held(1)
    assert csms.call("UnlockConnector", place) == {"status": "Unlocked"}
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Available"


def test_fixed_cables_have_nothing_to_unlock():
    csms = made(connectors=(ConnectorConfig(1, 1, "CCS2", 0, 50_000),))
    key = "OCPPCommCtrlr.UnlockOnEVSideDisconnect"
    assert (told(csms, key), traits(csms, key)[1]) == ("false", "ReadOnly")
    assert csms.set(key, "true") == "Rejected"
    charge(csms)
    assert "locked" not in csms.command("unplug", connector=1)


# --- authorization -------------------------------------------------------------------------------


@pytest.mark.proves("AuthCacheCtrlr.Policy")
def test_the_token_that_was_longest_not_seen_is_forgotten_first(csms):
    assert told(csms, "AuthCacheCtrlr.Policy") == "LRU"
    info = {"status": "Accepted"}
    for number in range(200):
        csms.station.learn({"idToken": f"T{number}", "type": "Central"}, info, csms.now)
    csms.station.learn({"idToken": "T0", "type": "Central"}, info, csms.now)  # seen again
    csms.station.learn({"idToken": "NEW", "type": "Central"}, info, csms.now)
    cache = csms.station.cache
    known = [cache.status({"idToken": t, "type": "Central"}, csms.now) for t in ("T0", "T1", "NEW")]
    assert known == ["Accepted", None, "Accepted"]


@pytest.mark.proves("AuthCacheCtrlr.DisablePostAuthorize")
def test_what_the_cache_forbids_is_asked_unless_that_is_switched_off(csms):
    csms.station.learn({"idToken": "04A1B2C3", "type": "ISO14443"}, {"status": "Blocked"}, csms.now)
    csms.set("AuthCacheCtrlr.DisablePostAuthorize", "true")
    with pytest.raises(CommandRejected):
        charge(csms)
    assert csms.sent("Authorize") == []
    csms.set("AuthCacheCtrlr.DisablePostAuthorize", "false")
    csms.command("start-transaction", connector=1)
    assert len(csms.sent("Authorize")) == 1
    assert csms.station.outlets[1].transaction is not None


@pytest.mark.proves("ReservationCtrlr.Enabled", "ReservationCtrlr.NonEvseSpecific")
def test_reservations_can_be_switched_off_and_be_of_an_evse_alone(csms):
    token = {"idToken": "A", "type": "Central"}
    wanted = {"id": 1, "expiryDateTime": iso(csms.now + 60), "idToken": token}
    csms.set("ReservationCtrlr.NonEvseSpecific", "false")
    assert csms.call("ReserveNow", wanted)["status"] == "Rejected"
    assert csms.call("ReserveNow", {**wanted, "evseId": 1})["status"] == "Accepted"
    csms.set("ReservationCtrlr.Enabled", "false")
    answer = csms.call("ReserveNow", {**wanted, "id": 2, "evseId": 2})
    assert answer["status"] == "Rejected"
    csms.set("ReservationCtrlr.Enabled", "true")
    csms.set("ReservationCtrlr.NonEvseSpecific", "true")
    assert csms.call("ReserveNow", {**wanted, "id": 2})["status"] == "Accepted"


# --- the link and files --------------------------------------------------------------------------


@pytest.mark.proves("OCPPCommCtrlr.MessageTimeout[Default]")
def test_a_call_is_given_up_after_so_many_seconds(csms):
    csms.set("OCPPCommCtrlr.MessageTimeout[Default]", "7")
    csms.answers["Heartbeat"] = None
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    status = {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
    csms.call("TriggerMessage", status)
    before = len(csms.sent("StatusNotification"))
    csms.pass_time(6.9)
    assert len(csms.sent("StatusNotification")) == before  # the Heartbeat is still in flight
    csms.pass_time(0.2)
    assert len(csms.sent("StatusNotification")) == before + 1


@pytest.mark.proves("OCPPCommCtrlr.FileTransferProtocols")
def test_files_come_and_go_by_the_protocols_that_are_told(csms):
    csms.answers["LogStatusNotification"] = {}
    known = told(csms, "OCPPCommCtrlr.FileTransferProtocols").split(",")
    assert known == ["FTP", "FTPS", "HTTP", "HTTPS"]
    for scheme, status in [*((name.lower(), "Accepted") for name in known), ("sftp", "Rejected")]:
        log = {"remoteLocation": f"{scheme}://files.example/in/"}
        answer = csms.call("GetLog", {"logType": "DiagnosticsLog", "requestId": 1, "log": log})
        assert answer["status"].startswith(status), scheme


# --- ISO 15118 -----------------------------------------------------------------------------------


@pytest.mark.proves("ISO15118Ctrlr.MaxScheduleEntries")
def test_so_many_schedules_are_asked_for(csms):
    csms.set("ISO15118Ctrlr.MaxScheduleEntries", "2")
    charge(csms, iso15118=True)
    asked = csms.sent("NotifyEVChargingNeeds")[0]
    assert 2 in (asked.get("maxScheduleTuples"), asked.get("maxScheduleEntries"))


@pytest.mark.proves("ISO15118Ctrlr.ProtocolSupported[1]")
def test_a_car_speaks_the_protocol_that_is_told(csms):
    uri = told(csms, "ISO15118Ctrlr.ProtocolSupported[1]").split(",")[0]
    csms.command("plug", connector=1, ev={"emaid": "DEABCC123456781"})
    asked = csms.sent("Get15118EVCertificate")[0]
    assert asked["iso15118SchemaVersion"] == exi.MESSAGES_2
    assert uri.rpartition(":")[0] in asked["iso15118SchemaVersion"]


@pytest.mark.proves("ISO15118Ctrlr.RequestMeteringReceipt")
def test_metering_receipts_cannot_be_asked_for(csms):
    key = "ISO15118Ctrlr.RequestMeteringReceipt"
    assert (told(csms, key), traits(csms, key)[1]) == ("false", "ReadOnly")
    assert csms.set(key, "true") == "Rejected"


@pytest.mark.proves("SecurityCtrlr.MaxCertificateChainSize")
def test_a_chain_longer_than_told_is_not_taken(csms):
    csms.answers["SecurityEventNotification"] = {}
    root = Authority("Root", 1e9)
    use = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    assert csms.call("InstallCertificate", use) == {"status": "Accepted"}
    csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    chain = root.answer(csms.sent("SignCertificate")[-1]["csr"])
    most = int(told(csms, "SecurityCtrlr.MaxCertificateChainSize"))
    longer = chain + "\n" * (most + 1 - len(chain))
    answer = csms.call("CertificateSigned", {"certificateChain": longer})
    assert answer[0] == "PropertyConstraintViolation"
    answer = csms.call("CertificateSigned", {"certificateChain": longer[:most]})
    assert answer == {"status": "Accepted"}


@pytest.mark.proves("SecurityCtrlr.OrganizationName")
def test_a_signing_request_names_the_organization(csms):
    csms.set("SecurityCtrlr.OrganizationName", "Us")
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    subject = x509.load_pem_x509_csr(csms.sent("SignCertificate")[-1]["csr"].encode()).subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Us"


# A Call that only a station of that ability serves.
ABILITIES = {
    "AlignedDataCtrlr": ("SetVariables", {"setVariableData": [
        {**place_of("AlignedDataCtrlr.Interval"), "attributeValue": "60"}]}),
    "AuthCacheCtrlr": ("ClearCache", {}),
    "ISO15118Ctrlr": ("TriggerMessage", {"requestedMessage": "SignV2GCertificate"}),
    "LocalAuthListCtrlr": ("SendLocalList", {"versionNumber": 1, "updateType": "Full"}),
    "MonitoringCtrlr": ("SetMonitoringLevel", {"severity": 5}),
    "ReservationCtrlr": ("ReserveNow", {
        "id": 1, "evseId": 1, "expiryDateTime": iso(1e9 + 60),
        "idToken": {"idToken": "A", "type": "Central"}}),
    "SampledDataCtrlr": ("SetVariables", {"setVariableData": [
        {**place_of("SampledDataCtrlr.TxUpdatedInterval"), "attributeValue": "60"}]}),
    "SmartChargingCtrlr": ("SetChargingProfile", {
        "evseId": 1, "chargingProfile": profile(7000)}),
}  # fmt: skip


@pytest.mark.proves(
    "AlignedDataCtrlr.Available", "AuthCacheCtrlr.Available", "ISO15118Ctrlr.Available",
    "LocalAuthListCtrlr.Available", "MonitoringCtrlr.Available", "ReservationCtrlr.Available",
    "SampledDataCtrlr.Available", "SmartChargingCtrlr.Available",
)  # fmt: skip
@pytest.mark.parametrize("controller", ABILITIES)
def test_what_is_told_to_be_available_is_served(csms, controller):
    assert told(csms, f"{controller}.Available") == "true"
    answer = csms.call(*ABILITIES[controller])
    if "setVariableResult" in answer:
        [answer] = [{"status": r["attributeStatus"]} for r in answer["setVariableResult"]]
    assert answer == {"status": "Accepted"}

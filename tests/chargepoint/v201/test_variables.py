"""Variables that tell a limit, an ability or a state: what they tell is what the station does."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from chargepoint.timing.times import iso
from chargepoint.trust import exi
from tests.chargepoint.authority import Authority
from tests.chargepoint.v201.asking import charge, made, place_of, told, traits
from tests.chargepoint.v201.profiles import profile


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return made(request.param)


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

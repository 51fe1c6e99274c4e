"""Keys that tell a limit or an ability (1.6 section 9): what they tell is what the station does."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.v16.keys import KEYS
from chargepoint.v16.measurands import MEASURANDS
from tests.chargepoint.authority import Authority
from tests.chargepoint.files import FilePeer
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.charging import composite, profile, set_profile

HOUR = "2026-09-21T15:13:20Z"  # after START
LISTS = ("MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData",
         "StopTxnSampledData")  # fmt: skip


@pytest.fixture
def peer():
    return Peer().connect()


def told(peer, key):
    answer = peer.call("GetConfiguration", {"key": [key]})[2]
    assert "unknownKey" not in answer or not answer["unknownKey"]
    return answer["configurationKey"][0]["value"]


def change(peer, key, value):
    return peer.call("ChangeConfiguration", {"key": key, "value": value})[2]["status"]


@pytest.mark.proves("ChargeProfileMaxStackLevel")
def test_the_highest_stack_level_is_taken_and_the_next_is_not(peer):
    most = int(told(peer, "ChargeProfileMaxStackLevel"))
    assert set_profile(peer, 1, profile(7000, 1, stack=most)) == "Accepted"
    assert set_profile(peer, 1, profile(7000, 2, stack=most + 1)) == "Rejected"


@pytest.mark.proves("ChargingScheduleMaxPeriods")
def test_as_many_periods_as_told_and_no_more(peer):
    most = int(told(peer, "ChargingScheduleMaxPeriods"))
    periods = [(second, 6000 + second % 2 * 1000) for second in range(most + 1)]
    assert set_profile(peer, 1, profile(periods)) == "Rejected"
    assert set_profile(peer, 1, profile(periods[:most])) == "Accepted"


@pytest.mark.proves("MaxChargingProfilesInstalled")
def test_as_many_profiles_as_told_and_no_more():
    outlets = tuple(ConnectorConfig(n, n) for n in range(1, 7))
    peer = Peer(connectors=outlets).connect()
    most = int(told(peer, "MaxChargingProfilesInstalled"))
    answers = [
        set_profile(peer, 1 + number // 20, profile(7000, number, stack=number % 20))
        for number in range(most + 1)
    ]
    assert answers == ["Accepted"] * most + ["Rejected"]


@pytest.mark.proves("ChargingScheduleAllowedChargingRateUnit")
def test_limits_in_each_unit_that_is_told(peer):
    assert told(peer, "ChargingScheduleAllowedChargingRateUnit") == "Current,Power"
    peer.do("plug", connector=1, ev={"max_power_kw": 22})
    peer.do("start-transaction", connector=1)
    for unit, limit in (("A", 10), ("W", 6900)):
        assert set_profile(peer, 1, profile(limit, unit=unit)) == "Accepted"
        flowing = peer.station.connectors[1].sample(peer.now).power_w
        assert flowing == pytest.approx(6900, rel=0.02)
        schedule = composite(peer, 1, 60, chargingRateUnit=unit)["chargingSchedule"]
        assert schedule["chargingSchedulePeriod"][0]["limit"] == limit


@pytest.mark.proves("ConnectorSwitch3to1PhaseSupported")
def test_a_transaction_changes_from_three_phases_to_one(peer):
    assert told(peer, "ConnectorSwitch3to1PhaseSupported") == "true"
    peer.do("start-transaction", connector=1)
    three = peer.station.connectors[1].sample(peer.now).currents_a
    assert min(three) == max(three) > 6
    assert set_profile(peer, 1, profile([(0, 16, 1)], unit="A")) == "Accepted"
    one = peer.station.connectors[1].sample(peer.now).currents_a
    assert one[0] == pytest.approx(16) and not any(one[1:])


@pytest.mark.proves("CertificateSignedMaxChainSize")
def test_a_chain_longer_than_told_is_not_taken(peer):
    peer.answers |= {"SignCertificate": {"status": "Accepted"}, "SecurityEventNotification": {}}
    root = Authority("Root", START)
    install = {"certificateType": "CentralSystemRootCertificate", "certificate": root.pem}
    assert peer.call("InstallCertificate", install)[2] == {"status": "Accepted"}
    peer.call("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    chain = root.answer(peer.calls("SignCertificate")[-1]["csr"])
    most = int(told(peer, "CertificateSignedMaxChainSize"))
    longer = chain + "\n" * (most + 1 - len(chain))
    answer = peer.call("CertificateSigned", {"certificateChain": longer})
    assert answer[2] == "PropertyConstraintViolation"
    answer = peer.call("CertificateSigned", {"certificateChain": longer[:most]})
    assert answer[2] == {"status": "Accepted"}


@pytest.mark.proves("CertificateStoreMaxLength")
def test_the_store_of_certificates_holds_as_many_as_told(peer):
    most = int(told(peer, "CertificateStoreMaxLength"))
    use = "ManufacturerRootCertificate"
    pems = [Authority(f"Root {n}", START).pem for n in range(most + 1)]
    statuses = [
        peer.call("InstallCertificate", {"certificateType": use, "certificate": pem})[2]["status"]
        for pem in pems
    ]
    assert statuses == ["Accepted"] * most + ["Rejected"]


@pytest.mark.proves("GetConfigurationMaxKeys")
def test_no_more_keys_can_be_asked_for_by_name_than_told():
    """9.1.9: of *requested* keys; a request without keys asks for all of them (5.8)."""
    vendor = {f"Vendor{n}": "x" for n in range(200)}
    peer = Peer(configuration=vendor).connect()
    most = int(told(peer, "GetConfigurationMaxKeys"))
    asked = peer.call("GetConfiguration", {"key": list(vendor)})[2]
    assert len(asked["configurationKey"]) == most
    every = [e["key"] for e in peer.call("GetConfiguration", {})[2]["configurationKey"]]
    assert every == [*(name for name, key in KEYS.items() if not key.needs), *vendor]


def tags(first, last):
    return [{"idTag": f"T{n}", "idTagInfo": {"status": "Accepted"}} for n in range(first, last)]


def send_list(peer, version, entries, kind="Differential"):
    payload = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    return peer.call("SendLocalList", payload)[2]["status"]


@pytest.mark.proves("SendLocalListMaxLength")
def test_no_more_tags_in_one_message_than_told(peer):
    most = int(told(peer, "SendLocalListMaxLength"))
    assert send_list(peer, 1, tags(0, most + 1), "Full") == "Failed"
    assert send_list(peer, 1, tags(0, most), "Full") == "Accepted"


@pytest.mark.proves("LocalAuthListMaxLength")
def test_the_list_holds_as_many_tags_as_told(peer):
    most, part = (int(told(peer, k)) for k in ("LocalAuthListMaxLength", "SendLocalListMaxLength"))
    for version, first in enumerate(range(0, most, part), 1):
        assert send_list(peer, version, tags(first, min(most, first + part))) == "Accepted"
    assert send_list(peer, 99, tags(most, most + 1)) == "Failed"
    assert len(block(peer.station, "local_list").entries) == most


@pytest.mark.proves("ReserveConnectorZeroSupported")
def test_a_reservation_of_any_connector_is_taken_as_told(peer):
    assert told(peer, "ReserveConnectorZeroSupported") == "true"
    wanted = {"connectorId": 0, "reservationId": 1, "idTag": "ANNA", "expiryDate": HOUR}
    assert peer.call("ReserveNow", wanted)[2] == {"status": "Accepted"}
    peer.do("start-transaction", connector=1, id_tag="BERT")
    with pytest.raises(CommandRejected):
        peer.do("start-transaction", connector=2, id_tag="BERT")  # the last one is Anna's
    peer.do("start-transaction", connector=2, id_tag="ANNA")
    assert peer.calls("StartTransaction")[-1]["reservationId"] == 1


@pytest.mark.proves(
    "MeterValuesAlignedDataMaxLength", "MeterValuesSampledDataMaxLength",
    "StopTxnAlignedDataMaxLength", "StopTxnSampledDataMaxLength",
)  # fmt: skip
@pytest.mark.parametrize("key", LISTS)
def test_a_list_of_measurands_holds_as_many_as_told(peer, key):
    most, every = int(told(peer, f"{key}MaxLength")), sorted(MEASURANDS)
    assert change(peer, key, ",".join(every[:most])) == "Accepted"
    longer = (every * 2)[: most + 1]
    assert change(peer, key, ",".join(longer)) == "Rejected"
    assert told(peer, key).count(",") == most - 1


@pytest.mark.proves("StopTxnAlignedData")
def test_clock_aligned_values_go_with_the_stop():
    keys = {
        "ClockAlignedDataInterval": "60", "MeterValueSampleInterval": "0",
        "StopTxnAlignedData": "Voltage", "MeterValuesAlignedData": "",
    }  # fmt: skip
    peer = Peer(configuration=keys).connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(185)
    assert peer.calls("MeterValues") == []
    peer.do("stop-transaction", connector=1)
    data = peer.calls("StopTransaction")[0]["transactionData"]
    sampled = [value for entry in data for value in entry["sampledValue"]]
    assert {value["measurand"] for value in sampled} == {"Voltage"}
    assert [e["sampledValue"][0]["context"] for e in data].count("Sample.Clock") == 3
    assert [entry["timestamp"][17:19] for entry in data] == ["00"] * len(data)


@pytest.mark.proves("ConnectorPhaseRotation", "ConnectorPhaseRotationMaxLength")
def test_the_wiring_of_each_connector_is_kept_and_told(peer):
    most = int(told(peer, "ConnectorPhaseRotationMaxLength"))
    assert most == 1 + len(peer.station.connectors)  # connector 0 is the grid's side
    wiring = [f"{number}.{'RST' if number else 'RTS'}" for number in range(most)]
    assert change(peer, "ConnectorPhaseRotation", ",".join(wiring)) == "Accepted"
    assert change(peer, "ConnectorPhaseRotation", "1.RSR") == "Rejected"
    longer = ",".join([*wiring, f"{most}.RST"])
    assert change(peer, "ConnectorPhaseRotation", longer) == "Rejected"
    assert told(peer.crash().connect(), "ConnectorPhaseRotation") == ",".join(wiring)


@pytest.mark.proves("NumberOfConnectors")
def test_as_many_connectors_as_told_report_their_status():
    outlets = tuple(ConnectorConfig(n, n) for n in (1, 2, 3))
    peer = Peer(connectors=outlets).connect()
    statuses = peer.calls("StatusNotification")
    numbers = {note["connectorId"] for note in statuses} - {0}
    assert len(numbers) == int(told(peer, "NumberOfConnectors")) == 3
    assert told(Peer().connect(), "NumberOfConnectors") == "2"


# An action of each feature profile (section 3.3 of the specification).
PROFILES = {
    "Core": ("ClearCache", {}),
    "FirmwareManagement": ("GetDiagnostics", {"location": "ftp://files.example/in/"}),
    "LocalAuthListManagement": ("GetLocalListVersion", {}),
    "Reservation": ("CancelReservation", {"reservationId": 1}),
    "SmartCharging": ("ClearChargingProfile", {"id": 1}),
    "RemoteTrigger": ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
}


@pytest.mark.proves("SupportedFeatureProfiles", "SupportedFeatureProfilesMaxLength")
def test_each_feature_profile_that_is_told_is_served(peer):
    names = told(peer, "SupportedFeatureProfiles").split(",")
    assert set(names) == set(PROFILES)
    assert len(names) <= int(told(peer, "SupportedFeatureProfilesMaxLength"))
    for action, payload in PROFILES.values():
        assert peer.call(action, payload)[0] == 3, action


@pytest.mark.proves("EmulatorSecureUrl")
def test_the_secure_address_is_dialed_for_a_profile_with_tls():
    peer = Peer(configuration={"EmulatorSecureUrl": "wss://csms.example/x"}).connect()
    peer.answers["SecurityEventNotification"] = {}
    root = Authority("Root", START)
    use = {"certificateType": "CentralSystemRootCertificate", "certificate": root.pem}
    peer.call("InstallCertificate", use)
    assert change(peer, "AuthorizationKey", "a-plain-text-key-1") == "Accepted"
    assert change(peer, "SecurityProfile", "2") == "Accepted"
    link = peer.station.link_security()
    assert (link.profile, link.url) == (2, "wss://csms.example/x")


@pytest.mark.proves("SupportedFileTransferProtocols")
def test_files_go_by_the_protocols_that_are_told():
    peer = FilePeer().connect()
    known = told(peer, "SupportedFileTransferProtocols").split(",")
    assert known == ["FTP", "FTPS", "HTTP", "HTTPS"]
    for number, name in enumerate(known, 1):
        place = f"{name.lower()}://files.example/in/"
        peer.call("GetDiagnostics", {"location": place, "retries": 0})
        assert len(peer.uploads) == number
        peer.ended(peer.uploads[-1])
    peer.call("GetDiagnostics", {"location": "sftp://files.example/in/", "retries": 0})
    assert len(peer.uploads) == len(known)
    assert peer.told("DiagnosticsStatusNotification")[-1] == "UploadFailed"

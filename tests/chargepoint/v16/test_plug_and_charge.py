"""Plug & Charge on the wire of 1.6 (Using ISO 15118 Plug & Charge with OCPP 1.6, 2, 3.2 and 5)."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp

from chargepoint.core.commands import CommandRejected
from chargepoint.trust.certificates import pem_of, read_chain
from chargepoint.trust.contracts import make_contract
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.pnc import EMAID, ON, VENDOR, PncPeer, check

DAY = 86_400.0
NOTES = ("CentralContractValidationAllowed", "CertSigningRepeatTimes", "CertSigningWaitMinimum",
         "ContractValidationOffline", "EmulatorPnCIdToken", "ISO15118PnCEnabled")  # fmt: skip


@pytest.fixture
def peer():
    return PncPeer().connect()


@pytest.fixture(scope="module")
def contract():
    return make_contract(EMAID, START)


def plug(peer, **ev):
    return peer.do("plug", connector=1, ev={"emaid": EMAID, **ev})


def trust(peer, contract):
    root = pem_of(read_chain(contract)[-1])
    given = {"certificateType": "MORootCertificate", "certificate": root}
    assert peer.ask("InstallCertificate", given) == {"status": "Accepted"}


def change(peer, key, value):
    answer = peer.call("ChangeConfiguration", {"key": key, "value": value})[2]
    assert answer == {"status": "Accepted"}


def started(peer):
    return [call["idTag"] for call in peer.calls("StartTransaction")]


def keys_of(peer):
    return {e["key"]: e for e in peer.call("GetConfiguration", {})[2]["configurationKey"]}


# --- whether a station has it (2.1) --------------------------------------------------------------


@pytest.mark.proves("ISO15118PnCEnabled")
@pytest.mark.parametrize("configured", [None, "false", "true"])
def test_a_station_has_the_keys_of_the_note_where_its_operator_says_so(contract, configured):
    given = {} if configured is None else {"ISO15118PnCEnabled": configured}
    peer = Peer(configuration=given).connect()
    has = set(NOTES) & set(keys_of(peer))
    assert has == (set(NOTES) if given else set())
    answer = peer.call("ChangeConfiguration", {"key": NOTES[0], "value": "true"})[2]
    assert answer == {"status": "Accepted" if given else "NotSupported"}
    asked = {"vendorId": VENDOR, "messageId": "TriggerMessage"}
    status = peer.call("DataTransfer", asked)[2]["status"]
    assert status == ("Accepted" if configured == "true" else "UnknownVendorId")
    plug(peer, contract=contract)
    presented = [c for c in peer.calls("DataTransfer") if c["messageId"] == "Authorize"]
    assert bool(presented) is (configured == "true")
    assert peer.calls("Authorize") == []


def test_the_csms_switches_it_on_and_off(contract):
    peer = PncPeer({"ISO15118PnCEnabled": "false"}).connect()
    plug(peer, contract=contract)
    assert not peer.asked("Authorize")
    peer.do("unplug", connector=1)
    change(peer, "ISO15118PnCEnabled", "true")
    plug(peer, contract=contract)
    assert started(peer) == [EMAID]


# --- a contract authorizes (5, 6.1) --------------------------------------------------------------


@pytest.mark.proves("PnC Authorize")
def test_a_contract_authorizes_by_its_emaid_and_no_plain_authorize_is_sent(peer, contract):
    trust(peer, contract)
    plug(peer, contract=contract)
    [asked] = peer.asked("Authorize")
    assert asked["idToken"] == {"idToken": EMAID}
    assert "certificate" not in asked
    leaf, sub, root = read_chain(contract)
    for told, own, issuer in zip(
        asked["iso15118CertificateHashData"], (leaf, sub), (sub, root), strict=True
    ):
        request = ocsp.OCSPRequestBuilder().add_certificate(own, issuer, SHA256()).build()
        assert told["issuerNameHash"] == request.issuer_name_hash.hex()
        assert told["issuerKeyHash"] == request.issuer_key_hash.hex()
        assert int(told["serialNumber"], 16) == own.serial_number
    assert started(peer) == [EMAID]
    assert peer.calls("Authorize") == []
    assert peer.statuses()[-1] == "Charging"


@pytest.mark.proves("CentralContractValidationAllowed")
@pytest.mark.parametrize("allowed", ["true", "false"])
def test_the_csms_is_given_the_chain_of_an_unknown_root_where_it_validates(peer, contract, allowed):
    change(peer, "CentralContractValidationAllowed", allowed)
    plug(peer, contract=contract)
    if allowed == "true":
        assert read_chain(peer.asked("Authorize")[0]["certificate"]) == read_chain(contract)[:2]
        assert started(peer) == [EMAID]
    else:
        assert (peer.asked("Authorize"), started(peer)) == ([], [])


@pytest.mark.proves("EmulatorPnCIdToken")
def test_the_type_of_2_0_1_goes_along_where_a_csms_wants_it(contract):
    peer = PncPeer({"EmulatorPnCIdToken": "Typed"})
    peer.answers["DataTransfer"] = {"status": "Rejected"}
    plug(peer.connect(), contract=contract)
    assert peer.asked("Authorize")[0]["idToken"] == {"idToken": EMAID, "type": "eMAID"}


@pytest.mark.parametrize("verdict", [
    "SignatureError", "CertificateExpired", "CertificateRevoked", "NoCertificateAvailable",
    "CertChainError", "ContractCancelled",
])  # fmt: skip
def test_a_contract_that_the_csms_refuses_gives_no_energy(peer, contract, verdict):
    answer = {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": verdict}
    check("Authorize", answer, True)
    peer.told["Authorize"] = answer
    plug(peer, contract=contract)
    assert started(peer) == []
    # Nor is the eMAID remembered as a good one.
    assert block(peer.station, "authorization").known(EMAID, peer.now) == "Invalid"


@pytest.mark.parametrize("status", ["Blocked", "ConcurrentTx", "Expired", "Invalid", "NoCredit"])
def test_an_emaid_that_is_not_accepted_does_not_charge_and_a_card_still_may(peer, contract, status):
    peer.told["Authorize"] = {"idTokenInfo": {"status": status}}
    plug(peer, contract=contract)
    assert started(peer) == []
    known = block(peer.station, "authorization").known(EMAID, peer.now)
    assert known == ("Invalid" if status == "NoCredit" else status)  # 8.1
    peer.do("authorize", id_tag="CARD", connector=1)
    assert started(peer) == ["CARD"]
    assert peer.calls("Authorize") == [{"idTag": "CARD"}]


@pytest.mark.parametrize(("more", "group"), [
    ({}, ""), ({"groupIdToken": {"idToken": "FLEET", "type": "Central"}}, "FLEET"),
    ({"groupIdToken": {"idToken": "G" * 20, "type": "Central"}}, "G" * 20),
    ({"groupIdToken": {"idToken": "G" * 21, "type": "Central"}}, ""),
])  # fmt: skip
def test_the_answer_fills_the_cache_until_its_end(peer, contract, more, group):
    """6.1.2 speaks of a group, for which 7.4 has no field: that of 2.0.1 is read."""
    until = "2030-01-01T00:00:00Z"
    info = {"status": "Blocked", "cacheExpiryDateTime": until}
    check("Authorize", {"idTokenInfo": info}, True)
    peer.told["Authorize"] = {"idTokenInfo": info | more}
    plug(peer, contract=contract)
    cache = block(peer.station, "authorization").cache
    assert cache[EMAID.casefold()] == ["Blocked", until, group]
    peer.do("unplug", connector=1)
    peer.told["Authorize"] = {"idTokenInfo": {**info, "cacheExpiryDateTime": "z" * 100_000}}
    plug(peer, contract=contract)
    assert cache[EMAID.casefold()] == ["Blocked", "", ""]


@pytest.mark.parametrize("answer", [
    "Rejected", "UnknownVendorId", "UnknownMessageId", ["NotSupported", "no", {}],
    {}, {"idTokenInfo": {}}, {"idTokenInfo": {"status": 5}}, {"certificateStatus": "Accepted"},
])  # fmt: skip
def test_a_csms_without_a_usable_answer_lets_nobody_charge(peer, contract, answer):
    trust(peer, contract)
    change(peer, "AllowOfflineTxForUnknownId", "true")
    peer.told["Authorize"] = answer
    plug(peer, contract=contract)
    assert started(peer) == []
    peer.do("authorize", id_tag="CARD", connector=1)
    assert started(peer) == ["CARD"]


DEEP = '{"x":' + "[" * 100_000


def test_an_answer_counts_only_where_the_data_transfer_was_accepted(peer, contract):
    told = json.dumps({"idTokenInfo": {"status": "Accepted"}})
    peer.answers["DataTransfer"] = {"status": "Rejected", "data": told}
    plug(peer, contract=contract)
    assert started(peer) == []


@pytest.mark.parametrize("data", ["", "{", DEEP, "null", "5", '"\\ud800"', None])
def test_data_that_is_no_json_of_the_message_is_no_answer(peer, contract, data):
    answer = {"status": "Accepted"} | ({} if data is None else {"data": data})
    peer.answers["DataTransfer"] = answer
    plug(peer, contract=contract)
    assert started(peer) == []


def test_a_car_that_left_before_the_answer_starts_nothing(peer, contract):
    peer.told["Authorize"] = None
    plug(peer, contract=contract)
    peer.do("unplug", connector=1)
    [waiting] = peer.unanswered
    told = json.dumps({"idTokenInfo": {"status": "Accepted"}})
    peer.feed([3, waiting[1], {"status": "Accepted", "data": told}])
    assert started(peer) == []
    assert peer.statuses()[-1] == "Available"


def test_a_card_that_came_first_is_not_disturbed(peer, contract):
    peer.do("authorize", id_tag="CARD", connector=1)
    plug(peer, contract=contract)
    assert started(peer) == ["CARD"]
    assert peer.asked("Authorize") == []


def test_who_starts_while_a_contract_is_fetched_is_not_disturbed(peer):
    peer.told["Get15118EVCertificate"] = None
    plug(peer, contract=make_contract(EMAID, START - 710 * DAY))
    told = {"idTag": "CARD", "connectorId": 1}
    assert peer.call("RemoteStartTransaction", told)[2] == {"status": "Accepted"}
    peer.pass_time(60)
    assert started(peer) == ["CARD"]
    assert peer.asked("Authorize") == []


def test_no_contract_is_fetched_where_it_would_not_be_presented(peer):
    peer.do("authorize", id_tag="CARD", connector=1)
    plug(peer)
    peer.drop()
    peer.do("plug", connector=2, ev={"emaid": EMAID})
    peer.connect()
    assert peer.asked("Get15118EVCertificate") == []


def test_a_contract_that_comes_when_the_car_has_left_is_nobodys(peer):
    peer.told["Get15118EVCertificate"] = None
    plug(peer)
    peer.do("unplug", connector=1)
    [waiting] = peer.unanswered
    told = json.dumps({"status": "Accepted", "exiResponse": "AAAA"})
    peer.feed([3, waiting[1], {"status": "Accepted", "data": told}])
    assert peer.asked("Authorize") == []


def test_a_contract_goes_into_no_car_that_came_after(peer):
    peer.told["Get15118EVCertificate"] = None
    plug(peer)
    [waiting] = peer.unanswered
    peer.do("unplug", connector=1)
    plug(peer, emaid="DEABC000000001")
    told = json.dumps({"status": "Accepted", "exiResponse": "AAAA"})
    peer.feed([3, waiting[1], {"status": "Accepted", "data": told}])
    assert not peer.station.connectors[1].ev.contract
    assert (peer.asked("Authorize"), started(peer)) == ([], [])


def test_no_contract_is_presented_while_a_reset_waits(peer, contract):
    peer.answers["StopTransaction"] = None
    peer.do("start-transaction", id_tag="CARD", connector=2)
    assert peer.call("Reset", {"type": "Soft"})[2] == {"status": "Accepted"}
    plug(peer, contract=contract)
    [waiting] = peer.unanswered
    peer.feed([3, waiting[1], {}])
    assert len(peer.calls("BootNotification")) == 1
    assert peer.asked("Authorize") == []


def test_a_connector_that_is_reserved_for_another_is_not_for_the_contract(peer, contract):
    reserved = {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "CARD",
                "reservationId": 1}  # fmt: skip
    assert peer.call("ReserveNow", reserved)[2] == {"status": "Accepted"}
    plug(peer, contract=contract)
    assert (peer.asked("Authorize"), started(peer)) == ([], [])
    assert peer.station.snapshot()["light"]["signal"] == "Refused"
    peer.call("CancelReservation", {"reservationId": 1})
    reserved["idTag"] = EMAID
    peer.do("unplug", connector=1)
    assert peer.call("ReserveNow", reserved)[2] == {"status": "Accepted"}
    plug(peer, contract=contract)
    assert started(peer) == [EMAID]
    assert peer.calls("StartTransaction")[0]["reservationId"] == 1


def test_the_session_by_a_contract_survives_a_restart_and_its_car_keeps_the_contract(contract):
    peer = PncPeer().connect()
    plug(peer, contract=contract)
    peer.restart()
    peer.connect()
    car = peer.station.connectors[1].ev
    assert (car.emaid, car.contract) == (EMAID, contract)
    peer.do("authorize", id_tag=EMAID, connector=1, token_type="eMAID")
    assert peer.calls("StopTransaction")[-1]["idTag"] == EMAID
    assert len(peer.asked("Authorize")) == 1  # 4.10: it is the one that started


# --- by the command --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["authorize", "start-transaction"])
def test_an_emaid_is_presented_by_a_command(peer, command):
    answer = peer.do(command, id_tag=EMAID, connector=1, token_type="eMAID")
    assert answer["authorization"] == "Pending"
    assert peer.asked("Authorize") == [{"idToken": {"idToken": EMAID}}]
    if command == "authorize":
        peer.do("plug", connector=1)
    assert started(peer) == [EMAID]


def test_the_contract_of_the_car_there_goes_along(peer, contract):
    trust(peer, contract)
    peer.told["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    plug(peer, contract=contract)
    peer.told["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    peer.do("authorize", id_tag=EMAID, connector=1, token_type="eMAID")
    first, second = peer.asked("Authorize")
    assert first == second and len(second["iso15118CertificateHashData"]) == 2
    assert started(peer) == [EMAID]


def test_another_emaid_is_presented_without_the_contract_of_the_car(peer, contract):
    peer.told["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    plug(peer, contract=contract)
    peer.do("authorize", id_tag="DEABC000000001", connector=1, token_type="eMAID")
    assert peer.asked("Authorize")[-1] == {"idToken": {"idToken": "DEABC000000001"}}


def test_an_emaid_stops_no_transaction_of_another_by_a_plain_authorize(peer):
    info = {"status": "Accepted", "parentIdTag": "FLEET"}
    peer.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": info}
    peer.do("start-transaction", id_tag="CARD", connector=1)
    with pytest.raises(CommandRejected):
        peer.do("authorize", id_tag=EMAID, connector=1, token_type="eMAID")
    assert peer.calls("Authorize") == [{"idTag": "CARD"}]


def test_no_other_type_of_token_is_known_and_none_without_plug_and_charge(peer):
    with pytest.raises(CommandRejected, match="no type"):
        peer.do("authorize", id_tag="A", token_type="ISO14443")
    with pytest.raises(CommandRejected, match="ISO15118PnCEnabled"):
        Peer().connect().do("authorize", id_tag=EMAID, token_type="eMAID")
    with pytest.raises(CommandRejected, match="20 characters"):  # idTag, and 7.3
        peer.do("authorize", id_tag="E" * 21, token_type="eMAID")


# --- offline (5) ---------------------------------------------------------------------------------


@pytest.mark.proves("ContractValidationOffline")
@pytest.mark.parametrize(
    ("rooted", "validates", "unknown", "expected"),
    [(True, "true", "true", True), (True, "true", "false", False),
     (True, "false", "true", False), (False, "true", "true", False)],
)  # fmt: skip
@pytest.mark.parametrize("how", ["offline", "no answer"])
def test_offline_a_contract_is_validated_here(
    peer, contract, rooted, validates, unknown, expected, how
):
    if rooted:
        trust(peer, contract)
    change(peer, "ContractValidationOffline", validates)
    change(peer, "AllowOfflineTxForUnknownId", unknown)
    peer.told["Authorize"] = None
    if how == "offline":
        peer.drop()
        plug(peer, contract=contract)
        peer.connect()
    else:
        plug(peer, contract=contract)
        peer.pass_time(60)
    assert bool(started(peer)) is expected


@pytest.mark.parametrize("authorizes", ["true", "false"])
def test_offline_a_known_emaid_is_looked_up_as_any_idtag(peer, contract, authorizes):
    trust(peer, contract)
    change(peer, "LocalAuthorizeOffline", authorizes)
    plug(peer, contract=contract)
    peer.do("unplug", connector=1)
    peer.drop()
    plug(peer, contract=contract)
    peer.connect()
    assert len(started(peer)) == (2 if authorizes == "true" else 1)


def test_offline_a_group_that_nobody_knows_of_is_not_the_one_reserved_for(peer, contract):
    trust(peer, contract)
    change(peer, "AllowOfflineTxForUnknownId", "true")
    reserved = {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "CARD",
                "parentIdTag": "FLEET", "reservationId": 1}  # fmt: skip
    assert peer.call("ReserveNow", reserved)[2] == {"status": "Accepted"}
    peer.drop()
    plug(peer, contract=contract)
    answer = peer.do("authorize", id_tag=EMAID, connector=1, token_type="eMAID")
    assert answer["authorization"] == "Invalid"
    peer.connect()
    assert started(peer) == []


def test_offline_an_emaid_without_a_contract_does_not_charge(peer):
    change(peer, "AllowOfflineTxForUnknownId", "true")
    peer.drop()
    answer = peer.do("authorize", id_tag=EMAID, connector=1, token_type="eMAID")
    assert answer["authorization"] == "Invalid"


def test_an_expired_contract_is_not_presented(peer):
    peer.told["Get15118EVCertificate"] = {"status": "Failed", "exiResponse": ""}
    plug(peer, contract=make_contract(EMAID, START - 800 * DAY))
    assert (peer.asked("Authorize"), started(peer)) == ([], [])


# --- a contract for the car (3.2, 6.4) -----------------------------------------------------------


@pytest.mark.proves("PnC Get15118EVCertificate")
def test_a_car_without_a_contract_has_one_installed_and_keeps_it(peer):
    plug(peer)
    [asked] = peer.asked("Get15118EVCertificate")
    assert (asked["action"], asked["iso15118SchemaVersion"]) == (
        "Install", "urn:iso:15118:2:2013:MsgDef",
    )  # fmt: skip
    assert b"<CertificateInstallationReq" in base64.b64decode(asked["exiRequest"], validate=True)
    assert started(peer) == [EMAID]
    kept = peer.station.connectors[1].ev.contract
    peer.restart()
    assert len(read_chain(kept)) == 3 and peer.station.connectors[1].ev.contract == kept


def test_the_contract_that_the_csms_brings_is_the_cars(peer, contract):
    brought = base64.b64encode(contract.encode()).decode()
    peer.told["Get15118EVCertificate"] = {"status": "Accepted", "exiResponse": brought}
    plug(peer)
    assert peer.station.connectors[1].ev.contract == contract


def test_a_contract_about_to_end_is_updated(peer):
    plug(peer, contract=make_contract(EMAID, START - 710 * DAY))
    assert peer.asked("Get15118EVCertificate")[0]["action"] == "Update"
    assert started(peer) == [EMAID]


@pytest.mark.parametrize("answer", [
    {"status": "Failed", "exiResponse": ""}, "UnknownMessageId", ["NotSupported", "", {}], {}, None,
])  # fmt: skip
def test_a_car_that_gets_no_new_contract_charges_by_the_one_that_it_has(peer, answer):
    peer.told["Get15118EVCertificate"] = answer
    plug(peer, contract=make_contract(EMAID, START - 710 * DAY))
    peer.pass_time(60)
    assert started(peer) == [EMAID]


@pytest.mark.parametrize("answer", [
    {"status": "Failed", "exiResponse": ""}, "UnknownMessageId", ["NotSupported", "", {}], {}, None,
])  # fmt: skip
def test_without_a_contract_nobody_is_authorized_but_a_card_still_works(peer, answer):
    peer.told["Get15118EVCertificate"] = answer
    plug(peer)
    peer.pass_time(60)
    assert peer.asked("Authorize") == []
    peer.do("authorize", id_tag="CARD", connector=1)
    assert started(peer) == ["CARD"]


# --- what a CSMS sends wrongly -------------------------------------------------------------------


@pytest.mark.parametrize(("message", "data"), [
    ("CertificateSigned", "{}"), ("CertificateSigned", '{"certificateChain": 5}'),
    ("CertificateSigned", json.dumps({"certificateChain": "x" * 10_001})),
    ("DeleteCertificate", "{}"), ("DeleteCertificate", '{"certificateHashData": {}}'),
    ("DeleteCertificate", json.dumps({"certificateHashData": {
        "hashAlgorithm": "MD5", "issuerNameHash": "", "issuerKeyHash": "", "serialNumber": ""}})),
    ("GetInstalledCertificateIds", '{"certificateType": "MORootCertificate"}'),
    ("GetInstalledCertificateIds", '{"certificateType": ["CSMSRootCertificate"]}'),
    ("InstallCertificate", '{"certificateType": "MORootCertificate"}'),
    ("InstallCertificate", json.dumps({"certificateType": "MORootCertificate",
                                       "certificate": "x" * 5501})),
    # 2.3: the whitepaper's own message is for that one.
    ("InstallCertificate", '{"certificateType": "CentralSystemRootCertificate",'
                           ' "certificate": "x"}'),
    ("TriggerMessage", "[]"), ("TriggerMessage", '{"requestedMessage": 1}'),
    *((message, data)
      for message in ("CertificateSigned", "DeleteCertificate", "GetInstalledCertificateIds",
                      "InstallCertificate")
      for data in ("", "{", "null", "[]", DEEP, '"\\ud800"', None)),
])  # fmt: skip
def test_data_that_the_message_does_not_have_is_rejected(peer, message, data):
    assert peer.transfer(message, data) == {"status": "Rejected"}


@pytest.mark.parametrize("message", ["Authorize", "SignCertificate", "Reset", ""])
def test_what_is_no_message_for_a_station_is_unknown(peer, message):
    assert peer.transfer(message, "{}") == {"status": "UnknownMessageId"}


def test_other_vendors_are_as_unknown_as_before(peer):
    answer = peer.call("DataTransfer", {"vendorId": "com.nobody", "messageId": "Authorize"})[2]
    assert answer == {"status": "UnknownVendorId"}


def test_a_station_without_it_has_none_of_its_blocks(contract):
    peer = Peer().connect()
    plug(peer, contract=contract)
    peer.drop()
    peer.connect()
    assert peer.station.there("v2g") is None
    assert ON and peer.actions().count("DataTransfer") == 0

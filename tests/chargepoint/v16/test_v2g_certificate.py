"""The certificates of Plug & Charge in a 1.6 station (Using ISO 15118 Plug & Charge with OCPP 1.6,
3.1 and 4)."""

import json

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from chargepoint.trust.certificates import hash_data, pem_of
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START
from tests.chargepoint.v16.pnc import PncPeer, check
from tests.chargepoint.v16.test_certificates import delete, events, install, installed, requested
from tests.chargepoint.v16.test_certificates import signed as signed_plainly
from tests.chargepoint.v201.test_v2g_certificate import Signer

DAY = 86_400.0
CHAIN, V2G, V2G_ROOT, MO_ROOT = (
    "V2GCertificateChain", "V2GCertificate", "V2GRootCertificate", "MORootCertificate",
)  # fmt: skip
SECURED = {"EmulatorSecurityEvents": "true"}


@pytest.fixture(scope="module")
def root():
    return Authority("V2G Root", START)


@pytest.fixture
def sub(root):
    return Signer("V2G Sub", START, root)


def station(root, **configuration):
    peer = PncPeer(SECURED | configuration, serial="SN-7").connect()
    given = {"certificateType": V2G_ROOT, "certificate": root.pem}
    check("InstallCertificate", given, False)
    assert peer.ask("InstallCertificate", given) == {"status": "Accepted"}
    return peer


@pytest.fixture
def peer(root):
    return station(root)


def triggered(peer, told=None):
    assert peer.ask("TriggerMessage", told or {}) == {"status": "Accepted"}
    return peer.asked("SignCertificate")[-1]


def signed(peer, sub, **more):
    chain = sub.answer(triggered(peer)["csr"], **more) + sub.pem
    return peer.ask("CertificateSigned", {"certificateChain": chain})["status"]


def listed(peer, *types):
    told = {"certificateType": list(types)} if types else {}
    return peer.ask("GetInstalledCertificateIds", told).get("certificateHashDataChain", [])


# --- SignCertificate, CertificateSigned ----------------------------------------------------------


@pytest.mark.proves("PnC SignCertificate")
def test_a_request_names_the_station_and_its_operator(root):
    peer = station(root, CpoName="Acme")
    asked = triggered(peer)
    assert asked["certificateType"] == V2G  # the example of 2.2
    request = x509.load_pem_x509_csr(asked["csr"].encode())
    attributes = {a.oid: a.value for a in request.subject}
    assert attributes == {NameOID.COMMON_NAME: "SN-7", NameOID.ORGANIZATION_NAME: "Acme"}


@pytest.mark.proves("PnC TriggerMessage")
@pytest.mark.parametrize("data", [None, "", "{}", '{"requestedMessage": "SignV2GCertificate"}'])
def test_a_trigger_has_no_fields_or_the_name_of_what_it_is_for(peer, data):
    """6.9.1 has none; figure 1 and 2.0.1 name it."""
    answer = peer.transfer("TriggerMessage", data)
    assert json.loads(answer["data"]) == {"status": "Accepted"}
    assert len(peer.asked("SignCertificate")) == 1


def test_nothing_else_is_triggered_by_it(peer):
    told = {"requestedMessage": "SignChargingStationCertificate"}
    assert peer.ask("TriggerMessage", told) == {"status": "NotImplemented"}
    assert peer.asked("SignCertificate") == []


def test_a_trigger_counts_while_the_station_is_pending(root):
    peer = PncPeer()
    peer.answers["BootNotification"] = {
        "status": "Pending", "currentTime": "2026-09-21T14:13:20Z", "interval": 600,
    }  # fmt: skip
    peer.connect()
    triggered(peer)


@pytest.mark.proves(
    "PnC CertificateSigned", "PnC DeleteCertificate", "PnC GetInstalledCertificateIds"
)
def test_a_chain_is_kept_with_a_key_of_its_own_listed_and_deleted(peer, sub, root):
    assert signed(peer, sub) == "Accepted"
    saved = peer.station.snapshot()["saved"]
    assert "PRIVATE KEY" in saved["secrets"]["v2g"][V2G]["key"]
    assert "PRIVATE KEY" not in str({k: v for k, v in saved.items() if k != "secrets"})
    peer.restart()
    peer.connect()
    [entry] = listed(peer, CHAIN)
    assert entry["certificateHashData"] == hash_data(pem_of(sub.leaf), sub.pem)
    assert entry["childCertificateHashData"] == [hash_data(sub.pem, root.pem)]
    assert [found["certificateType"] for found in listed(peer)] == [V2G_ROOT, CHAIN]
    assert [found["certificateType"] for found in listed(peer, V2G_ROOT)] == [V2G_ROOT]
    assert not block(peer.station, "security").vault.certificate
    told = {"certificateHashData": entry["certificateHashData"]}
    assert peer.ask("DeleteCertificate", told) == {"status": "Accepted"}
    assert listed(peer, CHAIN) == []
    assert peer.ask("DeleteCertificate", told) == {"status": "NotFound"}


@pytest.mark.parametrize("why", ["stranger", "old key", "text", "not asked", "type"])
def test_what_is_not_right_is_rejected_and_reported(peer, sub, root, why):
    more = {}
    if why == "not asked":
        chain = root.issue("SN-7")[0]
    else:
        csr = triggered(peer)["csr"]
        chain = sub.answer(csr) + sub.pem
    if why == "stranger":
        stranger = Authority("Stranger", START)
        chain = stranger.answer(csr)
    elif why == "old key":
        triggered(peer)
    elif why == "text":
        chain = "no certificate"
    elif why == "type":
        more = {"certificateType": "ChargingStationCertificate"}
    answer = peer.ask("CertificateSigned", {"certificateChain": chain, **more})
    assert answer == {"status": "Rejected"}
    assert listed(peer, CHAIN) == []
    assert events(peer)[-1] == "InvalidChargePointCertificate"


def test_a_pending_request_survives_a_restart(peer, sub):
    csr = triggered(peer)["csr"]
    peer.restart()
    peer.connect()
    told = {"certificateChain": sub.answer(csr) + sub.pem, "certificateType": V2G}
    assert peer.ask("CertificateSigned", told) == {"status": "Accepted"}


@pytest.mark.proves("CertSigningWaitMinimum", "CertSigningRepeatTimes")
def test_a_request_that_is_not_answered_is_repeated_ever_later(root):
    peer = station(root)
    for key, value in (("CertSigningWaitMinimum", "10"), ("CertSigningRepeatTimes", "2")):
        told = {"key": key, "value": value}
        assert peer.call("ChangeConfiguration", told)[2] == {"status": "Accepted"}
    triggered(peer)
    asked = []
    for _ in range(8):
        peer.pass_time(10)
        asked.append(len(peer.asked("SignCertificate")))
    assert asked == [2, 2, 3, 3, 3, 3, 3, 3]  # after 10 s, and after 20 s more
    peer.pass_time(DAY)
    csrs = [told["csr"] for told in peer.asked("SignCertificate")]
    assert len(csrs) == len(set(csrs)) == 3


def test_with_no_wait_none_is_asked_for_again_and_a_late_certificate_is_taken(root, sub):
    peer = station(root, CertSigningWaitMinimum="0")
    csr = triggered(peer)["csr"]
    peer.pass_time(DAY)
    assert len(peer.asked("SignCertificate")) == 1
    chain = sub.answer(csr) + sub.pem
    assert peer.ask("CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}


@pytest.mark.parametrize("value", ["-1", "soon"])
@pytest.mark.parametrize("key", ["CertSigningWaitMinimum", "CertSigningRepeatTimes"])
def test_negative_values_are_rejected(peer, key, value):
    answer = peer.call("ChangeConfiguration", {"key": key, "value": value})[2]
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize("answer", [
    "Rejected", "UnknownVendorId", "UnknownMessageId", {"status": "Rejected"}, {},
    ["NotImplemented", "", {}],
])  # fmt: skip
def test_a_csms_that_will_not_sign_is_not_asked_again_unless_it_asks(peer, answer):
    """2.1: not resent unless triggered."""
    peer.told["SignCertificate"] = answer
    triggered(peer)
    peer.pass_time(DAY)
    assert len(peer.asked("SignCertificate")) == 1
    assert "v2g" not in peer.station.snapshot()["saved"]
    triggered(peer)
    assert len(peer.asked("SignCertificate")) == 2


def test_the_certificate_is_renewed_before_its_end_also_after_a_restart(peer, sub):
    signed(peer, sub, days=60)
    peer.pass_time(29 * DAY)
    assert len(peer.asked("SignCertificate")) == 1
    peer.restart()
    peer.connect()
    peer.pass_time(12 * DAY)
    assert len(peer.asked("SignCertificate")) > 1


def test_nothing_is_renewed_where_plug_and_charge_is_off(peer, sub):
    signed(peer, sub, days=60)
    peer.call("ChangeConfiguration", {"key": "ISO15118PnCEnabled", "value": "false"})
    asked = len(peer.calls("DataTransfer"))
    peer.pass_time(50 * DAY)
    assert len(peer.calls("DataTransfer")) == asked


# --- GetCertificateStatus ------------------------------------------------------------------------


@pytest.mark.proves("PnC GetCertificateStatus")
def test_the_ocsp_answer_is_kept_until_its_end(peer, sub):
    def answer(asked):
        told = sub.ocsp(peer.now)
        check("GetCertificateStatus", told, True)
        return told

    peer.told["GetCertificateStatus"] = answer
    signed(peer, sub)
    [asked] = peer.asked("GetCertificateStatus")
    told = {**hash_data(pem_of(sub.leaf), sub.pem), "responderURL": "http://ocsp.example/"}
    assert asked["ocspRequestData"] == told
    peer.restart()
    peer.connect()
    peer.pass_time(2 * DAY)
    assert len(peer.asked("GetCertificateStatus")) == 1
    peer.pass_time(2 * DAY)
    assert len(peer.asked("GetCertificateStatus")) == 2


@pytest.mark.parametrize("answer", [
    {"status": "Failed"}, "UnknownMessageId", {}, ["NotSupported", "", {}],
    {"status": "Accepted", "ocspResult": "AAAA"},
])  # fmt: skip
def test_without_an_ocsp_answer_the_csms_is_asked_again_a_day_later(peer, sub, answer):
    peer.told["GetCertificateStatus"] = answer
    signed(peer, sub)
    peer.pass_time(DAY * 0.9)
    assert len(peer.asked("GetCertificateStatus")) == 1
    peer.pass_time(DAY * 0.2)
    assert len(peer.asked("GetCertificateStatus")) == 2


def test_what_comes_with_a_failure_is_no_ocsp_answer(peer, sub):
    peer.told["GetCertificateStatus"] = lambda _: {**sub.ocsp(peer.now), "status": "Failed"}
    signed(peer, sub)
    peer.pass_time(DAY * 1.1)
    assert len(peer.asked("GetCertificateStatus")) == 2


def test_a_question_that_was_lost_with_the_link_is_asked_on_the_next(peer, sub):
    peer.told["GetCertificateStatus"] = None
    signed(peer, sub)
    peer.drop()
    peer.connect()
    assert len(peer.asked("GetCertificateStatus")) == 2


def test_a_revoked_certificate_is_given_up_and_another_asked_for(peer, sub):
    peer.told["GetCertificateStatus"] = lambda _: sub.ocsp(peer.now, good=False)
    signed(peer, sub)
    assert listed(peer, CHAIN) == []
    assert len(peer.asked("SignCertificate")) == 2
    assert events(peer)[-1] == "InvalidChargePointCertificate"


# --- those of others (4), beside the whitepaper's (2.3) ------------------------------------------


@pytest.mark.proves("PnC InstallCertificate")
@pytest.mark.parametrize("use", [V2G_ROOT, MO_ROOT])
def test_a_root_is_installed_listed_and_deleted(use, root):
    peer = PncPeer().connect()
    assert peer.ask("GetInstalledCertificateIds", {}) == {"status": "NotFound"}
    given = {"certificateType": use, "certificate": root.pem}
    assert peer.ask("InstallCertificate", given) == {"status": "Accepted"}
    peer.restart()
    peer.connect()
    data = hash_data(root.pem, root.pem)
    entry = {"certificateType": use, "certificateHashData": data}
    assert listed(peer) == listed(peer, use) == [entry]
    assert listed(peer, ({V2G_ROOT, MO_ROOT} - {use}).pop()) == []
    told = {"certificateHashData": hash_data(root.pem, root.pem, "SHA512")}
    check("DeleteCertificate", told, False)
    assert peer.ask("DeleteCertificate", told) == {"status": "Accepted"}
    assert listed(peer) == []


def test_what_is_no_authority_is_not_installed(root):
    peer = PncPeer().connect()
    for pem in ("no certificate", root.issue("leaf")[0]):
        given = {"certificateType": MO_ROOT, "certificate": pem}
        assert peer.ask("InstallCertificate", given) == {"status": "Rejected"}


def test_the_store_is_one_for_all_of_them(root):
    peer = PncPeer().connect()
    for number in range(20):
        assert install(peer, Authority(f"Root {number}", START).pem) == "Accepted"
    given = {"certificateType": MO_ROOT, "certificate": root.pem}
    assert peer.ask("InstallCertificate", given) == {"status": "Rejected"}


def test_each_kind_is_listed_and_deleted_by_its_own_messages(peer, root):
    csms = Authority("CSMS Root", START)
    assert install(peer, csms.pem) == "Accepted"
    of_csms, of_v2g = hash_data(csms.pem, csms.pem), hash_data(root.pem, root.pem)
    assert [entry["certificateHashData"] for entry in listed(peer)] == [of_v2g]
    assert installed(peer) == {"status": "Accepted", "certificateHashData": [of_csms]}
    told = {"certificateHashData": of_csms}
    assert peer.ask("DeleteCertificate", told) == {"status": "NotFound"}
    assert delete(peer, of_v2g) == "NotFound"
    assert delete(peer, of_csms) == "Accepted"
    assert len(listed(peer)) == 1


def test_the_roots_of_cars_do_not_judge_the_certificate_for_the_csms(peer):
    """It may be of an authority whose root is not installed here, as long as no other of its kind
    is."""
    peer.answers["SignCertificate"] = {"status": "Accepted"}
    another = Authority("Another", START)
    assert signed_plainly(peer, another.answer(requested(peer))) == "Accepted"


def test_the_certificate_for_the_csms_is_none_of_plug_and_charge(peer, root):
    peer.answers["SignCertificate"] = {"status": "Accepted"}
    csms = Authority("CSMS Root", START)
    install(peer, csms.pem)
    own = csms.answer(requested(peer))
    assert signed_plainly(peer, own) == "Accepted"
    told = {"certificateHashData": hash_data(own, csms.pem)}
    assert peer.ask("DeleteCertificate", told) == {"status": "NotFound"}
    assert delete(peer, told["certificateHashData"]) == "Failed"

"""Certificates in a 1.6 station (security whitepaper, A02, A03, M03 to M05)."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from chargepoint.timing.times import iso
from tests.chargepoint.authority import DAY, Authority
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer

CSMS, MAKER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"


@pytest.fixture(scope="module")
def root():
    return Authority("Root", START)


@pytest.fixture
def peer():
    peer = Peer(serial="SN-7", configuration={"CpoName": "Acme"})
    peer.answers |= {"SignCertificate": {"status": "Accepted"}, "SecurityEventNotification": {}}
    peer.answers["BootNotification"] = lambda _: {
        "status": "Accepted", "currentTime": iso(peer.now), "interval": 86_400,
    }  # fmt: skip
    return peer.connect()


def install(peer, pem, use=CSMS):
    payload = {"certificateType": use, "certificate": pem}
    return peer.call("InstallCertificate", payload)[2]["status"]


def installed(peer, use=CSMS):
    return peer.call("GetInstalledCertificateIds", {"certificateType": use})[2]


def delete(peer, data):
    return peer.call("DeleteCertificate", {"certificateHashData": data})[2]["status"]


def requested(peer):
    """Have the station ask for a certificate; its signing request."""
    wanted = {"requestedMessage": "SignChargePointCertificate"}
    assert peer.call("ExtendedTriggerMessage", wanted)[2] == {"status": "Accepted"}
    return peer.calls("SignCertificate")[-1]["csr"]


def signed(peer, chain):
    return peer.call("CertificateSigned", {"certificateChain": chain})[2]["status"]


def events(peer):
    return [event["type"] for event in peer.calls("SecurityEventNotification")]


def hashed(authority, name):
    """CertificateHashDataType by RFC 6960's words, with nothing of the station's code."""
    digest = lambda data: hashlib.new(name.lower(), data).hexdigest()  # noqa: E731
    bits = authority.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "hashAlgorithm": name,
        "issuerNameHash": digest(authority.name.public_bytes()),
        "issuerKeyHash": digest(bits),
        "serialNumber": f"{authority.certificate.serial_number:x}",
    }


@pytest.mark.proves("GetInstalledCertificateIds", "InstallCertificate")
def test_an_installed_certificate_is_listed_by_its_hash_data(peer, root):
    assert installed(peer) == {"status": "NotFound"}
    assert install(peer, root.pem) == "Accepted"
    data = [hashed(root, "SHA256")]
    assert installed(peer) == {"status": "Accepted", "certificateHashData": data}
    assert installed(peer, MAKER) == {"status": "NotFound"}
    assert block(peer.station, "certificates").roots_of(CSMS) == [root.pem]


def test_the_same_certificate_is_kept_once(peer, root):
    assert [install(peer, root.pem), install(peer, root.pem)] == ["Accepted", "Accepted"]
    assert len(installed(peer)["certificateHashData"]) == 1


@pytest.mark.proves("DeleteCertificate")
@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_a_certificate_is_deleted_by_any_hash(peer, root, algorithm):
    install(peer, root.pem)
    data = hashed(root, algorithm)
    other = data | {"serialNumber": "1"}
    assert delete(peer, other) == "NotFound"
    shouted = {name: value.upper() for name, value in data.items()}
    assert delete(peer, shouted | {"serialNumber": data["serialNumber"].zfill(40)}) == "Accepted"
    assert installed(peer) == {"status": "NotFound"}
    assert delete(peer, data) == "NotFound"


def test_what_is_no_valid_authority_is_not_installed(peer, root):
    leaf, _ = root.issue("leaf")
    old = Authority("Old", START - 200 * DAY)
    for pem in ("no certificate", leaf, old.pem):
        assert install(peer, pem) == "Rejected"
    assert installed(peer) == {"status": "NotFound"}


def test_the_store_has_an_end(peer):
    pems = [Authority(f"Root {n}", START).pem for n in range(21)]
    assert [install(peer, pem, MAKER) for pem in pems] == ["Accepted"] * 20 + ["Rejected"]


@pytest.mark.proves("AdditionalRootCertificateCheck")
def test_a_new_root_must_be_signed_by_the_old_one_where_that_is_checked(root):
    peer = Peer(configuration={"AdditionalRootCertificateCheck": "true"}).connect()
    heir = Authority("Heir", START, issuer=root)
    assert install(peer, root.pem) == "Accepted"
    assert install(peer, Authority("Usurper", START).pem) == "Rejected"
    log = block(peer.station, "security").security_log()
    assert log[-1][1] == "InvalidCentralSystemCertificate"
    assert install(peer, heir.pem) == "Accepted"
    assert block(peer.station, "certificates").roots_of(CSMS) == [root.pem, heir.pem]
    assert install(peer, Authority("Grandchild", START, issuer=heir).pem) == "Accepted"
    assert len(block(peer.station, "certificates").roots_of(CSMS)) == 2
    assert root.pem not in block(peer.station, "certificates").roots_of(CSMS)


def test_certificates_survive_a_restart(peer, root):
    install(peer, root.pem)
    again = peer.crash()
    assert block(again.station, "certificates").roots_of(CSMS) == [root.pem]


# --- the station's own ---------------------------------------------------------------------------


@pytest.mark.proves("SignCertificate", "CpoName")
def test_a_signing_request_names_the_station_and_its_operator(peer):
    request = x509.load_pem_x509_csr(requested(peer).encode())
    assert request.is_signature_valid
    attributes = {a.oid: a.value for a in request.subject}
    assert attributes == {NameOID.COMMON_NAME: "SN-7", NameOID.ORGANIZATION_NAME: "Acme"}


@pytest.mark.proves("CertificateSigned")
def test_the_certificate_that_was_asked_for_is_taken(peer, root):
    install(peer, root.pem)
    request = requested(peer)
    assert signed(peer, root.answer(request)) == "Accepted"
    assert signed(peer, root.answer(request)) == "Rejected"  # its key is no longer waiting
    assert not peer.closes  # profile 0 does not show it


def test_a_chain_through_an_intermediate_is_taken(peer, root):
    install(peer, root.pem)
    between = Authority("Between", START, issuer=root)
    assert signed(peer, between.answer(requested(peer))) == "Rejected"
    assert signed(peer, between.answer(requested(peer)) + between.pem) == "Accepted"


@pytest.mark.parametrize("why", ["stranger", "key", "expired", "text"])
def test_a_certificate_that_is_not_right_is_discarded_and_reported(peer, root, why):
    install(peer, root.pem)
    request = requested(peer)
    chain = {
        "stranger": Authority("Stranger", START).answer(request),
        "key": root.issue("SN-7")[0],
        "expired": root.answer(request, days=-1),
        "text": "no certificate",
    }[why]
    assert signed(peer, chain) == "Rejected"
    assert events(peer)[-1] == "InvalidChargePointCertificate"


def test_a_certificate_that_does_not_come_is_asked_for_again(peer):
    requested(peer)
    peer.pass_time(29)
    assert len(peer.calls("SignCertificate")) == 1
    peer.pass_time(2)
    assert len(peer.calls("SignCertificate")) == 2
    peer.pass_time(3600)
    requests = [call["csr"] for call in peer.calls("SignCertificate")]
    assert len(requests) == len(set(requests)) == 4  # the first and three repeats


def test_a_certificate_is_renewed_before_its_end(peer, root):
    signed(peer, root.answer(requested(peer), days=100))
    peer.pass_time(69 * DAY)
    assert len(peer.calls("SignCertificate")) == 1
    peer.pass_time(1.1 * DAY)
    assert len(peer.calls("SignCertificate")) > 1
    root.now = peer.now
    assert signed(peer, root.answer(requested(peer), days=200)) == "Accepted"
    root.now = START


def test_the_end_of_a_certificate_is_a_security_event(peer, root):
    signed(peer, root.answer(requested(peer), days=10))
    peer.answers["SignCertificate"] = {"status": "Rejected"}
    peer.pass_time(10 * DAY)
    assert "InvalidChargePointCertificate" not in events(peer)
    peer.pass_time(1.1 * DAY)
    assert "InvalidChargePointCertificate" in events(peer)


def test_a_pending_request_survives_a_restart(peer, root):
    request = requested(peer)
    again = peer.crash()
    again.station.connected_to(again.now)
    assert signed(again, root.answer(request)) == "Accepted"


def test_the_own_certificate_cannot_be_deleted(peer, root):
    install(peer, root.pem)
    certificate = root.answer(requested(peer))
    signed(peer, certificate)
    serial = x509.load_pem_x509_certificate(certificate.encode()).serial_number
    data = hashed(root, "SHA256") | {"serialNumber": f"{serial:x}"}
    assert delete(peer, data) == "Failed"


def test_private_keys_stand_apart_in_the_saved_state(peer, root):
    signed(peer, root.answer(requested(peer)))
    requested(peer)
    saved = peer.station.snapshot()["saved"]
    assert "PRIVATE KEY" in saved["secrets"]["key"]
    assert "PRIVATE KEY" in saved["secrets"]["pending_key"]
    assert "PRIVATE KEY" not in str({k: v for k, v in saved.items() if k != "secrets"})

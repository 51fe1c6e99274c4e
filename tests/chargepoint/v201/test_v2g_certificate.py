"""The station's certificate for ISO 15118 and its OCSP answers (A02, A03, M03, M04, M06)."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from chargepoint.trust.certificates import hash_data, pem_of, read_chain
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import booted

DAY = 86_400.0
CHAIN, V2G = "V2GCertificateChain", "V2GCertificate"


class Signer(Authority):
    """Names an OCSP responder in what it signs, and is that responder."""

    def answer(self, csr_pem, days=100.0):
        request = x509.load_pem_x509_csr(csr_pem.encode())
        at = lambda d: datetime.fromtimestamp(self.now + d * DAY, UTC)  # noqa: E731
        where = x509.UniformResourceIdentifier("http://ocsp.example/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
        made = (
            x509.CertificateBuilder().subject_name(request.subject).issuer_name(self.name)
            .public_key(request.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(at(-1)).not_valid_after(at(days))
            .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        )  # fmt: skip
        self.leaf = made.sign(self.key, hashes.SHA256())
        return pem_of(self.leaf)

    def ocsp(self, now, good=True, days=3):
        time = datetime.fromtimestamp(now, UTC)
        status = ocsp.OCSPCertStatus.GOOD if good else ocsp.OCSPCertStatus.REVOKED
        built = ocsp.OCSPResponseBuilder().add_response(
            self.leaf, self.certificate, hashes.SHA256(), status, time,
            time + timedelta(days=days), None if good else time, None,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)  # fmt: skip
        der = built.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)
        return {"status": "Accepted", "ocspResult": base64.b64encode(der).decode()}


@pytest.fixture(scope="module")
def root():
    return Authority("V2G Root", 1e9)


@pytest.fixture
def sub(root):
    return Signer("V2G Sub", 1e9, root)


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request, root):
    csms = booted(version=request.param)
    csms.answers["SecurityEventNotification"] = {}
    given = {"certificateType": "V2GRootCertificate", "certificate": root.pem}
    assert csms.call("InstallCertificate", given)["status"] == "Accepted"
    return csms


def triggered(csms, message="SignV2GCertificate"):
    answer = csms.call("TriggerMessage", {"requestedMessage": message})
    assert answer == {"status": "Accepted"}
    return csms.sent("SignCertificate")[-1]


def signed(csms, sub, kind=V2G, **more):
    csr = triggered(csms, {V2G: "SignV2GCertificate"}.get(kind, "SignV2G20Certificate"))["csr"]
    chain = sub.answer(csr, **more) + sub.pem
    return csms.call("CertificateSigned", {"certificateChain": chain, "certificateType": kind})


def listed(csms):
    found = csms.call("GetInstalledCertificateIds", {"certificateType": [CHAIN]})
    return found.get("certificateHashDataChain", [])


@pytest.mark.proves(
    "ISO15118Ctrlr.CountryName", "ISO15118Ctrlr.OrganizationName", "ISO15118Ctrlr.SeccId",
)  # fmt: skip
def test_the_request_names_what_the_variables_say(csms):
    for name, value in (("SeccId", "SECC7"), ("OrganizationName", "Acme"), ("CountryName", "DE")):
        assert csms.set(f"ISO15118Ctrlr.{name}", value) == "Accepted"
    asked = triggered(csms)
    assert asked["certificateType"] == V2G
    subject = x509.load_pem_x509_csr(asked["csr"].encode()).subject
    told = [
        subject.get_attributes_for_oid(oid)[0].value
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.COUNTRY_NAME)
    ]
    assert told == ["SECC7", "Acme", "DE"]


def test_a_chain_is_kept_with_a_key_of_its_own_listed_and_deleted(csms, sub, root):
    assert signed(csms, sub) == {"status": "Accepted"}
    saved = csms.saved()
    assert "PRIVATE KEY" in saved["secrets"]["v2g"][V2G]["key"]
    assert "PRIVATE KEY" not in str({k: v for k, v in saved.items() if k != "secrets"})
    csms.restart().connect()
    [entry] = listed(csms)
    assert entry["certificateHashData"] == hash_data(pem_of(sub.leaf), sub.pem)
    assert entry["childCertificateHashData"] == [hash_data(sub.pem, root.pem)]
    assert not (
        block(csms.station, "security").vault and block(csms.station, "security").vault.certificate
    )
    wanted = {"certificateHashData": entry["certificateHashData"]}
    assert csms.call("DeleteCertificate", wanted) == {"status": "Accepted"}
    assert listed(csms) == []


def test_what_was_not_asked_for_or_is_a_strangers_is_rejected(csms, sub):
    stranger = Signer("Stranger", 1e9)
    assert signed(csms, stranger)["status"] == "Rejected"
    assert listed(csms) == []
    other = sub.answer(triggered(csms)["csr"])
    triggered(csms)  # a new key: the answer to the old request no longer fits
    given = {"certificateChain": other, "certificateType": V2G}
    assert csms.call("CertificateSigned", given)["status"] == "Rejected"


def test_a_combined_certificate_serves_the_csms_and_the_cars(csms, sub):
    asked = triggered(csms, "SignCombinedCertificate")
    assert "certificateType" not in asked
    chain = sub.answer(asked["csr"]) + sub.pem
    assert csms.call("CertificateSigned", {"certificateChain": chain})["status"] == "Accepted"
    assert block(csms.station, "security").vault.certificate == chain
    assert len(listed(csms)) == 1


def test_a_request_that_is_not_answered_is_repeated_a_few_times(csms):
    triggered(csms)
    csms.pass_time(DAY)
    assert len(csms.sent("SignCertificate")) == 4


def test_the_certificate_is_renewed_before_its_end(csms, sub):
    signed(csms, sub, days=60)
    csms.pass_time(29 * DAY)
    assert len(csms.sent("SignCertificate")) == 1
    csms.pass_time(12 * DAY)
    assert len(csms.sent("SignCertificate")) > 1


@pytest.mark.proves("ISO15118Ctrlr.V2GCertificateInstallationEnabled")
def test_where_installing_is_off_nothing_is_signed(csms):
    csms.set("ISO15118Ctrlr.V2GCertificateInstallationEnabled", "false")
    answer = csms.call("TriggerMessage", {"requestedMessage": "SignV2GCertificate"})
    assert answer["status"] == "Rejected"


@pytest.mark.proves("GetCertificateStatus")
def test_the_ocsp_answer_is_kept_until_its_end_and_asked_for_at_each_boot(csms, sub):
    csms.answers["GetCertificateStatus"] = lambda _: sub.ocsp(csms.now)
    signed(csms, sub)
    [asked] = csms.sent("GetCertificateStatus")
    told = {**hash_data(pem_of(sub.leaf), sub.pem), "responderURL": "http://ocsp.example/"}
    assert asked["ocspRequestData"] == told
    csms.restart().connect()
    csms.pass_time(2 * DAY)
    assert len(csms.sent("GetCertificateStatus")) == 1
    csms.pass_time(2 * DAY)
    assert len(csms.sent("GetCertificateStatus")) == 2
    csms.call("Reset", {"type": "Immediate"})
    csms.disconnect()
    csms.connect()
    assert len(csms.sent("GetCertificateStatus")) == 3


def test_a_long_ocsp_answer_is_asked_for_again_within_a_week(csms, sub):
    csms.answers["GetCertificateStatus"] = lambda _: sub.ocsp(csms.now, days=60)
    signed(csms, sub)
    csms.pass_time(7.5 * DAY)
    assert len(csms.sent("GetCertificateStatus")) == 2


@pytest.mark.parametrize(
    "answer", [{"status": "Failed"}, "NotSupported", {"status": "Accepted", "ocspResult": "AAAA"}]
)
def test_without_an_ocsp_answer_the_csms_is_asked_again_a_day_later(csms, sub, answer):
    csms.answers["GetCertificateStatus"] = answer
    signed(csms, sub)
    csms.pass_time(DAY * 0.9)
    assert len(csms.sent("GetCertificateStatus")) == 1
    csms.pass_time(DAY * 0.2)
    assert len(csms.sent("GetCertificateStatus")) == 2


def test_a_revoked_certificate_is_given_up_and_another_asked_for(csms, sub):
    csms.answers["GetCertificateStatus"] = lambda _: sub.ocsp(csms.now, good=False)
    signed(csms, sub)
    assert listed(csms) == []
    assert len(csms.sent("SignCertificate")) == 2
    told = [event["type"] for event in csms.sent("SecurityEventNotification")]
    assert told == ["StartupOfTheDevice", "InvalidChargingStationCertificate"]


def test_a_certificate_for_iso_15118_20_is_kept_beside_the_other(sub, root):
    csms = booted(version="2.1")
    given = {"certificateType": "V2GRootCertificate", "certificate": root.pem}
    csms.call("InstallCertificate", given)
    assert signed(csms, sub)["status"] == "Accepted"
    assert signed(csms, sub, "V2G20Certificate")["status"] == "Accepted"
    assert len(listed(csms)) == 2
    keys = csms.saved()["secrets"]["v2g"]
    assert keys[V2G]["key"] != keys["V2G20Certificate"]["key"]
    assert read_chain(block(csms.station, "v2g").certificates.kept[V2G]["chain"])


def test_a_restarted_station_still_renews_and_still_waits(csms, sub):
    signed(csms, sub, days=60)
    csms.restart().connect()
    csms.pass_time(41 * DAY)
    asked = len(csms.sent("SignCertificate"))
    assert asked > 1
    triggered(csms)
    csms.restart().connect()
    csms.pass_time(60)
    assert len(csms.sent("SignCertificate")) == asked + 2


def test_a_certificate_whose_key_cannot_be_read_is_not_shown_as_usable(csms, sub):
    signed(csms, sub)
    saved = {name: part for name, part in csms.saved().items() if name != "secrets"}
    csms.restart(saved).connect()
    assert listed(csms) == []


def test_a_certificate_that_the_csms_will_not_sign_is_not_asked_for_again(csms):
    csms.answers["SignCertificate"] = {"status": "Rejected"}
    triggered(csms)
    csms.pass_time(DAY)
    assert len(csms.sent("SignCertificate")) == 1
    assert block(csms.station, "v2g").certificates.kept is None

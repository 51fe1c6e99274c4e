"""The reference CSMS in OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6"."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from ocpp.v16 import call

from tests.chargepoint.v16.pnc import VENDOR, check

GOOD, REVOKED, EXPIRED = "DEDEMC00000001A", "DEDEMC00000002R", "DEDEMC00000003E"
ASKED = {
    "hashAlgorithm": "SHA256", "issuerNameHash": "ab" * 32, "issuerKeyHash": "cd" * 32,
    "serialNumber": "1f", "responderURL": "http://ocsp.example/",
}  # fmt: skip


async def ask(station, message, told):
    """What is in the answer, as the note has it."""
    check(message, told, False)
    answer = await station.call(call.DataTransfer(VENDOR, message, json.dumps(told)))
    assert answer.status == "Accepted"
    found = json.loads(answer.data)
    check(message, found, True)
    return found


@pytest.mark.parametrize(("emaid", "status", "verdict"), [
    (GOOD, "Accepted", "Accepted"), (GOOD.lower(), "Accepted", "Accepted"),
    (REVOKED, "Invalid", "CertificateRevoked"), (EXPIRED, "Invalid", "CertificateExpired"),
    ("TAG-BLOCKED", "Blocked", "Accepted"), ("TAG-NOCREDIT", "Invalid", "Accepted"),
    ("DEXYZ00000000009", "Invalid", "Accepted"),
])  # fmt: skip
async def test_contracts_and_the_table_decide(station, emaid, status, verdict):
    told = {"idToken": {"idToken": emaid}}
    assert await ask(station, "Authorize", told) == {"idTokenInfo": {"status": status}}
    found = await ask(station, "Authorize", {**told, "iso15118CertificateHashData": [ASKED]})
    assert found == {"idTokenInfo": {"status": status}, "certificateStatus": verdict}
    begun = await station.call(call.StartTransaction(1, emaid, 0, "2026-01-01T00:00:00Z"))
    assert begun.id_tag_info["status"] == status


async def test_an_expired_token_says_since_when(station):
    found = await ask(station, "Authorize", {"idToken": {"idToken": "TAG-EXPIRED"}})
    assert found["idTokenInfo"] == {
        "status": "Expired", "cacheExpiryDateTime": "2020-01-01T00:00:00Z",
    }  # fmt: skip


async def test_a_request_is_signed_and_comes_in_a_data_transfer(reference, station):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    text = request.public_bytes(serialization.Encoding.PEM).decode()
    told = {"csr": text, "certificateType": "V2GCertificate"}
    assert await ask(station, "SignCertificate", told) == {"status": "Accepted"}
    action, payload = await station.asked.get()
    assert (action, payload["vendor_id"], payload["message_id"]) == (
        "DataTransfer", VENDOR, "CertificateSigned",
    )  # fmt: skip
    signed = json.loads(payload["data"])
    check("CertificateSigned", signed, False)
    leaf = x509.load_pem_x509_certificate(signed["certificateChain"].encode())
    leaf.verify_directly_issued_by(reference.office.authority.root)
    assert leaf.public_key() == key.public_key()
    assert await ask(station, "SignCertificate", {"csr": "none"}) == {"status": "Rejected"}


async def test_certificates_are_good_and_contracts_are_brought(station):
    found = await ask(station, "GetCertificateStatus", {"ocspRequestData": ASKED})
    answer = ocsp.load_der_ocsp_response(base64.b64decode(found["ocspResult"]))
    assert (answer.certificate_status, answer.serial_number) == (ocsp.OCSPCertStatus.GOOD, 0x1F)
    told = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install",
            "exiRequest": "AAAA"}  # fmt: skip
    assert (await ask(station, "Get15118EVCertificate", told))["status"] == "Accepted"


@pytest.mark.parametrize("data", [None, "", "{", "[]", "5", "{}", '{"idToken": "E"}',
                                  '{"csr": 5, "ocspRequestData": {}}', "[" * 5000])  # fmt: skip
@pytest.mark.parametrize("message", ["Authorize", "GetCertificateStatus", "SignCertificate"])
async def test_data_that_is_no_message_is_rejected(station, message, data):
    answer = await station.call(call.DataTransfer(VENDOR, message, data))
    rejected = answer.data is not None and json.loads(answer.data) == {"status": "Rejected"}
    assert answer.status == "Rejected" or rejected
    assert station.asked.empty()


async def test_a_message_of_a_csms_is_unknown_to_it(station):
    answer = await station.call(call.DataTransfer(VENDOR, "InstallCertificate", "{}"))
    assert answer.status == "UnknownMessageId"

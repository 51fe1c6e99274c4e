"""What the reference CSMS answers in OCPP 1.6, by its tables."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp.v16 import call

NOW = "2026-01-01T00:00:00Z"


def start(connector: int, tag: str) -> call.StartTransaction:
    return call.StartTransaction(connector, tag, 0, NOW)


@pytest.mark.parametrize(("tag", "info"), [
    ("TAG-VALID", {"status": "Accepted"}),
    ("tag-valid", {"status": "Accepted"}),
    ("TAG-INVALID", {"status": "Invalid"}),
    ("TAG-BLOCKED", {"status": "Blocked"}),
    ("TAG-EXPIRED", {"status": "Expired", "expiry_date": "2020-01-01T00:00:00Z"}),
    ("TAG-GROUP-2", {"status": "Accepted", "parent_id_tag": "GROUP-1"}),
    ("NOBODY", {"status": "Invalid"}),
])  # fmt: skip
async def test_the_table_decides(station, tag, info):
    assert (await station.call(call.Authorize(tag))).id_tag_info == info
    begun = await station.call(start(1, tag))
    assert begun.id_tag_info == info
    assert begun.transaction_id > 0
    ended = await station.call(call.StopTransaction(1, NOW, begun.transaction_id, id_tag=tag))
    assert ended.id_tag_info == info


async def test_a_statuses_of_2x_is_invalid(reference, station):
    reference.office.tokens.put("POOR", status="NoCredit")
    assert (await station.call(call.Authorize("POOR"))).id_tag_info["status"] == "Invalid"


async def test_a_tag_that_may_charge_once(station):
    first = await station.call(start(1, "TAG-CONCURRENT"))
    assert first.id_tag_info["status"] == "Accepted"
    second = await station.call(start(2, "TAG-CONCURRENT"))
    assert second.id_tag_info["status"] == "ConcurrentTx"
    for number in (second.transaction_id, first.transaction_id):
        ended = await station.call(call.StopTransaction(1, NOW, number))
        assert ended.id_tag_info is None
    again = await station.call(call.StartTransaction(1, "TAG-CONCURRENT", 1, NOW))
    assert again.id_tag_info["status"] == "Accepted"


async def test_what_is_sent_again_is_the_same_transaction(station):
    first = await station.call(start(1, "TAG-VALID"))
    assert (await station.call(start(1, "TAG-VALID"))).transaction_id == first.transaction_id
    assert (await station.call(start(2, "TAG-VALID"))).transaction_id != first.transaction_id


async def test_vendors_are_known_or_not(station):
    known = "org.openchargealliance.demo"
    assert (await station.call(call.DataTransfer("com.else"))).status == "UnknownVendorId"
    assert (await station.call(call.DataTransfer(known, "Odd"))).status == "UnknownMessageId"
    echo = await station.call(call.DataTransfer(known, "Echo", "hello"))
    assert (echo.status, echo.data) == ("Accepted", "hello")


async def test_a_request_is_signed(reference, station):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    text = request.public_bytes(serialization.Encoding.PEM).decode()
    assert (await station.call(call.SignCertificate(text))).status == "Accepted"
    action, payload = await station.asked.get()
    assert action == "CertificateSigned"
    leaf = x509.load_pem_x509_certificate(payload["certificate_chain"].encode())
    leaf.verify_directly_issued_by(reference.office.authority.root)
    assert leaf.public_key() == key.public_key()
    assert (await station.call(call.SignCertificate("no request"))).status == "Rejected"

"""TLS options: what loads, what matches, what is kept encrypted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.db import connection

from stations.models import Station


def pem_of(key, password: bytes | None = None) -> str:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


@pytest.fixture(scope="module")
def pair() -> tuple[str, str, object]:
    """(certificate PEM, key PEM, key)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CP1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode(), pem_of(key), key


def problems(cert: str, key: str, ca: str = "", url: str = "wss://h") -> dict:
    station = Station(identity="CP1", csms_url=url, tls_client_cert_pem=cert, tls_ca_pem=ca)
    station.set_client_key(key)
    return station.problems()


def test_a_pair_that_belongs_together(pair):
    cert, key, _ = pair
    assert problems(cert, key, ca=cert + cert) == {}


def test_a_key_of_another_certificate(pair):
    other = pem_of(ec.generate_private_key(ec.SECP256R1()))
    assert "belong" in problems(pair[0], other)["tls_client_key_pem"][0]


def test_what_does_not_load(pair):
    cert, key, raw = pair
    assert set(problems("x", key)) == {"tls_client_cert_pem"}
    assert set(problems(cert, "x")) == {"tls_client_key_pem"}
    assert "passphrase" in problems(cert, pem_of(raw, b"pw"))["tls_client_key_pem"][0]
    assert set(problems("", "", ca=key)) == {"tls_ca_pem"}


def test_one_without_the_other(pair):
    assert set(problems(pair[0], "")) == {"tls_client_key_pem"}
    assert set(problems("", pair[1])) == {"tls_client_cert_pem"}


def test_without_wss(pair):
    found = problems(*pair[:2], ca=pair[0], url="ws://h")
    assert set(found) == {"tls_ca_pem", "tls_client_cert_pem", "tls_client_key_pem"}


def test_the_api_takes_a_key_and_never_gives_it_back(api, pair):
    cert, key, _ = pair
    sent = {"identity": "CP1", "csms_url": "wss://h", "tls_client_cert_pem": cert,
            "tls_client_key_pem": key}  # fmt: skip
    status, body = api("POST", "stations", sent)
    assert (status, body["has_client_key"]) == (201, True), body
    assert "PRIVATE KEY" not in str(body)
    document = connection.get_collection("stations_station").find_one({"identity": "CP1"})
    assert "PRIVATE KEY" not in repr(document)
    tls = Station.objects.get(identity="CP1").dial_target().tls
    assert (tls.verify, tls.client_cert_pem, tls.client_key_pem) == (True, cert, key)

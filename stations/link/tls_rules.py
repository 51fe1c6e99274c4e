"""The rules for TLS options: certificates and keys are PEM texts that must load and match."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)


def _public_bytes(key) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check_tls(
    csms_url: str, verify: bool, ca_pem: str, cert_pem: str, key_pem: str, **protocols: str
) -> dict[str, list[str]]:
    """{field: [sentences]} for tls_verify, tls_ca_pem, tls_client_cert_pem, tls_client_key_pem.

    `protocols`: the fields of tls_protocols.py, which are looked at there.
    """
    errors: dict[str, list[str]] = {}
    if not csms_url.startswith("wss://"):
        given = {
            "tls_verify": not verify,
            "tls_ca_pem": bool(ca_pem),
            "tls_client_cert_pem": bool(cert_pem),
            "tls_client_key_pem": bool(key_pem),
            **{name: bool(value) for name, value in protocols.items()},
        }
        sentence = "TLS options need an address that begins with wss://: change it or clear this."
        return {name: [sentence] for name, present in given.items() if present}
    if ca_pem and _certificates(ca_pem) is None:
        errors["tls_ca_pem"] = ["Paste one or more PEM certificates (-----BEGIN CERTIFICATE-----)."]
    if bool(cert_pem) != bool(key_pem):
        missing = "tls_client_key_pem" if cert_pem else "tls_client_cert_pem"
        errors[missing] = ["A client certificate and its key go together: give both or neither."]
        return errors
    if cert_pem:
        errors.update(_check_pair(cert_pem, key_pem))
    return errors


def _certificates(pem: str) -> list[x509.Certificate] | None:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return None


def _check_pair(cert_pem: str, key_pem: str) -> dict[str, list[str]]:
    chain = _certificates(cert_pem)
    if not chain:
        return {"tls_client_cert_pem": ["Paste a PEM certificate (-----BEGIN CERTIFICATE-----)."]}
    try:
        key = load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError):
        return {"tls_client_key_pem": ["Paste the PEM private key, without a passphrase."]}
    if _public_bytes(key.public_key()) != _public_bytes(chain[0].public_key()):
        return {"tls_client_key_pem": ["This key does not belong to the client certificate."]}
    return {}

"""Answers to what a station asks of a certificate (2.x, M06): a signed OCSP response."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

ALGORITHMS = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}
GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Question:
    """CertID of RFC 6960, 4.1.1."""

    algorithm: hashes.HashAlgorithm
    name_hash: bytes
    key_hash: bytes
    serial: int


def question_of(data: Mapping[str, Any]) -> Question:
    """Of OCSPRequestDataType in the package's names; ValueError for what is not hexadecimal."""
    return Question(
        ALGORITHMS[data["hash_algorithm"]](), bytes.fromhex(data["issuer_name_hash"]),
        bytes.fromhex(data["issuer_key_hash"]), int(data["serial_number"], 16),
    )  # fmt: skip


def good(question: Question, by: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> str:
    """Base64 of a response that says the certificate is good."""
    today = datetime.now(UTC)
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            question.name_hash, question.key_hash, question.serial, question.algorithm,
            ocsp.OCSPCertStatus.GOOD, today, today + GOOD_FOR, None, None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, by)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return base64.b64encode(response.public_bytes(serialization.Encoding.DER)).decode()

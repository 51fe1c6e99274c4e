"""The keys of meters that sign.

A station keeps one secret. The key of each meter follows from it, so that it is the same after a
restart, on another worker, and after the curve was another for a while.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

USUAL = "ECDSA-secp256r1-SHA256"
# By OCMF 1.4, table 22; and the orders of the groups, by SEC 2.
_CURVES: dict[str, tuple[type[ec.EllipticCurve], int]] = {
    USUAL: (
        ec.SECP256R1, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    "ECDSA-secp256k1-SHA256": (
        ec.SECP256K1, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
    "ECDSA-secp384r1-SHA256": (
        ec.SECP384R1,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
    "ECDSA-secp192r1-SHA256": (
        ec.SECP192R1, 0xFFFFFFFFFFFFFFFFFFFFFFFF99DEF836146BC9B1B4D22831,
    ),
}  # fmt: skip
METHODS = (USUAL, "ECDSA-secp256k1-SHA256", "ECDSA-secp384r1-SHA256")  # to choose from for OCMF
OF_ALFEN = "ECDSA-secp192r1-SHA256"
SECRET_BYTES = 32


@lru_cache(maxsize=1024)
def key_of(secret: bytes, evse: int, method: str) -> ec.EllipticCurvePrivateKey:
    """The private key of the EVSE's meter."""
    curve, order = _CURVES[method]
    # 128 bits more than the order has, so that no number is likelier than another.
    made = hmac.digest(secret, f"{method} {evse}".encode(), hashlib.sha512)
    return ec.derive_private_key(int.from_bytes(made) % (order - 1) + 1, curve())


def signature_of(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """ECDSA over SHA-256, DER; the same data has the same signature (RFC 6979)."""
    return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def plain_signature(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """The same as the bytes of r and of s, each as long as the curve's field."""
    length = (key.curve.key_size + 7) // 8
    return b"".join(n.to_bytes(length) for n in decode_dss_signature(signature_of(key, data)))


@lru_cache(maxsize=1024)
def described(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key as OCA's note "Signed Meter Values in OCPP" 3.2.2 describes one: how it is
    written, what it is, and what is printed on the meter."""
    form = PublicFormat.SubjectPublicKeyInfo
    return "oca:base16:asn1:" + key.public_key().public_bytes(Encoding.DER, form).hex()


def described_base64(key: ec.EllipticCurvePrivateKey) -> str:
    """That, as the field publicKey has it."""
    return base64.b64encode(described(key).encode()).decode()


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as a compressed point (SEC 1, 2.3.3)."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

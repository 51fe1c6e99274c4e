"""The signature of a firmware file and the certificate it is made with (2.0.1 L01; the security
whitepaper of 1.6 says the same)."""

import base64
import binascii
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

_LONGEST_CHAIN = 5
_HASHED = Prehashed(SHA256())


def certificate_fault(pem: str, roots: list[str], now: float) -> str:
    """Why a signing certificate cannot be trusted at `now`, "" if it can.

    It must be within its time, of a kind of key that the algorithms know (RSA or ECDSA), meant
    for signatures, and issued by one of `roots` (ManufacturerRootCertificate), directly or by
    the further certificates of `pem`. Where no root is installed, nobody can be asked: a real
    station has its maker's root from the factory, so any certificate that is otherwise valid is
    taken, as if the factory had installed its issuer. Install a root to have the chain checked.
    """
    try:
        leaf, *others = x509.load_pem_x509_certificates(pem.encode())
        trusted = [x509.load_pem_x509_certificate(root.encode()) for root in roots]
    except ValueError as error:
        return f"not readable as PEM: {error}"
    if not isinstance(leaf.public_key(), rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return "its key is neither RSA nor ECDSA"
    if not _may_sign(leaf):
        return "its key usage does not allow digital signatures"
    return _chain_fault(leaf, others, trusted, datetime.fromtimestamp(now, UTC))


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return usage.digital_signature


def _chain_fault(
    certificate: x509.Certificate, others: list, trusted: list, moment: datetime
) -> str:
    for _ in range(_LONGEST_CHAIN):
        name = certificate.subject.rfc4514_string()
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            return f"{name} is not valid at this time"
        if not trusted or certificate in trusted:
            return ""
        issuer = next((c for c in [*trusted, *others] if _issued(certificate, c)), None)
        if issuer is None:
            return f"{name} is not issued by an installed manufacturer root"
        certificate = issuer
    return "the chain is too long"


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        limits = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not limits.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def signature_fits(pem: str, signature: str, digest: bytes) -> bool:
    """Whether the Base64 `signature` over a file with this SHA-256 is the certificate's.

    RSA with PSS as OCPP asks, or with PKCS #1 v1.5, which signing tools still make; or ECDSA.
    """
    try:
        key = x509.load_pem_x509_certificates(pem.encode())[0].public_key()
        made = base64.b64decode("".join(signature.split()), validate=True)
    except (ValueError, binascii.Error):
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _verifies(key.verify, made, digest, ec.ECDSA(_HASHED))
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)
    return any(_verifies(key.verify, made, digest, p, _HASHED) for p in (pss, padding.PKCS1v15()))


def _verifies(verify, made: bytes, digest: bytes, *how) -> bool:
    try:
        verify(made, digest, *how)
    except InvalidSignature:
        return False
    return True

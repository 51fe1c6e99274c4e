"""Contract certificates of Plug & Charge (ISO 15118): made for a car, read, named in hashes.

The private key of a contract signs between car and station only and never shows in OCPP, so that
none is kept here.
"""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from chargepoint.trust.certificates import hash_data, is_issued_by, pem_of, read_chain

MADE = "made"  # in place of a contract: the emulator is to make one
RESPONDER = "http://ocsp.mo.example/"
HASHES_AT_MOST = 4  # iso15118CertificateHashData
_LIFE = timedelta(days=730)
# ISO 15118-2, annex H: country, provider, instance, and a check digit that may be left out.
_EMAID = re.compile(r"[A-Z]{2}(-?)[A-Z0-9]{3}\1C?[A-Z0-9]{8,9}(\1[A-Z0-9])?", re.IGNORECASE)

Chain = list[x509.Certificate]


def is_emaid(text: object) -> bool:
    return isinstance(text, str) and _EMAID.fullmatch(text) is not None


def emaid_of(pem: str) -> str:
    """The eMAID that a contract chain is for: the common name of its first; "" if there is none."""
    chain = read_chain(pem)
    names = chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME) if chain else []
    found = str(names[0].value) if names else ""
    return found if is_emaid(found) else ""


def make_contract(emaid: str, time: float) -> str:
    """A contract chain in PEM: contract, sub-CA and root of an emulated mobility operator.

    The root is a new one each time; a station knows it only where the contract was given by the
    operator and its root installed.
    """
    begin = datetime.fromtimestamp(time, UTC) - timedelta(days=1)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    names = [_name(text) for text in (emaid, "Emulated MO Sub-CA", "Emulated MO Root CA")]
    made = [
        _certificate(names[n], keys[n], names[min(n + 1, 2)], keys[min(n + 1, 2)], begin, n > 0)
        for n in range(3)
    ]
    return "".join(pem_of(certificate) for certificate in made)


def provisioning_certificate(emaid: str, time: float) -> x509.Certificate:
    """The OEM provisioning certificate of the car, with a PCID that is always the same for it."""
    identity = "EMU" + sha256(emaid.encode()).hexdigest()[:15].upper()
    key, name = ec.generate_private_key(ec.SECP256R1()), _name(identity)
    begin = datetime.fromtimestamp(time, UTC) - timedelta(days=1)
    return _certificate(name, key, name, key, begin, False)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey, begin: datetime, authority: bool,
) -> x509.Certificate:  # fmt: skip
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(RESPONDER)
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _LIFE)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        .sign(signer, hashes.SHA256())
    )


def without_root(chain: Chain) -> Chain:
    return [c for n, c in enumerate(chain) if n == 0 or c.subject != c.issuer]


def responder_of(certificate: x509.Certificate) -> str:
    """The address of its OCSP responder, "" if it names none."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for entry in access.value:
        is_url = isinstance(entry.access_location, x509.UniformResourceIdentifier)
        if entry.access_method == AuthorityInformationAccessOID.OCSP and is_url:
            return entry.access_location.value
    return ""


def issuer_of(certificate: x509.Certificate, among: Chain) -> x509.Certificate | None:
    return next((other for other in among if is_issued_by(certificate, other)), None)


def hashes_of(chain: Chain, roots: Chain, longest_url: int = 512) -> list[dict[str, str]]:
    """OCSPRequestDataType of each certificate, its issuer being in the chain or among the roots.

    One that names no responder, or whose issuer is not at hand, cannot be asked about.
    """
    found = []
    for certificate in without_root(chain):
        issuer, url = issuer_of(certificate, [*chain, *roots]), responder_of(certificate)
        if issuer is not None and issuer != certificate and 0 < len(url) <= longest_url:
            data = hash_data(pem_of(certificate), pem_of(issuer))
            found.append({**data, "responderURL": url})
    return found[:HASHES_AT_MOST]

"""X.509 as OCPP uses it: chains, certificate hash data, a key pair with its signing request."""

from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

ALGORITHMS = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}
CLOCKS_APART = 300.0  # seconds that a fresh certificate may seem to lie in the future
_LONGEST_NAME = 64  # RFC 5280, ub-common-name and ub-organization-name


def read_chain(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text in their order; [] if it cannot be read."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, UnicodeEncodeError):
        return []


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that the certificate was signed by."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """RFC 5280 4.2.1.9; a certificate of version 1 cannot say, so a self-signed one will do."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return certificate.version is x509.Version.v1 and is_issued_by(certificate, certificate)
    except ValueError:
        return False
    return found.value.ca


def time_fault(certificate: x509.Certificate, time: float) -> str:
    """"" while the certificate is valid, else why it is not."""
    moment = datetime.fromtimestamp(time, UTC)
    if moment > certificate.not_valid_after_utc:
        return "the certificate has expired"
    if datetime.fromtimestamp(time + CLOCKS_APART, UTC) < certificate.not_valid_before_utc:
        return "the certificate is not valid yet"
    return ""


def chain_fault(chain: list[x509.Certificate], roots: list[str], time: float) -> str:
    """"" if each certificate is valid, signed by the next, and the last by a root.

    Without any root the chain need only hold together.
    """
    for certificate, issuer in zip(chain, chain[1:], strict=False):
        if not (is_issued_by(certificate, issuer) and is_authority(issuer)):
            return "the chain is broken"
    for certificate in chain:
        if fault := time_fault(certificate, time):
            return fault
    known = [root for pem in roots for root in read_chain(pem)]
    if known and not any(chain[-1] == root or is_issued_by(chain[-1], root) for root in known):
        return "no installed root certificate has signed the chain"
    return ""


@lru_cache(maxsize=1024)
def hash_data(pem: str, issuer_pem: str, algorithm: str = "SHA256") -> dict[str, str]:
    """CertificateHashDataType: the CertID of an OCSP request (RFC 6960, 4.1.1), in hex.

    The issuer's name is hashed as DER, its key as the BIT STRING's content without tag, length
    and unused bits.
    """
    certificate, issuer = read_chain(pem)[0], read_chain(issuer_pem)[0]
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, issuer, ALGORITHMS[algorithm]()
    )
    request = builder.build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        # "without leading zeroes" (2.0.1 part 2, CertificateHashDataType)
        "serialNumber": f"{certificate.serial_number:x}",
    }


def same_hash(given: dict, own: dict) -> bool:
    """Whether two CertificateHashDataType name one certificate; hex in any case."""
    names = ("issuerNameHash", "issuerKeyHash")
    serials = [data["serialNumber"].lower().lstrip("0") for data in (given, own)]
    return serials[0] == serials[1] and all(given[n].lower() == own[n].lower() for n in names)


def make_key_and_csr(
    common_name: str, organization: str, country: str = ""
) -> tuple[str, str]:
    """(private key, certificate signing request), both PEM.

    EC P-256: made in 0.1 ms. An RSA key takes up to a second, in which a worker's thousands of
    stations would stand still.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_LONGEST_NAME])]
    if organization:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:_LONGEST_NAME]))
    if len(country) == 2:  # RFC 5280, ub-country-name-alpha-length
        names.append(x509.NameAttribute(NameOID.COUNTRY_NAME, country))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    request = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return text, request


def is_for_key(certificate: x509.Certificate, key_pem: str) -> bool:
    """Whether the certificate bears the public half of the private key."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    own = load_pem_private_key(key_pem.encode(), None).public_key().public_bytes(*form)
    try:
        return certificate.public_key().public_bytes(*form) == own
    except ValueError:  # a kind of key that is not known here
        return False

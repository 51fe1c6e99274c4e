"""A certificate authority of one test run, by the test's own time."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = 86_400.0


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """`issuer`: the authority that signs its certificate; None: itself. `now`: unix seconds."""

    def __init__(self, name: str, now: float, issuer: "Authority | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = named(name)
        self.now = now
        signer = issuer or self
        self.certificate = signer.sign(self.name, self.key.public_key(), authority=True)
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    def sign(
        self, subject, public_key, days=100.0, since=0.0, authority=False, address=None
    ) -> x509.Certificate:
        """`days` from now to its end, `since` days from now to its begin."""
        at = lambda d: datetime.datetime.fromtimestamp(self.now + d * DAY, datetime.UTC)  # noqa: E731
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at(since if since > 0 else min(since, days) - 0.5))
            .not_valid_after(at(days))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if address:
            names = [x509.IPAddress(ipaddress.ip_address(address))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def answer(self, csr_pem: str, **more) -> str:
        """The certificate for a signing request."""
        request = x509.load_pem_x509_csr(csr_pem.encode())
        assert request.is_signature_valid
        signed = self.sign(request.subject, request.public_key(), **more)
        return signed.public_bytes(Encoding.PEM).decode()

    def issue(self, name: str, **more) -> tuple[str, str]:
        """(certificate, key), PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self.sign(named(name), key.public_key(), **more)
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return signed.public_bytes(Encoding.PEM).decode(), key.private_bytes(*form).decode()


def revocation_list(name: x509.Name, key, now: float, *pems: str, since: float = -1.0) -> str:
    """PEM of the list in which `name` revokes these certificates, `since` days from now on."""
    at = lambda d: datetime.datetime.fromtimestamp(now + d * DAY, datetime.UTC)  # noqa: E731
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(at(-1.0))
        .next_update(at(30.0))
    )
    for pem in pems:
        serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at(since))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

"""A certificate authority of its own: signs stations' requests, the server's name and firmware."""

from __future__ import annotations

import base64
import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from democsms import ocsp

DAY = timedelta(days=1)
FIRMWARE = b"firmware of the demo CSMS\n" * 40


def _name(common: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Demo CSMS"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])  # fmt: skip


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()  # fmt: skip


class Authority:
    """A root with P-256, made anew with each object."""

    def __init__(self, common: str = "Demo CSMS root") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name(common)
        self.root = (
            self._builder(name, self._key.public_key(), 3650)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def root_pem(self) -> str:
        return pem(self.root)

    def sign(self, request: str) -> str:
        """PEM of the certificate for a station's request. Raises ValueError for what is none."""
        csr = x509.load_pem_x509_csr(request.encode())
        if not csr.is_signature_valid:
            raise ValueError("The request is not signed by its own key.")
        return self._leaf(csr.subject, csr.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH)

    def server(self, *names: str, days: int = 365) -> tuple[str, str]:
        """Certificate and key, as PEM, of a server of these names and addresses; days below zero:
        one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        found = [_general(name) for name in names]
        chain = self._leaf(
            _name(names[0]), key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH, found, days
        )
        return chain, key_pem(key)

    def client(self, name: str) -> tuple[str, str]:
        """Certificate and key, as PEM, of a station."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.CLIENT_AUTH
        return self._leaf(_name(name), key.public_key(), use), key_pem(key)

    def context(self, *names: str, days: int = 365) -> ssl.SSLContext:
        """TLS 1.2 and 1.3 of a server of these names; a client may show a certificate of ours."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=self.root_pem)
        with tempfile.TemporaryDirectory() as folder:  # `ssl` takes keys from files only
            file = Path(folder) / "server.pem"
            file.touch(0o600)
            file.write_text("".join(self.server(*names, days=days)))
            context.load_cert_chain(file)
        return context

    @cached_property
    def _signer(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(
            _name("Demo CSMS firmware"), key.public_key(), ExtendedKeyUsageOID.CODE_SIGNING
        )
        return leaf, key

    def firmware(self, data: bytes = FIRMWARE) -> dict[str, str]:
        """`signingCertificate` and `signature` (base64) of a file."""
        certificate, key = self._signer
        signature = key.sign(data, ec.ECDSA(hashes.SHA256()))
        return {
            "signingCertificate": certificate,
            "signature": base64.b64encode(signature).decode(),
        }

    def status_of(self, question: ocsp.Question) -> str:
        """Base64 of an OCSP response: good, as none was ever revoked."""
        return ocsp.good(question, self.root, self._key)

    # --- how -------------------------------------------------------------------------------

    def _builder(self, subject: x509.Name, key: object, days: int) -> x509.CertificateBuilder:
        today = datetime.now(UTC)
        last = today + days * DAY
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(today, last) - DAY)
            .not_valid_after(last)
        )

    def _leaf(
        self, subject: x509.Name, key: object, use: x509.ObjectIdentifier,
        names: list[x509.GeneralName] | None = None, days: int = 365,
    ) -> str:  # fmt: skip
        builder = (
            self._builder(subject, key, days)
            .issuer_name(self.root.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return pem(builder.sign(self._key, hashes.SHA256()))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=not signs, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip

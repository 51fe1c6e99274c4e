"""A peer whose station moves files: the tests say how each transfer ends."""

import base64
import datetime
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chargepoint.effects import DONE, FAILED, Download, StopTransfer, Transferred, Upload
from tests.chargepoint.peer import START, Peer

FIRMWARE = b"version: 2.1.0\n" + bytes(range(256)) * 20
STATUS_ACTIONS = (
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
    "PublishFirmwareStatusNotification", "SecurityEventNotification",
    "SignedFirmwareStatusNotification",
)  # fmt: skip


class FilePeer(Peer):
    def __init__(self, *args: Any, **config: Any) -> None:
        self.downloads: list[Download] = []
        self.uploads: list[Upload] = []
        self.stopped: list[str] = []
        config.setdefault("firmware", "1.0.0")
        super().__init__(*args, **config)
        self.answers |= dict.fromkeys(STATUS_ACTIONS, {})

    def take(self, effects: list, crafted: bool = False) -> None:
        for effect in effects:
            match effect:
                case Download():
                    self.downloads.append(effect)
                case Upload():
                    self.uploads.append(effect)
                case StopTransfer(id=transfer):
                    self.stopped.append(transfer)
        super().take(effects, crafted)

    def ended(self, effect: Download | Upload, result: str = DONE, content: bytes = b"") -> None:
        """The shell reports how a transfer went."""
        digest = b""
        if type(effect) is Download and result == DONE:
            digest = hashlib.new(effect.digest, content).digest()
        outcome = Transferred(effect.id, result, "", len(content), digest, content[:512])
        self.take(self.station.transfer_ended(outcome, self.now))

    def fetched(self, content: bytes = FIRMWARE) -> None:
        self.ended(self.downloads[-1], DONE, content)

    def failed(self, result: str = FAILED) -> None:
        self.ended(self.downloads[-1], result)

    def told(self, action: str = "FirmwareStatusNotification") -> list[str]:
        return [payload["status"] for payload in self.calls(action)]

    def reconnect(self) -> "FilePeer":
        assert not self.station.connected
        return self.connect()


class Signer:
    """A maker of firmware: a root of its own, a signing certificate, and signatures."""

    def __init__(self, key: Any = None, days: tuple[int, int] = (-3650, 3650), **more: Any) -> None:
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        own = "Root", self.root_key
        self.root = _certificate(*own, *own, (-3650, 3650), ca=True)
        self.pem = _certificate("Signing", self.key, "Root", self.root_key, days, **more)

    def sign(self, content: bytes, pss: bool = True) -> str:
        if isinstance(self.key, rsa.RSAPrivateKey):
            way = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
            made = self.key.sign(content, way, hashes.SHA256())
        elif isinstance(self.key, ed25519.Ed25519PrivateKey):
            made = self.key.sign(content)
        else:
            made = self.key.sign(content, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(made).decode()


def _certificate(
    subject: str, key: Any, issuer: str, issuer_key: Any, days: tuple[int, int],
    ca: bool = False, signs: bool = True,
) -> str:  # fmt: skip
    now = datetime.datetime.fromtimestamp(START, datetime.UTC)
    usage = x509.KeyUsage(signs, False, False, False, not signs, ca, ca, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

"""What transfers by any protocol have in common: limits, failures, and what is kept of a file."""

import hashlib
import ssl
from dataclasses import dataclass

from chargepoint.effects import DONE, FAILED, Download, Transferred
from stations.link.opening import tls_context
from stations.link.targets import TlsOptions

BLOCK = 1 << 16
HEAD = 512  # bytes: enough for a line that names the version


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds: `connect` to reach a server, `quiet` without a byte, `seconds` in all."""

    size: int = 2 << 30
    connect: float = 15.0
    quiet: float = 60.0
    seconds: float = 3600.0
    at_once: int = 32


class TransferFailed(Exception):
    """`result`: one of chargepoint.effects' results. The text is for people, without secrets."""

    def __init__(self, result: str, words: str) -> None:
        super().__init__(words)
        self.result = result


class Fetched:
    """Takes a file block by block and keeps its size, its digest and its first bytes."""

    def __init__(self, effect: Download, limits: Limits) -> None:
        self._effect = effect
        self._limit = limits.size
        # MD5 only where OCPP asks for it, against damage on the way and not against forgery.
        self._hash = hashlib.new(effect.digest, usedforsecurity=effect.digest != "md5")
        self._head = b""
        self._size = 0

    def expect(self, size: int | None) -> None:
        if size is not None and size > self._limit:
            raise TransferFailed(FAILED, f"{size} bytes are more than {self._limit}")

    def take(self, block: bytes) -> None:
        """Count and digest a block of bytes. Raises TransferFailed where the file is too large."""
        self._size += len(block)
        self.expect(self._size)
        self._hash.update(block)
        if len(self._head) < HEAD:
            self._head = (self._head + block)[:HEAD]

    def outcome(self) -> Transferred:
        return Transferred(
            self._effect.id, DONE, "", self._size, self._hash.digest(), self._head
        )


def context_for(tls: TlsOptions | None) -> ssl.SSLContext:
    """The station's own trust where it has one, else the system's."""
    return tls_context(tls or TlsOptions())

"""The certificates by which cars know a station: signed, kept, renewed (2.0.1 A02, A03, M03, M04).

OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" takes the use cases over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from cryptography import x509

from chargepoint.common.security.own_certificate import DAY, RENEW_BEFORE
from chargepoint.core import topics
from chargepoint.effects import URGENT
from chargepoint.trust.certificates import (
    chain_fault,
    hash_data,
    is_for_key,
    make_key_and_csr,
    pem_of,
    read_chain,
    same_hash,
)
from chargepoint.trust.contracts import issuer_of
from chargepoint.trust.vault import put_by, secrets_of

if TYPE_CHECKING:
    from chargepoint.core.station import Station

CHAIN = "V2GCertificateChain"
V2G = "V2GCertificate"
TIMERS = ("v2g_renewal", "v2g_signing", "v2g_status")
_SECRET = ("key", "pending")


class V2gOwner(Protocol):
    """The block whose certificates they are: what its version says of them. `kind`: the
    certificateType."""

    def may_sign(self) -> bool:
        """Whether certificates are asked for at all."""

    def subject(self, kind: str) -> tuple[str, str, str]:
        """(common name, organization, country); "" where there is none."""

    def ask_to_sign(self, kind: str, csr: str, why: tuple[str, ...], now: float) -> None:
        """Send SignCertificate; `why`: ("triggered",) where the CSMS wants it."""

    def patience(self) -> tuple[float, int]:
        """(seconds to wait for a certificate the first time, 0 for as long as it takes; how often
        to ask again)."""

    def longest_chain(self) -> int:
        """Characters of a certificateChain, at most."""

    def in_use(self, kind: str, now: float) -> None:
        """Another certificate is in use."""


class V2gCertificate:
    """kept: certificateType -> {"chain", "key": PEM; "pending": the key of a request that waits;
    "asked": how often it was repeated; "ocsp": see v2g_status.py}; None: never asked for."""

    __slots__ = ("core", "kept", "owner")

    def __init__(self, core: Station, owner: V2gOwner) -> None:
        self.core, self.owner = core, owner
        self.kept: dict[str, dict[str, Any]] | None = None

    # --- the saved state ---------------------------------------------------------------------

    def restore(self, saved: dict[str, Any]) -> None:
        """Takes up the certificates whose keys could be read."""
        secret = secrets_of(saved, "v2g")
        known = {k: {**e, **secret.get(k, {})} for k, e in saved.get("v2g", {}).items()}
        # Without its key (the secrets could not be read) a certificate is of no use.
        usable = {kind: e for kind, e in known.items() if "key" in e or "pending" in e}
        self.kept = usable or None

    def resume(self, now: float) -> None:
        for kind in self.kept or ():
            self.arm(kind, now)
            self._wait(kind, now)

    def saved(self) -> dict[str, Any]:
        """The certificates; their keys among the secrets."""
        saved: dict[str, Any] = {}
        if self.kept:
            parts = {kind: _split(entry) for kind, entry in self.kept.items()}
            saved["v2g"] = {kind: plain for kind, (plain, _) in parts.items()}
            put_by(saved, "v2g", {kind: hidden for kind, (_, hidden) in parts.items()})
        return saved

    # --- SignCertificate ---------------------------------------------------------------------

    def sign(self, kind: str, now: float, asked: int, *why: str) -> None:
        """Make a key pair and ask for the certificate of it; `asked`: how often before; `why`:
        "triggered" where the CSMS wants it."""
        key, request = make_key_and_csr(*self.owner.subject(kind))
        entry = {**self.of(kind), "pending": key, "asked": asked}
        self.kept = {**(self.kept or {}), kind: entry}
        self.core.changed(URGENT)
        self.owner.ask_to_sign(kind, request, why, now)

    def answered(self, kind: str, accepted: bool, now: float) -> None:
        """The CSMS will have the request signed, or will not."""
        if accepted:
            self._wait(kind, now)
        else:
            self.stop_asking(kind)

    def not_answered(self, kind: str, code: str, now: float) -> None:
        """`code`: of the CallError, or "Disconnected" or "Timeout"."""
        self.answered(kind, code in ("Disconnected", "Timeout"), now)

    def _wait(self, kind: str, now: float) -> None:
        """A02.FR.17 to 19, as for the station's own."""
        entry, patience = self.of(kind), self.owner.patience()[0]
        if "pending" in entry and patience:
            wait = patience * 2 ** entry["asked"]
            self.core.timers.set(("v2g_signing", kind), now + wait)

    def ask_again(self, kind: str, now: float) -> None:
        """No certificate came: ask again, as often as the owner's patience says."""
        repeats = self.owner.patience()[1]
        asked = self.of(kind).get("asked", repeats)
        if asked < repeats:
            self.sign(kind, now, asked + 1)
        else:
            self.stop_asking(kind)

    def stop_asking(self, kind: str) -> None:
        """What is waited for comes no more; the certificate at hand stays."""
        self.core.timers.clear(("v2g_signing", kind))
        self._keep(kind, {k: v for k, v in self.of(kind).items() if k in ("chain", "key")})

    def of(self, kind: str) -> dict[str, Any]:
        """The entry of a type; {} where there is none."""
        return (self.kept or {}).get(kind, {})

    def _keep(self, kind: str, entry: dict[str, Any]) -> None:
        """`entry`: {} forgets it."""
        rest = {name: kept for name, kept in (self.kept or {}).items() if name != kind}
        self.kept = ({**rest, kind: entry} if entry else rest) or None
        self.core.changed(URGENT)

    # --- CertificateSigned -------------------------------------------------------------------

    def take(self, kind: str, pem: str, roots: Iterable[str], now: float) -> str:
        """CertificateSignedStatusEnumType; `roots`: PEM of those of the V2G root authorities."""
        pending, chain = self.of(kind).get("pending"), read_chain(pem)
        if len(pem) > self.owner.longest_chain():
            fault = "the chain is longer than allowed"
        elif not chain:
            fault = "no certificate can be read"
        elif not pending:
            fault = "no V2G certificate was asked for"
        elif not is_for_key(chain[0], pending):
            fault = "the certificate is for another key"
        else:
            fault = chain_fault(chain, list(roots), self.core.clock.station_time(now))
        if fault:
            event = "InvalidChargingStationCertificate"
            self.core.tell(topics.SECURITY_EVENT, event, fault, now)
            return "Rejected"
        self.use(kind, pem, pending, now)
        return "Accepted"

    def use(self, kind: str, pem: str, key: str, now: float) -> None:
        """Cars are shown this chain from now on; `key`: PEM of its private key."""
        self.core.timers.clear(("v2g_signing", kind))
        clean = "".join(pem_of(certificate) for certificate in read_chain(pem))
        self._keep(kind, {"chain": clean, "key": key})
        self.arm(kind, now)
        self.owner.in_use(kind, now)

    def keep_status(self, kind: str, serial: str, status: list[Any]) -> None:
        """[ocspResult, when to ask again] of a certificate in the chain of that type."""
        entry = self.of(kind)
        told = {**entry, "ocsp": {**entry.get("ocsp", {}), serial: status}}
        self.kept = {**(self.kept or {}), kind: told}

    def forget(self, kind: str) -> None:
        """Give the certificate up, and whatever is waited for."""
        for timer in TIMERS:
            self.core.timers.clear((timer, kind))
        self._keep(kind, {})

    # --- renewal (A03) -----------------------------------------------------------------------

    def arm(self, kind: str, now: float) -> None:
        """Set the timer of the renewal: RENEW_BEFORE seconds before the end, at most a third of the
        validity."""
        chain = read_chain(self.of(kind).get("chain", ""))
        if chain:
            end, begin = chain[0].not_valid_after_utc, chain[0].not_valid_before_utc
            early = min(RENEW_BEFORE, (end - begin).total_seconds() / 3)
            due = now + end.timestamp() - self.core.clock.station_time(now) - early
            self.core.timers.set(("v2g_renewal", kind), max(now, due))

    def renew(self, kind: str, now: float) -> None:
        """Renew a certificate that ends soon."""
        entry = self.of(kind)
        if "chain" not in entry:
            return
        self.core.timers.set(("v2g_renewal", kind), now + DAY)
        if self.owner.may_sign() and "pending" not in entry:
            self.sign(kind, now, 0)

    # --- listed and deleted (M03, M04) -------------------------------------------------------

    def listed(self, roots: list[x509.Certificate]) -> list[dict[str, Any]]:
        """CertificateHashDataChainType of each; `roots`: among which issuers are looked for."""
        entries = (self.kept or {}).items()
        return [self._listed(kind, roots) for kind, entry in entries if "chain" in entry]

    def _listed(self, kind: str, roots: list[x509.Certificate]) -> dict[str, Any]:
        own, *above = self.hashes(kind, roots)
        listed = {"certificateType": CHAIN, "certificateHashData": own}
        return {**listed, "childCertificateHashData": above[:4]} if above else listed

    def hashes(
        self, kind: str, roots: list[x509.Certificate], algorithm: str = "SHA256"
    ) -> list[dict[str, str]]:
        """CertificateHashDataType of the chain, the station's own first."""
        chain = read_chain(self.of(kind).get("chain", ""))
        among = [*chain[1:], *roots]
        return [hash_data(pem_of(c), pem_of(issuer_of(c, among) or c), algorithm) for c in chain]

    def delete(self, wanted: dict[str, str], roots: list[x509.Certificate]) -> str | None:
        """Delete a V2G certificate by its hash; None where none has it."""
        for kind in list(self.kept or ()):
            hashes = self.hashes(kind, roots, wanted["hashAlgorithm"])
            if hashes and same_hash(wanted, hashes[0]):
                self.forget(kind)
                return "Accepted"
        return None


def _split(entry: dict[str, Any]) -> tuple[dict, dict]:
    """(plain, secret) parts."""
    plain = {k: {**v} if isinstance(v, dict) else v for k, v in entry.items() if k not in _SECRET}
    return plain, {k: v for k, v in entry.items() if k in _SECRET}

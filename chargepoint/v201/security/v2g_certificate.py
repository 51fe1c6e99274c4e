"""The charging station's certificate for ISO 15118: signed, kept, renewed (A02, A03, M03, M04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chargepoint.common.security.own_certificate import DAY, RENEW_BEFORE
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, failed, folds, got, timer
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
from chargepoint.v201 import topics

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security


CHAIN = "V2GCertificateChain"
COMBINED = ""  # one certificate for the CSMS and for cars: SignCertificate names no type
V2G = "V2GCertificate"
_SECRET = ("key", "pending")
_CTRLR = "ISO15118Ctrlr"


class V2gCertificates(Block):
    """Block of every 2.x station.

    v2g: certificateType -> {"chain", "key": PEM; "pending": the key of a request that waits;
    "asked": how often it was repeated; "ocsp": see v2g_status.py}; None: never asked for.
    """

    __slots__ = ("security", "v2g")

    GUEST = True
    KEYS = ("v2g",)

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Takes up the certificates whose keys could be read."""
        secret = secrets_of(saved, "v2g")
        known = {k: {**e, **secret.get(k, {})} for k, e in saved.get("v2g", {}).items()}
        # Without its key (the secrets could not be read) a certificate is of no use.
        usable = {kind: e for kind, e in known.items() if "key" in e or "pending" in e}
        self.v2g: dict[str, dict[str, Any]] | None = usable or None

    def resume(self, now: float) -> None:
        for kind in self.v2g or ():
            self.arm_v2g(kind, now)
            self._wait_for_v2g(kind, now)

    def saved(self) -> dict[str, Any]:
        """The certificates; their keys among the secrets."""
        saved: dict[str, Any] = {}
        if self.v2g:
            parts = {kind: _split(entry) for kind, entry in self.v2g.items()}
            saved["v2g"] = {kind: plain for kind, (plain, _) in parts.items()}
            put_by(saved, "v2g", {kind: hidden for kind, (_, hidden) in parts.items()})
        return saved

    V2G_TRIGGERS: ClassVar[dict[str, str]] = {
        "SignCombinedCertificate": COMBINED, "SignV2GCertificate": V2G,
    }  # fmt: skip

    # --- SignCertificate ---------------------------------------------------------------------

    @answers(topics.TRIGGERED, wakes=True)
    def v2g_triggered(self, payload: dict, now: float) -> dict | None:
        """The answer to a TriggerMessage for a V2G certificate; None for other messages."""
        kind = self.V2G_TRIGGERS.get(payload["requestedMessage"])
        if kind is None:
            return None
        if not self.core.model.flag(f"{_CTRLR}.V2GCertificateInstallationEnabled"):
            info = {"reasonCode": "NotEnabled", "additionalInfo": "V2G certificates are off"}
            return {"status": "Rejected", "statusInfo": info}
        self.core.answers.later(self._sign_v2g_first, kind)
        return {"status": "Accepted"}

    def _sign_v2g_first(self, kind: str, now: float) -> None:
        self.sign_v2g(kind, now, 0, "triggered")

    def sign_v2g(self, kind: str, now: float, asked: int, *why: str) -> None:
        """Make a key pair and ask for the certificate of it; `asked`: how often before; `why`:
        "triggered" where the CSMS wants it."""
        model = self.core.model
        station = self.core.config.serial or self.core.identity
        name, organization = station, self.core.block("signing").organization()
        if kind != COMBINED:
            name = model.value(f"{_CTRLR}.SeccId") or station
            organization = model.value(f"{_CTRLR}.OrganizationName") or organization
        country = model.value(f"{_CTRLR}.CountryName")
        key, request = make_key_and_csr(name, organization, country)
        entry = (self.v2g or {}).get(kind, {})
        self.v2g = {**(self.v2g or {}), kind: {**entry, "pending": key, "asked": asked}}
        self.core.changed(URGENT)
        payload = {"csr": request, **({"certificateType": kind} if kind else {})}
        self.core.calls.make("SignCertificate", payload, now, ("v2g", kind, *why), "v2g")

    @got("SignCertificate", own=True)
    def v2g_answered(self, payload: dict, context: Any, now: float) -> None:
        if payload["status"] == "Accepted":
            self._wait_for_v2g(context[1], now)
        else:
            self._stop_asking_v2g(context[1])

    @failed("SignCertificate", own=True)
    def v2g_not_answered(self, code: str, context: Any, now: float) -> None:
        if code in ("Disconnected", "Timeout"):
            self._wait_for_v2g(context[1], now)
        else:
            self._stop_asking_v2g(context[1])

    def _wait_for_v2g(self, kind: str, now: float) -> None:
        """A02.FR.17 to 19, as for the station's own."""
        entry = (self.v2g or {}).get(kind, {})
        if "pending" in entry:
            wait = self.core.block("signing").signing_patience()[0] * 2 ** entry["asked"]
            self.core.timers.set(("v2g_signing", kind), now + wait)

    @timer("v2g_signing")
    def at_v2g_signing(self, now: float, kind: str) -> None:
        """No CertificateSigned came: send SignCertificate again, as often as CertSigningRepeatTimes
        says."""
        repeats = self.core.block("signing").signing_patience()[1]
        asked = (self.v2g or {}).get(kind, {}).get("asked", repeats)
        if asked < repeats:
            self.sign_v2g(kind, now, asked + 1)
        else:
            self._stop_asking_v2g(kind)

    def _stop_asking_v2g(self, kind: str) -> None:
        self.core.timers.clear(("v2g_signing", kind))
        self._keep_v2g(kind, {k: v for k, v in self._v2g(kind).items() if k in ("chain", "key")})

    def _v2g(self, kind: str) -> dict[str, Any]:
        return (self.v2g or {}).get(kind, {})

    def _keep_v2g(self, kind: str, entry: dict[str, Any]) -> None:
        """`entry`: {} forgets it."""
        rest = {name: kept for name, kept in (self.v2g or {}).items() if name != kind}
        self.v2g = ({**rest, kind: entry} if entry else rest) or None
        self.core.changed(URGENT)

    # --- CertificateSigned -------------------------------------------------------------------

    @answers(topics.SIGNED, wakes=True)
    def v2g_signed(self, payload: dict, now: float) -> dict | None:
        """The answer to CertificateSigned for a V2G certificate; None where it is another one."""
        kind, pem = payload.get("certificateType"), payload["certificateChain"]
        if kind in self.V2G_TRIGGERS.values():
            return {"status": self._take_v2g(kind, pem, now)}
        chain, combined = read_chain(pem), self._v2g(COMBINED).get("pending")
        if not (kind is None and chain and combined and is_for_key(chain[0], combined)):
            return None
        self.security.open_vault().expect(combined)
        status = self.core.block("signing").take_certificate(pem, now)
        if status == "Accepted":
            self._stop_asking_v2g(COMBINED)
            self._use_v2g(V2G, pem, combined, now)
        return {"status": status}

    def _take_v2g(self, kind: str, pem: str, now: float) -> str:
        pending, chain = self._v2g(kind).get("pending"), read_chain(pem)
        if len(pem) > self.core.block("signing").longest_chain():
            fault = "the chain is longer than allowed"
        elif not chain:
            fault = "no certificate can be read"
        elif not pending:
            fault = "no V2G certificate was asked for"
        elif not is_for_key(chain[0], pending):
            fault = "the certificate is for another key"
        else:
            roots = self.core.block("certificates").roots_of("V2GRootCertificate")
            fault = chain_fault(chain, roots, self.core.clock.station_time(now))
        if fault:
            event = "InvalidChargingStationCertificate"
            self.core.tell(core_topics.SECURITY_EVENT, event, fault, now)
            return "Rejected"
        self._use_v2g(kind, pem, pending, now)
        return "Accepted"

    def _use_v2g(self, kind: str, pem: str, key: str, now: float) -> None:
        self.core.timers.clear(("v2g_signing", kind))
        clean = "".join(pem_of(certificate) for certificate in read_chain(pem))
        self._keep_v2g(kind, {"chain": clean, "key": key})
        self.arm_v2g(kind, now)
        self.core.tell(topics.V2G_CHANGED, kind, now)

    def keep_status(self, kind: str, serial: str, status: list[Any]) -> None:
        """[ocspResult, when to ask again] of a certificate in the chain of that type."""
        entry = self.v2g[kind]
        self.v2g = {**self.v2g, kind: {**entry, "ocsp": {**entry.get("ocsp", {}), serial: status}}}

    def forget(self, kind: str) -> None:
        self._keep_v2g(kind, {})

    # --- renewal (A03) -----------------------------------------------------------------------

    def arm_v2g(self, kind: str, now: float) -> None:
        """Set the timer of the renewal: RENEW_BEFORE seconds before the end, at most a third of the
        validity."""
        chain = read_chain(self._v2g(kind).get("chain", ""))
        if chain:
            end, begin = chain[0].not_valid_after_utc, chain[0].not_valid_before_utc
            early = min(RENEW_BEFORE, (end - begin).total_seconds() / 3)
            due = now + end.timestamp() - self.core.clock.station_time(now) - early
            self.core.timers.set(("v2g_renewal", kind), max(now, due))

    @timer("v2g_renewal")
    def at_v2g_renewal(self, now: float, kind: str) -> None:
        """Renew a certificate that ends soon."""
        entry = self._v2g(kind)
        if "chain" not in entry:
            return
        self.core.timers.set(("v2g_renewal", kind), now + DAY)
        enabled = self.core.model.flag(f"{_CTRLR}.V2GCertificateInstallationEnabled")
        if enabled and "pending" not in entry:
            self.sign_v2g(kind, now, 0)

    # --- listed and deleted (M03, M04) -------------------------------------------------------

    @folds(topics.INSTALLED_IDS)
    def v2g_listed(self, answer: dict, payload: dict) -> dict:
        """The answer to GetInstalledCertificateIds with the V2G chains."""
        uses = payload.get("certificateType")
        if not self.v2g or (uses is not None and CHAIN not in uses):
            return answer
        found = [self._listed(kind) for kind, entry in self.v2g.items() if "chain" in entry]
        listed = [*answer.get("certificateHashDataChain", ()), *found]
        if not listed:
            return answer
        return {"status": "Accepted", "certificateHashDataChain": listed}

    def _listed(self, kind: str) -> dict[str, Any]:
        own, *above = self.v2g_hashes(kind)
        listed = {"certificateType": CHAIN, "certificateHashData": own}
        return {**listed, "childCertificateHashData": above[:4]} if above else listed

    def v2g_hashes(self, kind: str, algorithm: str = "SHA256") -> list[dict[str, str]]:
        """CertificateHashDataType of the chain, the station's own first."""
        chain = read_chain(self._v2g(kind).get("chain", ""))
        among = [*chain[1:], *self.core.block("certificates").contract_roots()]
        return [hash_data(pem_of(c), pem_of(issuer_of(c, among) or c), algorithm) for c in chain]

    @answers(topics.DELETES)
    def v2g_deleted(self, wanted: dict) -> str | None:
        """Delete a V2G certificate by its hash; None where none has it."""
        for kind in list(self.v2g or ()):
            hashes = self.v2g_hashes(kind, wanted["hashAlgorithm"])
            if hashes and same_hash(wanted, hashes[0]):
                self._keep_v2g(kind, {})
                for timer in ("v2g_renewal", "v2g_signing", "v2g_status"):
                    self.core.timers.clear((timer, kind))
                return "Accepted"
        return None


def _split(entry: dict[str, Any]) -> tuple[dict, dict]:
    """(plain, secret) parts."""
    plain = {k: {**v} if isinstance(v, dict) else v for k, v in entry.items() if k not in _SECRET}
    return plain, {k: v for k, v in entry.items() if k in _SECRET}

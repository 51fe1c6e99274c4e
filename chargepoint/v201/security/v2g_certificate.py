"""The charging station's certificate for ISO 15118: signed, kept, renewed (A02, A03, M03, M04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chargepoint.common.security.v2g_certificate import CHAIN, V2G, V2gCertificate
from chargepoint.core.block import Block, answers, failed, folds, got, timer
from chargepoint.trust.certificates import is_for_key, read_chain
from chargepoint.v201 import topics

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security


COMBINED = ""  # one certificate for the CSMS and for cars: SignCertificate names no type
_CTRLR = "ISO15118Ctrlr"


class V2gCertificates(Block):
    """Block of every 2.x station. certificates: by their certificateType."""

    __slots__ = ("certificates", "security")

    GUEST = True
    KEYS = ("v2g",)

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security
        self.certificates = V2gCertificate(core, self)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.certificates.restore(saved)

    def resume(self, now: float) -> None:
        self.certificates.resume(now)

    def saved(self) -> dict[str, Any]:
        return self.certificates.saved()

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
        if not self.may_sign():
            info = {"reasonCode": "NotEnabled", "additionalInfo": "V2G certificates are off"}
            return {"status": "Rejected", "statusInfo": info}
        self.core.answers.later(self._sign_first, kind)
        return {"status": "Accepted"}

    def _sign_first(self, kind: str, now: float) -> None:
        self.certificates.sign(kind, now, 0, "triggered")

    def may_sign(self) -> bool:
        return self.core.model.flag(f"{_CTRLR}.V2GCertificateInstallationEnabled")

    def subject(self, kind: str) -> tuple[str, str, str]:
        """What the variables say of (common name, organization, country)."""
        model = self.core.model
        station = self.core.config.serial or self.core.identity
        name, organization = station, self.core.block("signing").organization()
        if kind != COMBINED:
            name = model.value(f"{_CTRLR}.SeccId") or station
            organization = model.value(f"{_CTRLR}.OrganizationName") or organization
        return name, organization, model.value(f"{_CTRLR}.CountryName")

    def ask_to_sign(self, kind: str, csr: str, why: tuple[str, ...], now: float) -> None:
        """Send SignCertificate (A02)."""
        payload = {"csr": csr, **({"certificateType": kind} if kind else {})}
        self.core.calls.make("SignCertificate", payload, now, ("v2g", kind, *why), "v2g")

    @got("SignCertificate", own=True)
    def v2g_answered(self, payload: dict, context: Any, now: float) -> None:
        self.certificates.answered(context[1], payload["status"] == "Accepted", now)

    @failed("SignCertificate", own=True)
    def v2g_not_answered(self, code: str, context: Any, now: float) -> None:
        self.certificates.not_answered(context[1], code, now)

    def patience(self) -> tuple[float, int]:
        return self.core.block("signing").signing_patience()

    @timer("v2g_signing")
    def at_v2g_signing(self, now: float, kind: str) -> None:
        """No CertificateSigned came: send SignCertificate again, as often as CertSigningRepeatTimes
        says."""
        self.certificates.ask_again(kind, now)

    # --- CertificateSigned -------------------------------------------------------------------

    @answers(topics.SIGNED, wakes=True)
    def v2g_signed(self, payload: dict, now: float) -> dict | None:
        """The answer to CertificateSigned for a V2G certificate; None where it is another one."""
        kind, pem = payload.get("certificateType"), payload["certificateChain"]
        if kind in self.V2G_TRIGGERS.values():
            roots = self.core.block("certificates").roots_of("V2GRootCertificate")
            return {"status": self.certificates.take(kind, pem, roots, now)}
        chain, combined = read_chain(pem), self.certificates.of(COMBINED).get("pending")
        if not (kind is None and chain and combined and is_for_key(chain[0], combined)):
            return None
        self.security.open_vault().expect(combined)
        status = self.core.block("signing").take_certificate(pem, now)
        if status == "Accepted":
            self.certificates.stop_asking(COMBINED)
            self.certificates.use(V2G, pem, combined, now)
        return {"status": status}

    def longest_chain(self) -> int:
        return self.core.block("signing").longest_chain()

    def in_use(self, kind: str, now: float) -> None:
        self.core.tell(topics.V2G_CHANGED, kind, now)

    @timer("v2g_renewal")
    def at_v2g_renewal(self, now: float, kind: str) -> None:
        """Renew a certificate that ends soon (A03)."""
        self.certificates.renew(kind, now)

    # --- listed and deleted (M03, M04) -------------------------------------------------------

    @folds(topics.INSTALLED_IDS)
    def v2g_listed(self, answer: dict, payload: dict) -> dict:
        """The answer to GetInstalledCertificateIds with the V2G chains."""
        uses = payload.get("certificateType")
        if not self.certificates.kept or (uses is not None and CHAIN not in uses):
            return answer
        found = self.certificates.listed(self.core.block("certificates").contract_roots())
        listed = [*answer.get("certificateHashDataChain", ()), *found]
        if not listed:
            return answer
        return {"status": "Accepted", "certificateHashDataChain": listed}

    @answers(topics.DELETES)
    def v2g_deleted(self, wanted: dict) -> str | None:
        """Delete a V2G certificate by its hash; None where none has it."""
        return self.certificates.delete(wanted, self.core.block("certificates").contract_roots())

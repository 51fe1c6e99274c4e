"""The charge point's certificate for ISO 15118 (Using ISO 15118 Plug & Charge with OCPP 1.6, 3.1).
"""

from typing import Any

from chargepoint.common.security.v2g_certificate import V2G, V2gCertificate
from chargepoint.core.block import Block, failed, got, timer
from chargepoint.v16.configuration import Keys
from chargepoint.v16.plug_and_charge import messages
from chargepoint.v16.topics import V2G_CHANGED

ROW = "v2g"


class V2gCertificates(Block):
    """certificates: one, of the type V2GCertificate."""

    __slots__ = ("certificates", "keys")

    GUEST = True
    KEYS = ("v2g",)

    def __init__(self, core: Any, keys: Keys) -> None:
        super().__init__(core)
        self.keys = keys
        self.certificates = V2gCertificate(core, self)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.certificates.restore(saved)

    def resume(self, now: float) -> None:
        self.certificates.resume(now)

    def saved(self) -> dict[str, Any]:
        return self.certificates.saved()

    def trigger(self) -> None:
        """TriggerMessage (6.9): sign a new one, after the answer."""
        self.core.answers.later(self._sign_first)

    def _sign_first(self, now: float) -> None:
        self.certificates.sign(V2G, now, 0, "triggered")

    def take(self, chain: str, roots: list[str], now: float) -> str:
        """CertificateSigned (6.2); `roots`: PEM of the V2G root authorities."""
        return self.certificates.take(V2G, chain, roots, now)

    # --- what the version says of them: see V2gOwner ------------------------------------------

    def may_sign(self) -> bool:
        return self.keys.flag("ISO15118PnCEnabled")

    def subject(self, kind: str) -> tuple[str, str, str]:
        """The station, and CpoName; 1.6 has no key for a country."""
        return self.core.config.serial or self.core.identity, self.keys.text("CpoName"), ""

    def ask_to_sign(self, kind: str, csr: str, why: tuple[str, ...], now: float) -> None:
        """SignCertificate (6.8). The type stands in the example of 2.2, though not in 6.8.1."""
        told = {"csr": csr, "certificateType": kind}
        messages.ask(self.core, "SignCertificate", told, now, (kind, *why), ROW)

    def patience(self) -> tuple[float, int]:
        """9.3 and 9.4. A wait of 0: none is asked for again."""
        wait = float(self.keys.integer("CertSigningWaitMinimum"))
        return wait, self.keys.integer("CertSigningRepeatTimes")

    def longest_chain(self) -> int:
        return self.keys.integer("CertificateSignedMaxChainSize")

    def in_use(self, kind: str, now: float) -> None:
        self.core.tell(V2G_CHANGED, kind, now)

    # --- answers and timers --------------------------------------------------------------------

    @got("DataTransfer", own=True)
    def signing_answered(self, payload: dict, context: Any, now: float) -> None:
        """2.1: a CSMS that does not know the message, or refuses it, is not asked again."""
        answer = messages.answer_in(payload, messages.Signing)
        accepted = answer is not None and answer.status == "Accepted"
        self.certificates.answered(context[0], accepted, now)

    @failed("DataTransfer", own=True)
    def signing_failed(self, code: str, context: Any, now: float) -> None:
        self.certificates.not_answered(context[0], code, now)

    @timer("v2g_signing")
    def at_v2g_signing(self, now: float, kind: str) -> None:
        self.certificates.ask_again(kind, now)

    @timer("v2g_renewal")
    def at_v2g_renewal(self, now: float, kind: str) -> None:
        self.certificates.renew(kind, now)

"""The certificate of the charge point: SignCertificate, CertificateSigned (whitepaper A02)."""

from typing import Any

from chargepoint.common.security.own_certificate import OwnCertificate
from chargepoint.core import topics
from chargepoint.core.block import Block, action, hears
from chargepoint.v16.configuration import Keys
from chargepoint.v16.security.events import Security
from chargepoint.v16.topics import SIGNING_ASKED, VAULT_RESTORED


class Signing(OwnCertificate, Block):
    """It keeps nothing: all is in the vault."""

    __slots__ = ("keys", "security")

    KEEPS = False

    def __init__(self, core: Any, keys: Keys, security: Security) -> None:
        super().__init__(core)
        self.keys, self.security = keys, security

    @hears(VAULT_RESTORED, wakes=True)
    def resume_certificate(self, now: float) -> None:
        super().resume_certificate(now)

    @hears(topics.CLOCK_MOVED, wakes=True)
    def arm_certificate(self, now: float) -> None:
        super().arm_certificate(now)

    def longest_chain(self) -> int:
        return self.keys.integer("CertificateSignedMaxChainSize")

    def organization(self) -> str:
        return self.keys.text("CpoName")

    def signing_payload(self, request: str) -> dict[str, str]:
        return {"csr": request}

    @action("CertificateSigned")
    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    @hears(SIGNING_ASKED, wakes=True)
    def signing_asked(self, context: str) -> None:
        """The CSMS asked for a new certificate (ExtendedTriggerMessage): sign one after the answer.
        """
        self.security.extension_is_spoken()
        self.core.answers.later(self._sign_anew, context)

    def _sign_anew(self, context: str, now: float) -> None:
        self.security.open_vault().sign_anew()
        self.sign_certificate(now, context)

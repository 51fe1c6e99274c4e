"""Functional block A, A02 and A03: the station's own certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.security.own_certificate import OwnCertificate
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, action, hears
from chargepoint.v201 import topics

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security

_OWN = "ChargingStationCertificate"


class Signing(OwnCertificate, Block):
    """It keeps nothing: all is in the vault."""

    __slots__ = ("security",)

    KEEPS = False

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security

    @hears(core_topics.CLOCK_MOVED)
    def arm_certificate(self, now: float) -> None:
        super().arm_certificate(now)

    @hears(topics.VAULT_RESTORED)
    def resume_certificate(self, now: float) -> None:
        super().resume_certificate(now)

    def longest_chain(self) -> int:
        return self.core.model.integer("SecurityCtrlr.MaxCertificateChainSize")

    def organization(self) -> str:
        return self.core.model.value("SecurityCtrlr.OrganizationName")

    def signing_payload(self, request: str) -> dict[str, str]:
        return {"csr": request, "certificateType": _OWN}

    def signing_patience(self) -> tuple[float, int]:
        """A02.FR.17 to 19."""
        model = self.core.model
        wait = float(model.integer("SecurityCtrlr.CertSigningWaitMinimum"))
        return wait, model.integer("SecurityCtrlr.CertSigningRepeatTimes")

    @action("CertificateSigned")
    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        """CertificateSigned (A02, A03)."""
        if answer := self.core.ask(topics.SIGNED, payload, now):
            return answer
        if payload.get("certificateType", _OWN) != _OWN:
            info = {"reasonCode": "UnsupportedRequest", "additionalInfo": "none was asked for"}
            return {"status": "Rejected", "statusInfo": info}
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    def trigger_signing(self, now: float) -> None:
        """SignCertificate as asked for by TriggerMessage (A02.FR.01)."""
        self.security.open_vault().sign_anew()
        self.sign_certificate(now, "triggered")

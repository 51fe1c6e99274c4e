"""Functional blocks A and M: the station's own certificate, those installed, security events."""

from typing import ClassVar

from chargepoint.core import topics as core_topics
from chargepoint.core.block import hears
from chargepoint.security.block import StationSecurity
from chargepoint.v201 import topics

_OWN = "ChargingStationCertificate"


class Security(StationSecurity):
    """Block of every 2.x station."""

    __slots__ = ()

    CSMS_ROOT: ClassVar[str] = "CSMSRootCertificate"

    # --- what the blocks ask for -------------------------------------------------------------

    def tells_security_events(self) -> bool:
        return self.model.flag("EmulatorCtrlr.SecurityEvents")

    def certificates_at_most(self) -> int:
        return 20

    def checks_new_roots(self) -> bool:
        return self.model.flag("SecurityCtrlr.AdditionalRootCertificateCheck")

    def longest_chain(self) -> int:
        return self.model.integer("SecurityCtrlr.MaxCertificateChainSize")

    def organization(self) -> str:
        return self.model.value("SecurityCtrlr.OrganizationName")

    def signing_payload(self, request: str) -> dict[str, str]:
        return {"csr": request, "certificateType": _OWN}

    def link_url(self) -> str:
        return ""

    def revocation_lists(self) -> str:
        # Not in the device model, which could not show a text of its length.
        return self.config.configuration.get("EmulatorCtrlr.RevocationList", "")

    def password_on_wire(self, key: str) -> str:
        return key  # A00.FR.205: as UTF-8 text, whatever it looks like

    def attempts_with_new(self) -> int:
        return self.model.integer("OCPPCommCtrlr.NetworkProfileConnectionAttempts")

    def signing_patience(self) -> tuple[float, int]:
        """A02.FR.17 to 19."""
        wait = float(self.model.integer("SecurityCtrlr.CertSigningWaitMinimum"))
        return wait, self.model.integer("SecurityCtrlr.CertSigningRepeatTimes")

    def certificate_given_up(self, now: float) -> None:
        """A02.FR.29, A03: the CSMS is to know that its certificate is not in use."""
        info = "the CSMS was not reached with it"
        self.security_event("DiscardedRenewedClientCertificate", info, now)

    def tell_waiting(self, now: float, rebooted: bool) -> None:
        self.security_registered(now, rebooted)

    @hears(core_topics.CLOCK_MOVED)
    def note_clock(self, now: float) -> None:
        self.security_event("SettingSystemTime", self.stamp(now), now)
        self.arm_certificate(now)

    # --- certificates (A02, A03, M03 to M05) -------------------------------------------------

    def on_install_certificate(self, payload: dict, now: float) -> dict:
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        wanted = payload["certificateHashData"]
        status = self.core.ask(topics.DELETES, wanted)
        return {"status": status or self.delete_certificate(wanted, now)}

    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        found = self.installed_ids(payload.get("certificateType"))
        answer: dict = {"status": "NotFound"}
        if found:
            chain = [{"certificateType": use, "certificateHashData": data} for use, data in found]
            answer = {"status": "Accepted", "certificateHashDataChain": chain}
        return self.core.fold(topics.INSTALLED_IDS, answer, payload)

    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        if answer := self.core.ask(topics.SIGNED, payload, now):
            return answer
        if payload.get("certificateType", _OWN) != _OWN:
            info = {"reasonCode": "UnsupportedRequest", "additionalInfo": "none was asked for"}
            return {"status": "Rejected", "statusInfo": info}
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    def trigger_signing(self, now: float) -> None:
        """SignCertificate as asked for by TriggerMessage (A02.FR.01)."""
        self.open_vault().signings = 0
        self.sign_certificate(now, "triggered")

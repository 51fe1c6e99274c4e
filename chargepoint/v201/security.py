"""Functional blocks A and M: the station's own certificate, those installed, security events."""

from typing import ClassVar

from chargepoint.security.block import StationSecurity

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

    # --- certificates (A02, A03, M03 to M05) -------------------------------------------------

    def on_install_certificate(self, payload: dict, now: float) -> dict:
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        return {"status": self.delete_certificate(payload["certificateHashData"], now)}

    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        found = self.installed_ids(payload.get("certificateType"))
        if not found:
            return {"status": "NotFound"}
        chain = [{"certificateType": use, "certificateHashData": data} for use, data in found]
        return {"status": "Accepted", "certificateHashDataChain": chain}

    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        if payload.get("certificateType", _OWN) != _OWN:
            info = {"reasonCode": "UnsupportedRequest", "additionalInfo": "none was asked for"}
            return {"status": "Rejected", "statusInfo": info}
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    def trigger_signing(self, now: float) -> None:
        """SignCertificate as asked for by TriggerMessage (A02.FR.01)."""
        self.open_vault().signings = 0
        self.sign_certificate(now, "triggered")

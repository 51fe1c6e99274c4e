"""The certificates of others: InstallCertificate and its like (whitepaper M)."""

from typing import Any

from chargepoint.common.security.installed import OF_CONTRACTS, InstalledCertificates
from chargepoint.core.block import Block, action
from chargepoint.v16.configuration import Keys
from chargepoint.v16.security.events import Security

# What the whitepaper's own messages are about. Those of contracts and cars have messages of their
# own (Using ISO 15118 Plug & Charge with OCPP 1.6, section 2.3).
_OF_WHITEPAPER = ("CentralSystemRootCertificate", "ManufacturerRootCertificate")


class Certificates(InstalledCertificates, Block):
    """It keeps nothing: they are in the vault."""

    __slots__ = ("keys", "security")

    KEEPS = False
    CSMS_ROOT = "CentralSystemRootCertificate"

    def __init__(self, core: Any, keys: Keys, security: Security) -> None:
        super().__init__(core)
        self.keys, self.security = keys, security

    def certificates_at_most(self) -> int:
        return self.keys.integer("CertificateStoreMaxLength")

    def checks_new_roots(self) -> bool:
        return self.keys.flag("AdditionalRootCertificateCheck")

    def revocation_lists(self) -> str:
        return self.core.config.configuration.get("EmulatorRevocationList", "")

    def roots_of_own(self) -> list[str]:
        return [pem for use, pem in self.all_roots() if use not in OF_CONTRACTS]

    @action("InstallCertificate")
    def on_install_certificate(self, payload: dict, now: float) -> dict:
        """InstallCertificate (security white paper, M05)."""
        self.security.extension_is_spoken()
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    @action("DeleteCertificate")
    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        """DeleteCertificate (security white paper, M04)."""
        wanted = payload["certificateHashData"]
        return {"status": self.delete_certificate(wanted, now, _OF_WHITEPAPER)}

    @action("GetInstalledCertificateIds")
    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        """GetInstalledCertificateIds (security white paper, M03)."""
        found = [data for _, data in self.installed_ids([payload["certificateType"]])]
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": found}

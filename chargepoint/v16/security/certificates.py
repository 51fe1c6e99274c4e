"""The certificates of others: InstallCertificate and its like (whitepaper M)."""

from typing import Any

from chargepoint.common.security.installed import InstalledCertificates
from chargepoint.core.block import Block, action
from chargepoint.v16.configuration import Keys
from chargepoint.v16.security.events import Security


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

    @action("InstallCertificate")
    def on_install_certificate(self, payload: dict, now: float) -> dict:
        """InstallCertificate (security white paper, M05)."""
        self.security.extension_is_spoken()
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    @action("DeleteCertificate")
    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        return {"status": self.delete_certificate(payload["certificateHashData"], now)}

    @action("GetInstalledCertificateIds")
    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        """GetInstalledCertificateIds (security white paper, M03)."""
        found = [data for _, data in self.installed_ids([payload["certificateType"]])]
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": found}

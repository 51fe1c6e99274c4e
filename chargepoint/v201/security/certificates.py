"""Functional block M, M03 to M05: the certificates of others that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.security.installed import InstalledCertificates
from chargepoint.core.block import READS, Block, action, variable
from chargepoint.v201 import topics
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security


class Certificates(InstalledCertificates, Block):
    """It keeps nothing: they are in the vault."""

    __slots__ = ("security",)

    KEEPS = False

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security

    def certificates_at_most(self) -> int:
        return 20

    def checks_new_roots(self) -> bool:
        return self.core.model.flag("SecurityCtrlr.AdditionalRootCertificateCheck")

    def revocation_lists(self) -> str:
        # Not in the device model, which could not show a text of its length.
        return self.core.config.configuration.get("EmulatorCtrlr.RevocationList", "")

    def csms_roots(self) -> list[str]:
        return self.roots_of(self.CSMS_ROOT)

    @variable(READS, "SecurityCtrlr.CertificateEntries")
    def read_entries(self, variable: Variable, evse: dict | None, now: float) -> str:
        """How many are installed."""
        return str(len(self.all_roots()))

    @action("InstallCertificate")
    def on_install_certificate(self, payload: dict, now: float) -> dict:
        """InstallCertificate (M05)."""
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    @action("DeleteCertificate")
    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        """DeleteCertificate (M04)."""
        wanted = payload["certificateHashData"]
        status = self.core.ask(topics.DELETES, wanted)
        return {"status": status or self.delete_certificate(wanted, now)}

    @action("GetInstalledCertificateIds")
    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        """GetInstalledCertificateIds (M03)."""
        found = self.installed_ids(payload.get("certificateType"))
        answer: dict = {"status": "NotFound"}
        if found:
            chain = [{"certificateType": use, "certificateHashData": data} for use, data in found]
            answer = {"status": "Accepted", "certificateHashDataChain": chain}
        return self.core.fold(topics.INSTALLED_IDS, answer, payload)

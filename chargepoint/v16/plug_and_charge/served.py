"""What a CSMS asks for by OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" (section 6)."""

from typing import Any

from msgspec import to_builtins

from chargepoint.common.security.installed import OF_CONTRACTS
from chargepoint.common.security.v2g_certificate import CHAIN, V2G
from chargepoint.core import topics
from chargepoint.core.block import Block, transfers
from chargepoint.v16.configuration import Keys
from chargepoint.v16.plug_and_charge import messages
from chargepoint.v16.security.certificates import Certificates


class PlugAndChargeCalls(Block):
    """It keeps nothing: certificates are in the vault, and in the block `v2g`."""

    __slots__ = ("certificates", "keys")

    KEEPS = False

    def __init__(self, core: Any, keys: Keys, certificates: Certificates) -> None:
        super().__init__(core)
        self.keys, self.certificates = keys, certificates

    @transfers(messages.VENDOR)
    def on_transfer(self, payload: dict, now: float) -> dict[str, str]:
        """UnknownVendorId where ISO15118PnCEnabled is not true, UnknownMessageId for what is no
        message of a CSMS, Rejected for data that its message does not have."""
        if not self.keys.flag("ISO15118PnCEnabled"):
            return {"status": "UnknownVendorId"}
        served = SERVED.get(payload.get("messageId", ""))
        if served is None:
            return {"status": "UnknownMessageId"}
        kind, method = served
        # TriggerMessage has no fields (6.9.1): no data is as good as empty data.
        data = payload.get("data") or ("{}" if kind is messages.TriggerMessage else "")
        asked = messages.read(data, kind)
        if asked is None:
            return {"status": "Rejected"}
        return messages.answer_of(method(self, asked, now))

    # --- the station's own certificate ---------------------------------------------------------

    def certificate_signed(self, asked: messages.CertificateSigned, now: float) -> dict[str, Any]:
        """CertificateSigned (3.1, 6.2)."""
        if asked.certificate_type != V2G:
            why = "no certificate of that type was asked for"
            self.core.tell(topics.SECURITY_EVENT, "InvalidChargingStationCertificate", why, now)
            return {"status": "Rejected"}
        roots = self.certificates.roots_of("V2GRootCertificate")
        return {"status": self.core.block("v2g").take(asked.certificate_chain, roots, now)}

    def trigger_message(self, asked: messages.TriggerMessage, now: float) -> dict[str, Any]:
        """TriggerMessage (3.1.1, 6.9), for SignCertificate alone."""
        if asked.requested_message != "SignV2GCertificate":
            return {"status": "NotImplemented"}
        self.core.block("v2g").trigger()
        return {"status": "Accepted"}

    # --- those of others (section 4) -----------------------------------------------------------

    def install_certificate(self, asked: messages.InstallCertificate, now: float) -> dict[str, Any]:
        """InstallCertificate (4.3, 6.7)."""
        use, pem = asked.certificate_type, asked.certificate
        return {"status": self.certificates.install_certificate(use, pem, now)}

    def delete_certificate(self, asked: messages.DeleteCertificate, now: float) -> dict[str, Any]:
        """DeleteCertificate (4.2, 6.3), of those of ISO 15118 alone (2.3)."""
        wanted = to_builtins(asked.certificate_hash_data)
        v2g = self.core.there("v2g")
        roots = self.certificates.contract_roots()
        found = v2g and v2g.certificates.delete(wanted, roots)
        found = found or self.certificates.delete_certificate(wanted, now, OF_CONTRACTS)
        return {"status": found}

    def installed_ids(
        self, asked: messages.GetInstalledCertificateIds, now: float
    ) -> dict[str, Any]:
        """GetInstalledCertificateIds (4.1, 6.6); no types: all of 8.7."""
        uses = asked.certificate_type or (*OF_CONTRACTS, CHAIN)
        wanted = [use for use in OF_CONTRACTS if use in uses]
        found = [
            {"certificateType": use, "certificateHashData": data}
            for use, data in self.certificates.installed_ids(wanted)
        ]
        v2g = self.core.there("v2g")
        if CHAIN in uses and v2g is not None:
            found += v2g.certificates.listed(self.certificates.contract_roots())
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashDataChain": found}


# messageId -> (what is in data, who answers)
SERVED: dict[str, tuple[type[messages.Message], Any]] = {
    "CertificateSigned": (messages.CertificateSigned, PlugAndChargeCalls.certificate_signed),
    "DeleteCertificate": (messages.DeleteCertificate, PlugAndChargeCalls.delete_certificate),
    "GetInstalledCertificateIds": (
        messages.GetInstalledCertificateIds, PlugAndChargeCalls.installed_ids,
    ),
    "InstallCertificate": (messages.InstallCertificate, PlugAndChargeCalls.install_certificate),
    "TriggerMessage": (messages.TriggerMessage, PlugAndChargeCalls.trigger_message),
}  # fmt: skip

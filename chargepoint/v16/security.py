"""The security extension of 1.6 (whitepaper "Improved security for OCPP 1.6-J", edition 3)."""

from typing import Any, ClassVar

from chargepoint.core.block import action, answers, folds, hears
from chargepoint.security.block import StationSecurity
from chargepoint.security.relinking import is_hexadecimal
from chargepoint.v16.topics import CHANGES_KEY, CONFIGURATION_TOLD, SIGNING_ASKED

SHORTEST_KEY, LONGEST_KEY = 16, 40


class Security(StationSecurity):
    """Block of Station16."""

    __slots__ = ()

    CSMS_ROOT = "CentralSystemRootCertificate"
    EVENT_NAMES: ClassVar[dict[str, str]] = {
        "CsmsFailedToAuthenticate": "CentralSystemFailedToAuthenticate",
        "FailedToAuthenticateAtCsms": "FailedToAuthenticateAtCentralSystem",
        "InvalidChargingStationCertificate": "InvalidChargePointCertificate",
        "InvalidCsmsCertificate": "InvalidCentralSystemCertificate",
    }

    # --- what the blocks ask for -------------------------------------------------------------

    def tells_security_events(self) -> bool:
        return self.keys.flag("EmulatorSecurityEvents")

    def _extension_is_spoken(self) -> None:
        """A CSMS that secures its stations is one that wants to hear of security events."""
        if "EmulatorSecurityEvents" not in self.config.configuration:
            self.keys.put("EmulatorSecurityEvents", "true")

    def certificates_at_most(self) -> int:
        return self.keys.integer("CertificateStoreMaxLength")

    def checks_new_roots(self) -> bool:
        return self.keys.flag("AdditionalRootCertificateCheck")

    def longest_chain(self) -> int:
        return self.keys.integer("CertificateSignedMaxChainSize")

    def organization(self) -> str:
        return self.keys.text("CpoName")

    def signing_payload(self, request: str) -> dict[str, str]:
        return {"csr": request}

    def link_url(self) -> str:
        return self.keys.text("EmulatorSecureUrl") if self.security_profile() >= 2 else ""

    def revocation_lists(self) -> str:
        return self.config.configuration.get("EmulatorRevocationList", "")

    def security_profile(self) -> int:
        given = self.vault and self.vault.profile
        return self.keys.integer("SecurityProfile") if given is None else given

    # --- the keys AuthorizationKey and SecurityProfile ---------------------------------------

    @folds(CONFIGURATION_TOLD)
    def told_keys(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in entries:
            match entry["key"]:
                case "AuthorizationKey":
                    del entry["value"]  # write-only
                case "SecurityProfile":
                    entry["value"] = str(self.security_profile())
        return entries

    @answers(CHANGES_KEY)
    def change_key(self, name: str, value: str, now: float) -> str | None:
        match name:
            case "AuthorizationKey":
                return self._change_authorization_key(value, now)
            case "SecurityProfile":
                return self._change_security_profile(value, now)
        return None

    def _change_authorization_key(self, value: str, now: float) -> str:
        """A01. Hexadecimal digits are bytes, as the whitepaper has it; most CSMSs send text."""
        printable = value.isascii() and value.isprintable()
        fits = printable and SHORTEST_KEY <= len(value) <= LONGEST_KEY
        if not (fits or is_hexadecimal(value)):
            return "Rejected"
        self._extension_is_spoken()
        if self.vault is None or self.vault.password != value:
            self.change_credentials(now, password=value)
        return "Accepted"

    def _change_security_profile(self, value: str, now: float) -> str:
        """A05: upward only, and only when the station has what the profile needs."""
        if value not in ("0", "1", "2", "3"):
            return "Rejected"
        wanted, current = int(value), self.security_profile()
        if wanted == current:
            return "Accepted"
        if wanted < current or self.lacks(wanted, current):
            return "Rejected"
        self._extension_is_spoken()
        self.change_credentials(now, profile=wanted)
        return "Accepted"

    # --- certificates ------------------------------------------------------------------------

    @action("InstallCertificate")
    def on_install_certificate(self, payload: dict, now: float) -> dict:
        self._extension_is_spoken()
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    @action("DeleteCertificate")
    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        return {"status": self.delete_certificate(payload["certificateHashData"], now)}

    @action("GetInstalledCertificateIds")
    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        found = [data for _, data in self.installed_ids([payload["certificateType"]])]
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": found}

    @action("CertificateSigned")
    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    # --- a certificate of its own ------------------------------------------------------------

    @hears(SIGNING_ASKED)
    def signing_asked(self, context: str) -> None:
        self._extension_is_spoken()
        self.core.later(self._sign_anew, context)

    def _sign_anew(self, context: str, now: float) -> None:
        self.open_vault().signings = 0
        self.sign_certificate(now, context)

"""The security extension of 1.6 (whitepaper "Improved security for OCPP 1.6-J", edition 3)."""

from typing import ClassVar

from chargepoint.security.block import StationSecurity
from chargepoint.security.relinking import is_hexadecimal
from chargepoint.v16.trigger import TRIGGERED

SHORTEST_KEY, LONGEST_KEY = 16, 40
COMMON_TRIGGERS = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")


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

    def on_get_configuration(self, payload: dict, now: float) -> dict:
        answer = super().on_get_configuration(payload, now)
        for entry in answer["configurationKey"]:
            match entry["key"]:
                case "AuthorizationKey":
                    del entry["value"]  # write-only
                case "SecurityProfile":
                    entry["value"] = str(self.security_profile())
        return answer

    def on_change_configuration(self, payload: dict, now: float) -> dict:
        match self.keys.spelled(payload["key"]):
            case "AuthorizationKey":
                return {"status": self._change_authorization_key(payload["value"], now)}
            case "SecurityProfile":
                return {"status": self._change_security_profile(payload["value"], now)}
        return super().on_change_configuration(payload, now)

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

    def on_install_certificate(self, payload: dict, now: float) -> dict:
        self._extension_is_spoken()
        use, pem = payload["certificateType"], payload["certificate"]
        return {"status": self.install_certificate(use, pem, now)}

    def on_delete_certificate(self, payload: dict, now: float) -> dict:
        return {"status": self.delete_certificate(payload["certificateHashData"], now)}

    def on_get_installed_certificate_ids(self, payload: dict, now: float) -> dict:
        found = [data for _, data in self.installed_ids([payload["certificateType"]])]
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": found}

    def on_certificate_signed(self, payload: dict, now: float) -> dict:
        return {"status": self.take_certificate(payload["certificateChain"], now)}

    # --- ExtendedTriggerMessage --------------------------------------------------------------

    def on_extended_trigger_message(self, payload: dict, now: float) -> dict:
        match payload["requestedMessage"]:
            case message if message in COMMON_TRIGGERS:
                return self.on_trigger_message(payload, now)
            case "LogStatusNotification":
                self.later(self.trigger_log_status)
            case "FirmwareStatusNotification":
                self.later(self.trigger_signed_firmware_status)
            case "SignChargePointCertificate":
                self._extension_is_spoken()
                self.later(self._trigger_signing)
        return {"status": "Accepted"}

    def _trigger_signing(self, now: float) -> None:
        self.open_vault().signings = 0
        self.sign_certificate(now, TRIGGERED)

"""Security events of 1.6 (whitepaper "Improved security for OCPP 1.6-J", edition 3)."""

from typing import Any, ClassVar

from chargepoint.common.security.events import SecurityEvents
from chargepoint.core import topics
from chargepoint.core.block import Block, hears
from chargepoint.v16.configuration import Keys
from chargepoint.v16.topics import VAULT_RESTORED


class Security(SecurityEvents, Block):
    """vault  what the CSMS has entrusted the station with; None while there is nothing"""

    __slots__ = ("keys", "vault")

    KEYS = ("security",)
    EVENT_NAMES: ClassVar[dict[str, str]] = {
        "CsmsFailedToAuthenticate": "CentralSystemFailedToAuthenticate",
        "FailedToAuthenticateAtCsms": "FailedToAuthenticateAtCentralSystem",
        "InvalidChargingStationCertificate": "InvalidChargePointCertificate",
        "InvalidCsmsCertificate": "InvalidCentralSystemCertificate",
    }

    def __init__(self, core: Any, keys: Keys) -> None:
        super().__init__(core)
        self.keys = keys

    def resume(self, now: float) -> None:
        self.core.tell(VAULT_RESTORED, now)

    @hears(topics.REGISTERED)
    def tell_waiting(self, now: float, rebooted: bool) -> None:
        self.security_registered(now, rebooted)

    @hears(topics.CLOCK_MOVED)
    def note_clock(self, now: float) -> None:
        self.security_event("SettingSystemTime", self.core.clock.stamp(now), now)

    def tells_security_events(self) -> bool:
        return self.keys.flag("EmulatorSecurityEvents")

    def extension_is_spoken(self) -> None:
        """A CSMS that secures its stations is one that wants to hear of security events."""
        if "EmulatorSecurityEvents" not in self.core.config.configuration:
            self.keys.put("EmulatorSecurityEvents", "true")

    def security_profile(self) -> int:
        """The security profile in use, 0 to 3."""
        given = self.vault and self.vault.profile
        return self.keys.integer("SecurityProfile") if given is None else given

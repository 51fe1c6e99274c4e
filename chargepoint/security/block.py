"""The security of a station that is made of mixins: 2.x."""

from chargepoint.security.events import SecurityEvents
from chargepoint.security.installed import InstalledCertificates
from chargepoint.security.own_certificate import OwnCertificate
from chargepoint.security.relinking import Relinking


class StationSecurity(SecurityEvents, InstalledCertificates, OwnCertificate, Relinking):
    """All blocks of this folder; the version supplies what they name."""

    __slots__ = ()

    @property
    def security(self) -> "StationSecurity":
        return self

    certificates = own_certificate = relinking = security

    def restore_security(self, saved: dict, now: float) -> None:
        self.restore_vault(saved)
        self.heed_operator()
        self.resume_certificate(now)

"""The security of a station, whatever the OCPP version."""

from chargepoint.security.events import SecurityEvents
from chargepoint.security.installed import InstalledCertificates
from chargepoint.security.own_certificate import OwnCertificate
from chargepoint.security.relinking import Relinking


class StationSecurity(SecurityEvents, InstalledCertificates, OwnCertificate, Relinking):
    """All blocks of this folder; the version supplies what they name."""

    __slots__ = ()

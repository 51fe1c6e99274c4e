"""Functional block A, A01 and A05: new credentials, and the link that is made anew by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.security.relinking import Relinking
from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, hears
from chargepoint.v201 import topics

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security


class Credentials(Relinking, Block):
    """It keeps nothing: the credentials are in the vault."""

    __slots__ = ("security",)

    KEEPS = False

    def __init__(self, core: Station, security: Security) -> None:
        super().__init__(core)
        self.security = security

    @hears(topics.VAULT_RESTORED)
    def heed_changes(self, now: float) -> None:
        """The operator may have changed the credentials while the station was off."""
        self.heed_operator()

    @hears(core_topics.RECONFIGURED)
    def heed_configuration(self, old: StationConfig, now: float) -> None:
        self.heed_operator()

    def link_url(self) -> str:
        return ""

    def password_on_wire(self, key: str) -> str:
        return key  # A00.FR.205: as UTF-8 text, whatever it looks like

    def attempts_with_new(self) -> int:
        return self.core.model.integer("OCPPCommCtrlr.NetworkProfileConnectionAttempts")

    def certificate_given_up(self, now: float) -> None:
        """A02.FR.29, A03: the CSMS is to know that its certificate is not in use."""
        info = "the CSMS was not reached with it"
        kind = "DiscardedRenewedClientCertificate"
        self.core.tell(core_topics.SECURITY_EVENT, kind, info, now)

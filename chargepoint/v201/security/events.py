"""Functional block A: security events, and what the station has been entrusted with."""

from __future__ import annotations

from chargepoint.common.security.events import SecurityEvents
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, hears
from chargepoint.v201 import topics


class Security(SecurityEvents, Block):
    """vault: what the CSMS has entrusted the station with; None until there is something."""

    __slots__ = ("vault",)

    KEYS = ("security",)
    SECRET = "security"

    def resume(self, now: float) -> None:
        """Take up the link's credentials and the renewal of the certificate."""
        self.core.tell(topics.VAULT_RESTORED, now)

    @hears(core_topics.REGISTERED)
    def tell_waiting(self, now: float, rebooted: bool) -> None:
        self.security_registered(now, rebooted)

    @hears(core_topics.CLOCK_MOVED)
    def note_clock(self, now: float) -> None:
        self.security_event("SettingSystemTime", self.core.clock.stamp(now), now)

    def tells_security_events(self) -> bool:
        return self.core.model.flag("EmulatorCtrlr.SecurityEvents")

    def security_profile(self) -> int:
        return self.core.ask(topics.SECURITY_PROFILE)

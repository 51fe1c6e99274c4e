"""Block of every Station: how the next connection is to be made, and what became of the last."""

from chargepoint.backoff import usual_delay
from chargepoint.core import topics
from chargepoint.effects import Close, Effect
from chargepoint.security.vault import LinkSecurity


class Linking:
    """What the shell asks before it dials."""

    __slots__ = ()

    def link_security(self) -> LinkSecurity | None:
        """What the CSMS has set about the link; None: as the operator has configured it."""
        return self.ask(topics.LINK_SECURITY)

    def reconnect_delay(self, attempt: int) -> float:
        """Seconds before the dial that follows `attempt` failed ones; 0: the link was just lost."""
        delay = self.ask(topics.RECONNECT_DELAY, attempt)
        return usual_delay(attempt, self.rng.random()) if delay is None else delay

    def csms_address(self) -> str:
        """Of the CSMS that the next dial goes to, as it is configured."""
        return self.ask(topics.CSMS_ADDRESS) or self.config.csms_url

    def same_csms(self) -> bool:
        """Whether the CSMS that is dialed is the one that has accepted this station.

        Also true where that is not known. Another one has to accept it first (1.6 4.2; 2.0.1 B10).
        """
        known = self.accepted_by in ("", self.csms_address())
        return known and not self.ask(topics.NEW_CSMS)

    def leave_csms(self, now: float) -> None:
        """The operator leads the station elsewhere. It stays on: transactions go on offline."""
        self.tell(topics.LEFT_CSMS)
        self.boot_anew()  # a boot timer is what the old one has asked for
        if self.connected:
            self._out.append(Close(1000, "address changed", 0.0))
            self.lost_link(now)

    def dial_failed(self, kind: str, why: str, now: float) -> list[Effect]:
        """A connection could not be made. `kind`: see security/relinking.py."""
        self.tell(topics.DIAL_FAILED, kind, why, now)
        return self._finish(now)

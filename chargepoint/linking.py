"""Block of every Station: how the next connection is to be made, and what became of the last."""

from chargepoint.backoff import usual_delay
from chargepoint.effects import Close, Effect
from chargepoint.security.vault import LinkSecurity


class Linking:
    """Hooks that a version fills; the shell asks them before it dials."""

    __slots__ = ()

    def link_security(self) -> LinkSecurity | None:
        """What the CSMS has set about the link; None: as the operator has configured it."""
        return None

    def reconnect_delay(self, attempt: int) -> float:
        """Seconds before the dial that follows `attempt` failed ones; 0: the link was just lost."""
        return usual_delay(attempt, self.rng.random())

    def csms_address(self) -> str:
        """Of the CSMS that the next dial goes to, as it is configured."""
        return self.config.csms_url

    def same_csms(self) -> bool:
        """Whether the CSMS that is dialed is the one that has accepted this station.

        Also true where that is not known. Another one has to accept it first (1.6 4.2; 2.0.1 B10).
        """
        return self.accepted_by in ("", self.csms_address())

    def leave_csms(self, now: float) -> None:
        """The operator leads the station elsewhere. It stays on: transactions go on offline."""
        self.breaches, self.trouble = None, ""
        self.registration = ""
        self.clear_timer("boot")  # what the old one has asked for
        if self.connected:
            self._out.append(Close(1000, "address changed", 0.0))
            self.lost_link(now)

    def dial_failed(self, kind: str, why: str, now: float) -> list[Effect]:
        """A connection could not be made. `kind`: see security/relinking.py."""
        return []

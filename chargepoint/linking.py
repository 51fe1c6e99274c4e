"""Block of every Station: how the next connection is to be made, and what became of the last."""

from chargepoint.backoff import usual_delay
from chargepoint.effects import Effect
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

    def same_csms(self) -> bool:
        """Whether the link is the one by which this station has been accepted (2.0.1 B10)."""
        return True

    def dial_failed(self, kind: str, why: str, now: float) -> list[Effect]:
        """A connection could not be made. `kind`: see security/relinking.py."""
        return []

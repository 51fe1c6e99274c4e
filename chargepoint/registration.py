"""How a station comes into service: boot, heartbeat, the link to the CSMS (1.6 sections 4.2 and
4.6; 2.0.1 B01-B03, G02)."""

from typing import Any

from chargepoint.answers import Answers
from chargepoint.backoff import usual_delay
from chargepoint.core import topics
from chargepoint.effects import SOON, Close, Effect
from chargepoint.security.vault import LinkSecurity
from chargepoint.timers import near_tick

# Without a usable interval in the answer, wait this long before the next BootNotification
# (1.6 section 4.2: "in a way that avoids flooding").
BOOT_RETRY = 60.0
USUAL_INTERVAL = 300.0  # seconds between heartbeats where nobody gives them
ACCEPTED, PENDING, REJECTED = "Accepted", "Pending", "Rejected"


class Registration(Answers):
    """registration  what the CSMS has answered to the boot; "" before"""

    __slots__ = ("accepted_by", "booted", "interval", "reported")

    def boot_due(self, now: float) -> bool:
        return self.registration != ACCEPTED and not self.has_timer("boot")

    def got_boot_notification(self, payload: dict, context: Any, now: float) -> None:
        status = payload["status"]
        self.registration = status
        self.set_clock(payload["currentTime"], now)
        interval = float(payload["interval"])
        if status == ACCEPTED:
            moved, ran_on = not self.same_csms(), self.booted
            self.booted, self.accepted_by = True, self.csms_address()
            usual = self.ask(topics.DEFAULT_INTERVAL)
            usual = USUAL_INTERVAL if usual is None else usual
            self.interval = interval if interval > 0 else usual
            self.tell(topics.BOOT_ACCEPTED, interval, now)
            self._schedule_heartbeat(now)
            if moved:
                self._moved(now)
            self._registered(now, not (moved and ran_on))
        else:
            pause = interval if interval > 0 else BOOT_RETRY
            self.set_timer("boot", now + pause)
            why = f"the CSMS answers {status}; the next one in {pause:g} s"
            self.tell(topics.BOOT_FAILED, why)
            self.tell(topics.BOOT_REFUSED, status, now)
        self.changed(SOON)

    def _moved(self, now: float) -> None:
        """Another CSMS than before has accepted us, also after a reboot. It knows nothing of us."""
        self.reported.clear()
        self._queue_retry = 0.0  # another had refused them
        for message in self.queued:
            message["attempts"] = 0
        self.tell(topics.MOVED, now)

    def _registered(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted us (rebooted), or the link is back without a reboot."""
        self.tell(topics.BEING_REGISTERED, now, rebooted)
        self.tell(topics.REGISTERED, now, rebooted)
        self.tell(topics.IN_SERVICE, now, rebooted)

    def failed_boot_notification(self, code: str, context: Any, now: float) -> None:
        if self.connected:
            self.set_timer("boot", now + (self.interval or BOOT_RETRY))

    def at_boot(self, now: float) -> None:
        """Nothing to do: without the timer, the next pump sends a BootNotification."""

    def at_heartbeat(self, now: float) -> None:
        if self.connected and self.registration == ACCEPTED:
            self.call("Heartbeat", {}, now)
            self._schedule_heartbeat(now)

    def got_heartbeat(self, payload: dict, context: Any, now: float) -> None:
        self.set_clock(payload["currentTime"], now)

    def _schedule_heartbeat(self, now: float) -> None:
        if self.interval > 0:
            self.set_timer("heartbeat", near_tick(now + self.interval, self.config.ticks))
        else:
            self.clear_timer("heartbeat")

    def set_heartbeat(self, seconds: float, now: float) -> None:
        """A new interval by configuration; takes effect at once."""
        self.interval = seconds
        if self.connected and self.registration == ACCEPTED:
            self._schedule_heartbeat(now)

    # --- the next link -----------------------------------------------------------------------

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

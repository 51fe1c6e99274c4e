"""How a station comes into service: boot, heartbeat, the link to the CSMS (1.6 sections 4.2 and
4.6; 2.0.1 B01-B03, G02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics
from chargepoint.core.block import failed, got, timer
from chargepoint.core.clock import Timers
from chargepoint.effects import SOON, Close, PingInterval
from chargepoint.timing.ticks import near_tick

if TYPE_CHECKING:
    from chargepoint.core.station import Station

# Without a usable interval in the answer, wait this long before the next BootNotification
# (1.6 section 4.2: "in a way that avoids flooding").
BOOT_RETRY = 60.0
USUAL_INTERVAL = 300.0  # seconds between heartbeats where nobody gives them
ACCEPTED = "Accepted"
POWER_UP = "PowerUp"  # the reason of a boot


class Service:
    """connected    whether there is a link
    status       what the CSMS has answered to the boot; "" before
    booted       a BootNotification was accepted since power-on
    accepted_by  the address of the CSMS that did so last; "" where not known
    interval     of heartbeats, seconds; 0 until the CSMS or the configuration says
    boot_reason  of the next BootNotification
    """

    __slots__ = (
        "accepted_by", "boot_reason", "booted", "connected", "core", "interval", "status",
        "timers",
    )  # fmt: skip

    def __init__(self, core: Station, timers: Timers) -> None:
        self.core = core
        self.timers = timers
        self.connected = self.booted = False
        self.status = self.accepted_by = ""
        self.interval = 0.0
        self.boot_reason = POWER_UP

    def restore(self, saved: dict[str, Any]) -> None:
        """Read the registration of a snapshot; `interval` is the Heartbeat's, in seconds."""
        self.booted = saved.get("booted", False)
        self.accepted_by = saved.get("csms", "")
        self.interval = saved.get("interval", 0.0)
        self.status = ACCEPTED if self.booted else ""
        self.boot_reason = saved.get("boot_reason", POWER_UP)

    def saved(self) -> dict[str, Any]:
        return {
            "booted": self.booted,
            "interval": self.interval,
            **({} if self.booted else {"boot_reason": self.boot_reason}),
            **({"csms": self.accepted_by} if self.accepted_by else {}),
        }

    def resume(self, now: float) -> None:
        """As after a link that was lost: only where it was accepted before."""
        if self.booted:
            self.schedule_heartbeat(now)
            self.core.tell(topics.RESUMED, now)

    # --- the boot ----------------------------------------------------------------------------

    def boot_is_due(self) -> bool:
        return self.status != ACCEPTED and not self.timers.has("boot")

    def boot_as(self, reason: str) -> None:
        """The next BootNotification has this reason."""
        self.boot_reason = reason

    def boot_anew(self) -> None:
        """Nothing that the CSMS has said of us holds any longer; a BootNotification comes next."""
        self.status = ""
        self.timers.clear("boot")

    def forget_boot(self) -> None:
        """The next link begins with a BootNotification, whatever was accepted before."""
        self.booted = False

    def end(self) -> None:
        """No link, and the next one begins with a boot."""
        self.connected = self.booted = False
        self.status = ""

    @got("BootNotification")
    def booted_or_not(self, payload: dict, context: Any, now: float) -> None:
        """The answer to BootNotification: in service, or the next attempt after its interval in
        seconds (1.6: 4.2; 2.x: B01 to B03)."""
        status = payload["status"]
        self.status = status
        self.core.clock.follow(payload["currentTime"], now)
        interval = float(payload["interval"])
        if status == ACCEPTED:
            moved, ran_on = not self.same_csms(), self.booted
            self.booted, self.accepted_by = True, self.csms_address()
            usual = self.core.ask(topics.DEFAULT_INTERVAL)
            usual = USUAL_INTERVAL if usual is None else usual
            self.interval = interval if interval > 0 else usual
            self.core.tell(topics.BOOT_ACCEPTED, interval, now)
            self.schedule_heartbeat(now)
            if moved:
                self._moved(now)
            self._registered(now, not (moved and ran_on))
        else:
            pause = interval if interval > 0 else BOOT_RETRY
            self.timers.set("boot", now + pause)
            why = f"the CSMS answers {status}; the next one in {pause:g} s"
            self.core.tell(topics.BOOT_FAILED, why)
            self.core.tell(topics.BOOT_REFUSED, status, now)
        self.core.changed(SOON)

    def _moved(self, now: float) -> None:
        """Another CSMS than before has accepted us, also after a reboot. It knows nothing of us."""
        self.core.statuses.forget_reported()
        self.core.calls.try_afresh()
        self.core.tell(topics.MOVED, now)

    def _registered(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted us (rebooted), or the link is back without a reboot."""
        self.core.tell(topics.BEING_REGISTERED, now, rebooted)
        self.core.tell(topics.REGISTERED, now, rebooted)
        self.core.tell(topics.IN_SERVICE, now, rebooted)

    @failed("BootNotification")
    def not_booted(self, code: str, context: Any, now: float) -> None:
        if self.connected:
            self.timers.set("boot", now + (self.interval or BOOT_RETRY))

    @timer("boot")
    def boot_again(self, now: float) -> None:
        """Nothing to do: without the timer, the next pump sends a BootNotification."""

    @timer("heartbeat")
    def beat(self, now: float) -> None:
        if self.connected and self.status == ACCEPTED:
            self.core.calls.make("Heartbeat", {}, now)
            self.schedule_heartbeat(now)

    @got("Heartbeat")
    def read_clock(self, payload: dict, context: Any, now: float) -> None:
        self.core.clock.follow(payload["currentTime"], now)

    def schedule_heartbeat(self, now: float) -> None:
        if self.interval > 0:
            self.timers.set("heartbeat", near_tick(now + self.interval, self.core.config.ticks))
        else:
            self.timers.clear("heartbeat")

    def set_heartbeat(self, seconds: float, now: float) -> None:
        """A new interval by configuration; takes effect at once."""
        self.interval = seconds
        if self.connected and self.status == ACCEPTED:
            self.schedule_heartbeat(now)

    # --- the link ----------------------------------------------------------------------------

    def link_up(self, now: float) -> None:
        """The socket is open."""
        self.core.tell(topics.CONNECTING, now)
        self.connected = True
        self.core.put(PingInterval(self.core.ask(topics.PING_INTERVAL) or 0.0))
        if self.booted and self.same_csms():
            self.status = ACCEPTED
            self.schedule_heartbeat(now)
            self._registered(now, False)
        elif self.status == ACCEPTED:  # by another CSMS
            self.status = ""
        # Else: Pending or Rejected holds until it is answered otherwise. A boot timer that still
        # runs is the CSMS's interval: 1.6 4.2 has us wait it out.

    def link_lost(self, now: float) -> None:
        """Nothing more is sent or heard on it."""
        core = self.core
        self.connected = False
        if core.tap is not None:
            core.block("tap").link_lost(now)
        self.timers.clear("heartbeat")
        core.answers.forget()
        core.calls.drop(now)
        core.tell(topics.WENT_OFFLINE, now)
        core.changed(SOON)

    def csms_address(self) -> str:
        """Of the CSMS that the next dial goes to, as it is configured."""
        return self.core.ask(topics.CSMS_ADDRESS) or self.core.config.csms_url

    def same_csms(self) -> bool:
        """Whether the CSMS that is dialed is the one that has accepted this station.

        Also true where that is not known. Another one has to accept it first (1.6 4.2; 2.0.1 B10).
        """
        known = self.accepted_by in ("", self.csms_address())
        return known and not self.core.ask(topics.NEW_CSMS)

    def leave_csms(self, now: float) -> None:
        """The operator leads the station elsewhere. It stays on: transactions go on offline."""
        self.core.tell(topics.LEFT_CSMS)
        self.boot_anew()  # a boot timer is what the old one has asked for
        if self.connected:
            self.core.put(Close(1000, "address changed", 0.0))
            self.link_lost(now)

"""What feeds a station: the grid, which may fail, and how the station ends and begins again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.core import topics
from chargepoint.core.clock import Timers
from chargepoint.core.service import POWER_UP
from chargepoint.effects import URGENT, Close, Cut, Dial
from chargepoint.hardware.mains import NOMINAL, Mains

if TYPE_CHECKING:
    from chargepoint.core.station import Station


class Power:
    """dark   the station has no power
    mains  what every outlet is fed by
    """

    __slots__ = ("core", "dark", "mains", "timers")

    def __init__(self, core: Station, timers: Timers, mains: Mains) -> None:
        self.core = core
        self.timers = timers
        self.dark = False
        self._use(mains)

    def _use(self, mains: Mains) -> None:
        self.mains = mains
        for connector in self.core.connectors.values():
            connector.mains = mains

    def feed(self, mains: Mains, now: float) -> None:
        """Every outlet is fed by `mains` from now on."""
        for connector in self.core.connectors.values():
            connector.advance(now)
        self._use(mains)
        for connector in self.core.connectors.values():
            if connector.ev is not None and connector.ev.LIVES:
                connector.follow_car()

    def saved(self) -> dict[str, list]:
        return {} if self.mains == NOMINAL else {"mains": list(self.mains)}

    def lose_power(self, back: float | None, now: float) -> None:
        """Until `back`, or None: until told. What is volatile is lost when it returns."""
        core = self.core
        if core.tap is not None:
            core.block("tap").link_lost(now)
        # First: nothing is said to the CSMS of what follows, until the next boot.
        core.service.end()
        core.service.boot_as(POWER_UP)
        core.tell(topics.POWER_FAILED, now)
        for connector in core.connectors.values():
            connector.toggle(now)
        self._forget_calls()
        core.statuses.forget_reported()
        self.stay_dark(back)
        core.put(Cut())
        core.changed(URGENT)

    def stay_dark(self, back: float | None) -> None:
        """No power until `back` (None: until told): the only thing to wait for."""
        self.dark = True
        self.timers.forget()
        if back is not None:
            self.timers.set("power", back)
        self.core.tell(topics.WENT_DARK)

    def regain_power(self, now: float) -> None:
        """Begin as from the saved state, and dial."""
        self.dark = False
        core = self.core
        core.begin_anew(now)
        core.remark("power is back", now)
        core.put(Dial(core.config.boot_delay))
        core.changed(URGENT)

    def reboot(self, now: float, reason: str, seconds: float | None = None) -> None:
        """Restart: close the link and boot again, `seconds` later. Called within an event."""
        core = self.core
        seconds = core.clock.restart_seconds() if seconds is None else seconds
        core.tell(topics.REBOOTING, now, reason)
        for connector in core.connectors.values():
            if connector.ev is not None and connector.ev.LIVES:
                connector.toggle(now)
        core.service.boot_as(reason)
        core.statuses.forget_reported()
        for waiting in ("reset", "rebooting", "relink"):  # this is what they wait for
            self.timers.clear(waiting)
        self.go_down(Close(1001, "rebooting", seconds))
        core.tell(topics.WENT_OFFLINE, now)
        core.changed(URGENT)
        core.tell(topics.REBOOTED, now, reason, seconds)

    def go_down(self, close: Close) -> None:
        """Nothing more is sent on this link, and the next one begins with a boot."""
        service = self.core.service
        if service.connected:
            self.core.put(close)
        service.end()
        self._forget_calls()
        self.timers.clear("heartbeat")
        self.timers.clear("boot")

    def _forget_calls(self) -> None:
        self.core.calls.forget()
        self.core.answers.forget()

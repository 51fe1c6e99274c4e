"""Block of every Station: the power fails and comes back.

What is volatile is lost by construction: when the power is back the station is made anew from its
saved state, as after a restart of its worker.
"""

from typing import Any

from chargepoint.commands import CommandRejected
from chargepoint.core import topics
from chargepoint.effects import URGENT, Cut, Dial, Effect
from chargepoint.faults.commands import check_seconds

# What can be done to a station without power.
_POWERLESS = frozenset({
    "faults", "add-fault", "clear-fault", "clock", "power-on", "power-cut",
    "interception",
})  # fmt: skip


class Power:
    """Block of every Station; `dark`: it has no power."""

    __slots__ = ()

    def command(
        self, name: str, args: dict, now: float, cause: str = ""
    ) -> tuple[dict, list[Effect]]:
        if self.clock is not None:
            self.skew = self.clock.skew_at(now)
        if self.dark and name in self.COMMANDS and name not in _POWERLESS:
            raise CommandRejected("no_power", "The station has no power: restore it first.")
        return super().command(name, args, now, cause)

    def do_power_cut(self, now: float, seconds: float | None = None) -> dict[str, Any]:
        """Cut the power; it is back after `seconds` or by the command `power-on`."""
        check_seconds(seconds)
        if self.dark:
            raise CommandRejected("not_possible_now", "The station has no power already.")
        self.remark("power cut" + ("" if seconds is None else f", back in {seconds:g} s"), now)
        self.tap_lost_link(now)
        # First: nothing is said to the CSMS of what follows, until the next boot.
        self.connected = self.booted = False
        self.registration = ""
        self.boot_as("PowerUp")
        self.tell(topics.POWER_FAILED, now)
        for connector in self.connectors.values():
            connector.advance(now)
        self.forget_calls()
        self.forget_reported()
        self.stay_dark(None if seconds is None else now + seconds)
        self.put(Cut())
        self.changed(URGENT)
        return {"power": "off", "back": self._timers.get("power")}

    def stay_dark(self, back: float | None) -> None:
        """No power until `back` (None: until told): the only thing to wait for."""
        self.dark = True
        self._timers.clear()
        if back is not None:
            self.set_timer("power", back)
        self.tell(topics.WENT_DARK)

    def do_power_on(self, now: float) -> dict[str, Any]:
        if not self.dark:
            raise CommandRejected("not_possible_now", "The station has power.")
        self.at_power(now)
        return {"power": "on"}

    def at_power(self, now: float) -> None:
        """The power is back: begin as from the saved state, and dial."""
        self.dark = False
        saved = self.snapshot()["saved"]
        version, seen, out = self.version, self.last_message, self._out
        self.__init__(self.config, saved, now, self.rng)
        self.version, self.last_message = version, seen
        self._out = out + self._out
        self.remark("power is back", now)
        self.put(Dial(self.config.boot_delay))
        self.changed(URGENT)

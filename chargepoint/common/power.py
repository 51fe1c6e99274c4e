"""The power fails and comes back.

What is volatile is lost by construction: when the power is back the station is made anew from its
saved state, as after a restart of its worker.
"""

from typing import Any

from chargepoint.common.faults import check_seconds
from chargepoint.core.block import Block, command, timer
from chargepoint.core.commands import CommandRejected


class Power(Block):
    """The commands; whether the station is dark is the core's."""

    __slots__ = ()

    KEEPS = False

    @command("power-cut")
    def do_power_cut(self, now: float, seconds: float | None = None) -> dict[str, Any]:
        """Cut the power; it is back after `seconds` or by the command `power-on`. Raises
        CommandRejected where the power is off, or for `seconds` out of bounds."""
        check_seconds(seconds)
        if self.core.dark:
            raise CommandRejected("not_possible_now", "The station has no power already.")
        self.core.remark("power cut" + ("" if seconds is None else f", back in {seconds:g} s"), now)
        self.core.power.lose_power(None if seconds is None else now + seconds, now)
        return {"power": "off", "back": self.core.timers.due("power")}

    @command("power-on")
    def do_power_on(self, now: float) -> dict[str, Any]:
        """Give the power back. Raises CommandRejected where the station has it."""
        if not self.core.dark:
            raise CommandRejected("not_possible_now", "The station has power.")
        self.at_power(now)
        return {"power": "on"}

    @timer("power")
    def at_power(self, now: float) -> None:
        self.core.power.regain_power(now)

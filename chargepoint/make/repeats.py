"""A station that tells its statuses again and again."""

from __future__ import annotations

from chargepoint.core import topics
from chargepoint.core.block import Block, hears, timer
from chargepoint.timing.ticks import on_tick


class Repeats(Block):
    """Each `status.repeat_s` seconds, of a make that has them; it keeps nothing."""

    __slots__ = ()

    KEEPS = False

    @hears(topics.REGISTERED)
    def begin(self, now: float, rebooted: bool) -> None:
        """From here on: all has just been told."""
        due = now + self.core.config.make.status.repeat_s
        self.core.timers.set("repeats", on_tick(due, self.core.config.ticks))

    @timer("repeats")
    def repeat(self, now: float) -> None:
        """While it is offline nothing is told, and the next link begins anew."""
        if not self.core.online:
            return
        for connector in self.core.connectors.values():
            self.core.tell(topics.SEND_STATUS, connector, now)
        self.begin(now, False)

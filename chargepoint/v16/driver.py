"""The emulated driver, who plugs in after a remote start and leaves after the end."""

from typing import Any

from chargepoint.common.arriving import arriving
from chargepoint.core import topics
from chargepoint.core.block import EMPTY, Block, hears, timer
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State
from chargepoint.v16.topics import AWAITED, GIVEN_UP, SESSION_OVER, TURNED_AWAY
from chargepoint.v16.transactions import Sessions


class Driver(Block):
    """comes  connectors where a driver plugs in and unplugs by himself"""

    __slots__ = ("comes", "sessions")

    GUEST = True
    KEYS = ("auto_plug",)

    def __init__(self, core: Any, sessions: Sessions) -> None:
        super().__init__(core)
        self.sessions = sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.comes: frozenset[int] = frozenset(saved.get("auto_plug", ())) or EMPTY

    def resume(self, now: float) -> None:
        for number in self.comes - set(self.sessions.open) - set(self.sessions.tags):
            self.core.timers.set(("driver", number), now + 5.0)

    def saved(self) -> dict[str, Any]:
        return {"auto_plug": sorted(self.comes)} if self.comes else {}

    def expect(self, number: int) -> None:
        self.comes |= {number}

    def forget(self, number: int) -> None:
        self.comes -= {number}

    @hears(AWAITED)
    def set_out(self, outlet: Connector, now: float) -> None:
        if outlet.id in self.comes:
            self.core.timers.set(("driver", outlet.id), now + self.core.rng.uniform(1.0, 3.0))

    @hears(GIVEN_UP)
    def give_up(self, outlet: Connector, late: bool) -> None:
        """The authorization came to an end before a car was there; `late`: by ConnectionTimeOut."""
        self.forget(outlet.id)
        if late:
            self.core.timers.clear(("driver", outlet.id))

    @hears(TURNED_AWAY)
    def turned_away(self, outlet: Connector, now: float) -> None:
        self.forget(outlet.id)

    @hears(topics.UNPLUGGED)
    def has_left(self, outlet: Connector, now: float) -> None:
        self.forget(outlet.id)

    @hears(SESSION_OVER)
    def return_to_car(self, outlet: Connector, now: float) -> None:
        if outlet.id in self.comes and outlet.ev is not None:
            self.core.timers.set(("driver", outlet.id), now + self.core.rng.uniform(3.0, 6.0))

    @timer("driver")
    def act(self, now: float, number: int) -> None:
        """The driver of a remote start plugs in, or pulls the plug afterwards."""
        outlet = self.core.connectors.get(number)
        if outlet is None or number not in self.comes:
            return
        if outlet.state is State.AUTHORIZED:
            outlet.plug(arriving(self.core, outlet.config), now)
            self.core.tell(topics.PLUGGED, outlet, now)
            self.core.statuses.report(outlet, now)
        elif outlet.ev is not None and number not in self.sessions.open:
            outlet.unplug(now)
            self.core.tell(topics.UNPLUGGED, outlet, now)
            self.core.statuses.report(outlet, now)

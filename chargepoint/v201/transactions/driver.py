"""The emulated driver: plugs in after a remote start, and leaves after the end.

Not OCPP: without it, a remote start of a station that nobody stands at would only time out.
EmulatorCtrlr.AutoPlug turns it off.
"""

from typing import Any

from chargepoint.common.arriving import arriving
from chargepoint.core import topics as core_topics
from chargepoint.core.block import EMPTY, Block, hears, timer
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet


class Driver(Block):
    __slots__ = ("driven",)

    GUEST = True
    KEYS = ("driven",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.driven: frozenset[int] = frozenset(saved.get("driven", ())) or EMPTY

    def resume(self, now: float) -> None:
        for number in self.driven:
            self.core.timers.set(("driver", number), now + 5.0)

    def saved(self) -> dict[str, Any]:
        return {"driven": sorted(self.driven)} if self.driven else {}

    def send_driver(self, outlet: Outlet, now: float) -> None:
        """Somebody is on the way to this outlet, if drivers are emulated."""
        if outlet.hardware.ev is None and self.core.model.flag("EmulatorCtrlr.AutoPlug"):
            self.driven |= {outlet.number}
            self.core.timers.set(("driver", outlet.number), now + self.core.rng.uniform(1.0, 3.0))

    def leaves_after(self, outlet: Outlet) -> None:
        """Who has plugged in here leaves after the end."""
        self.driven |= {outlet.number}

    @hears(topics.DEAUTHORIZED)
    def driver_may_leave(self, outlet: Outlet, now: float) -> None:
        """Nobody charges here any longer."""
        if outlet.number in self.driven:
            self.core.timers.set(("driver", outlet.number), now + self.core.rng.uniform(3.0, 6.0))

    @hears(core_topics.UNPLUGGED)
    def driver_gone(self, connector: Connector, now: float) -> None:
        """The car is away: whoever comes next is another."""
        self.driven -= {connector.id}
        self.core.timers.clear(("driver", connector.id))

    @timer("driver")
    def at_driver(self, now: float, number: int) -> None:
        """The driver of a remote start plugs in, or pulls the plug afterwards."""
        outlet = self.core.outlets.get(number)
        if outlet is None or number not in self.driven:
            return
        hardware = outlet.hardware
        if hardware.state is State.AUTHORIZED:
            hardware.plug(arriving(self.core, hardware.config), now)
            self.core.tell(core_topics.PLUGGED, hardware, now)
        elif hardware.ev is not None and outlet.token is None:
            hardware.unplug(now)
            self.core.tell(core_topics.UNPLUGGED, hardware, now)

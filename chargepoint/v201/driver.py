"""The emulated driver: plugs in after a remote start, and leaves after the end.

Not OCPP: without it, a remote start of a station that nobody stands at would only time out.
EmulatorCtrlr.AutoPlug turns it off.
"""

from chargepoint.core import topics as core_topics
from chargepoint.hardware.ev import EV
from chargepoint.hardware.states import State
from chargepoint.v201.meter_schedule import MeterSchedule
from chargepoint.v201.outlet import Outlet


class Driver(MeterSchedule):
    __slots__ = ()

    def send_driver(self, outlet: Outlet, now: float) -> None:
        """Somebody is on the way to this outlet, if drivers are emulated."""
        if outlet.hardware.ev is None and self.model.flag("EmulatorCtrlr.AutoPlug"):
            self.driven |= {outlet.number}
            self.set_timer(("driver", outlet.number), now + self.rng.uniform(1.0, 3.0))

    def driver_may_leave(self, outlet: Outlet, now: float) -> None:
        """Nobody charges here any longer."""
        if outlet.number in self.driven:
            self.set_timer(("driver", outlet.number), now + self.rng.uniform(3.0, 6.0))

    def driver_gone(self, outlet: Outlet) -> None:
        """The car is away: whoever comes next is another."""
        self.driven -= {outlet.number}
        self.clear_timer(("driver", outlet.number))

    def at_driver(self, now: float, number: int) -> None:
        outlet = self.outlets.get(number)
        if outlet is None or number not in self.driven:
            return
        hardware = outlet.hardware
        if hardware.state is State.AUTHORIZED:
            hardware.plug(EV.for_connector(hardware.config), now)
            self.core.tell(core_topics.PLUGGED, hardware, now)
        elif hardware.ev is not None and outlet.token is None:
            hardware.unplug(now)
            self.core.tell(core_topics.UNPLUGGED, hardware, now)

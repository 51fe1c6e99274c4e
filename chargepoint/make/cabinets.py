"""Power that a make limits beside the profiles: of the whole cabinet, and by a key of its own."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chargepoint.charging.limits import AC_VOLTS, DC_VOLTS
from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block, hears
from chargepoint.hardware.connector import Connector
from chargepoint.make.fields import MAX_CURRENT
from chargepoint.make.named import named_by
from chargepoint.v16 import topics as topics_16
from chargepoint.v16.session import Session16
from chargepoint.v201 import topics as topics_2
from chargepoint.v201.outlet import Outlet


class CabinetPower(Block):
    """The outlets are the core's, and what each may have is planned by the block "charging".

    A resident, so that an outlet is capped before anything is told of it.
    """

    __slots__ = ()

    def resume(self, now: float) -> None:
        """Cap the outlets as the saved value has it."""
        self.cap(now)

    @hears(topics.RECONFIGURED)
    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.cap(now)

    @hears(topics.REBOOTED)
    def rebooted(self, now: float, reason: str, seconds: float) -> None:
        """A value may have waited for it."""
        self.cap(now)

    def amps(self) -> float | None:
        """What a phase of an outlet carries by the make's own key; None without one.

        Raises NotImplementedError: each version has its own.
        """
        raise NotImplementedError

    def cap(self, now: float) -> None:
        """Have the outlets carry what that allows."""
        amps = self.amps()
        if amps is not None:
            for config in self.core.config.connectors:
                connector = self.core.connectors[config.id]
                connector.advance(now)
                connector.config = _capped(config, amps)
        self.core.block("charging").plan_always(now)


class CabinetPower16(CabinetPower):
    """1.6: by a configuration key."""

    __slots__ = ()

    def amps(self) -> float | None:
        """By the key with the effect max_current."""
        name = named_by(self.core.config.make.keys, MAX_CURRENT)
        return None if name is None else float(self.core.block("keys").integer(name))

    @hears(topics_16.KEY_CHANGED)
    def heed_key(self, name: str, now: float) -> None:
        if name == named_by(self.core.config.make.keys, MAX_CURRENT):
            self.cap(now)

    @hears(topics_16.DEMAND_CHANGED)
    def plan(self, now: float) -> None:
        self.core.block("charging").plan_always(now)

    @hears(topics_16.ENDED)
    def ended(self, outlet: Connector, session: Session16, now: float) -> None:
        """What it has had is for the others."""
        outlet.limit(None, now)
        self.plan(now)


class CabinetPower2(CabinetPower):
    """2.x: by a variable."""

    __slots__ = ()

    def amps(self) -> float | None:
        """By the variable with the effect max_current."""
        name = named_by(self.core.config.make.variables, MAX_CURRENT)
        return None if name is None else float(self.core.model.value(name))

    @hears(topics_2.VARIABLES_CHANGED)
    def heed_variables(self, now: float) -> None:
        self.cap(now)

    @hears(topics_2.DEMAND_CHANGED)
    def plan(self, now: float) -> None:
        self.core.block("charging").plan_always(now)

    @hears(topics_2.CHARGE_OVER)
    def ended(self, outlet: Outlet, session: str, now: float) -> None:
        """What it has had is for the others."""
        if outlet.transaction is None:
            outlet.hardware.limit(None, now)
        self.plan(now)


def _capped(config: ConnectorConfig, amps: float) -> Any:
    volts = AC_VOLTS * config.phases if config.phases else DC_VOLTS
    return replace(config, max_power_w=min(config.max_power_w, int(amps * volts)))

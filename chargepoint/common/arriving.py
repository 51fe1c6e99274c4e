"""A car comes to a connector of a station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.hardware.arrivals import car_for

if TYPE_CHECKING:
    from chargepoint.config import ConnectorConfig
    from chargepoint.core.station import Station
    from chargepoint.hardware.ev import EV


def arriving(core: Station, config: ConnectorConfig, given: dict[str, Any] | None = None) -> EV:
    """The car that `given` describes, else one of the station's mix, else a usual one.

    Raises ValueError for what no car has.
    """
    return car_for(config, given, core.config.cars, core.rng)

"""Which class is a station of which OCPP version: the core's face to those who run stations."""

from __future__ import annotations

from random import Random, SystemRandom

from chargepoint.config import StationConfig
from chargepoint.station import Station

# A generator of its own would cost each station 2.5 KiB, and a forked one would repeat ids.
_SHARED_RANDOM = SystemRandom()


def make_station(
    config: StationConfig, saved: dict | None, now: float, rng_seed: int | None = None
) -> Station:
    """A station of the configured version, resumed from `saved` (snapshot()["saved"]) if given.

    Raises ValueError for a version that is not emulated.
    """
    rng = _SHARED_RANDOM if rng_seed is None else Random(rng_seed)
    return station_class(config.version)(config, saved, now, rng)


def station_class(version: str) -> type[Station]:
    """The Station subclass; ValueError for a version that is not emulated. Loaded when needed."""
    match version:
        case "1.6":
            from chargepoint.v16.station import Station16

            return Station16
        case "2.0.1":
            from chargepoint.v201.station import Station201

            return Station201
        case "2.1":
            from chargepoint.v21.station import Station21

            return Station21
    raise ValueError(f"OCPP {version} is not emulated; choose 1.6, 2.0.1 or 2.1.")

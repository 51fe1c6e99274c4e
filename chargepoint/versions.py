"""Which class is a station of which OCPP version: the core's face to those who run stations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from random import Random, SystemRandom

from chargepoint.config import StationConfig
from chargepoint.core.block import COMMAND, TIMER, Block
from chargepoint.core.blocks import become
from chargepoint.core.station import Station
from chargepoint.core.tables import TableError, marked
from chargepoint.effects import Effect

# A generator of its own would cost each station 2.5 KiB, and a forked one would repeat ids.
_SHARED_RANDOM = SystemRandom()
# Version -> paths of blocks that an operator adds, as "package.module.Class".
_ADDED: dict[str, tuple[str, ...]] = {}


def make_station(
    config: StationConfig, saved: dict | None, now: float, rng_seed: int | None = None
) -> Station:
    """A station of the configured version, resumed from `saved` (snapshot()["saved"]) if given.

    Raises ValueError for a version that is not emulated.
    """
    rng = _SHARED_RANDOM if rng_seed is None else Random(rng_seed)
    return class_of(config)(config, saved, now, rng)


def class_of(config: StationConfig) -> type[Station]:
    """The Station subclass: of the version, and of the make where the station is of one.

    Raises ValueError for a version that is not emulated, or that the make does not speak.
    """
    plain = station_class(config.version)
    if config.make is None:
        return plain
    from chargepoint.make.classes import made_class

    return made_class(plain, config.make)


def reconfigure(station: Station, config: StationConfig, now: float) -> list[Effect]:
    """Station.reconfigure, where the make may be another one too. Raises ValueError as class_of."""
    kind = class_of(config)
    if kind is type(station):
        return station.reconfigure(config, now)
    become(station, kind)
    effects = station.reconfigure(config, now)
    # What the other make has held back is on offer again.
    for connector in station.connectors.values():
        connector.limit(None, now)
    station.block("charging").plan_always(now)
    return effects + station.finish(now)


def station_class(version: str) -> type[Station]:
    """The Station subclass; ValueError for a version that is not emulated. Loaded when needed."""
    added = _ADDED.get(version)
    return with_blocks(version, added) if added else _plain(version)


def _plain(version: str) -> type[Station]:
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


def add_blocks(added: Mapping[str, list[str]]) -> None:
    """From now on the stations of these versions have these blocks too: the setting
    CHARGE_POINT_BLOCKS. They are loaded here, so that a wrong one is seen when a worker starts.

    Raises ValueError in words for a path that leads nowhere, and for a block that does not fit.
    """
    _ADDED.clear()
    for version, paths in added.items():
        with_blocks(version, tuple(paths))
        _ADDED[version] = tuple(paths)


@cache
def with_blocks(version: str, paths: tuple[str, ...]) -> type[Station]:
    """The version's class with the blocks of others as further rows.

    A row bears the block's NAME, "vendor.thing"; a block with REPLACES takes the place of that row,
    whose class it subclasses. Raises ValueError for a block that cannot be loaded or does not fit.
    """
    plain = _plain(version)
    rows = dict(plain.ROWS)
    for path in paths:
        block = _loaded(path)
        name = block.REPLACES or block.NAME
        if block.REPLACES and not issubclass(block, rows.get(name, Station)):
            raise ValueError(f"{path} is no subclass of the row {name!r} of OCPP {version}.")
        if not block.REPLACES:
            _check_names(path, block)
        rows[name] = block
    try:
        return type(f"{plain.__name__}And", (plain,), {"__slots__": (), "ROWS": rows})
    except TableError as error:
        raise ValueError(f"OCPP {version} with {', '.join(paths)}: {error}") from None


def _check_names(path: str, block: type[Block]) -> None:
    """What the block brings is told apart from ours, and from other vendors', by its vendor."""
    vendor, dot, _ = block.NAME.partition(".")
    marks = (mark for _, mark in marked(block) if mark.kind in (COMMAND, TIMER))
    names = [block.NAME, *block.KEYS, *(mark.key for mark in marks)]
    wrong = [name for name in names if not dot or not vendor or not name.startswith(f"{vendor}.")]
    if wrong:
        words = "names, saved keys, commands and timers begin with the vendor, as acme.lottery"
        raise ValueError(f"{path}: {', '.join(map(repr, wrong))}: {words}.")


def _loaded(path: str) -> type[Block]:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"There is no block {path}: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Block)):
        raise ValueError(f"{path} is no subclass of chargepoint.core.block.Block.")
    return found

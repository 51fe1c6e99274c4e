"""The whole examination, in an order in which what is away ends no more than its own part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.doctor import installation, machine, platform, stores
from emulator.doctor.findings import ERROR, Area, Finding
from emulator.monitoring import signs
from runtime.stores import STORE_ERRORS

DOCTOR = Area("doctor")


def examine() -> Iterator[Finding]:
    """Every finding; asks each store within seconds, changes nothing but a key that ends soon."""
    yield from _tried("settings", installation.examine)
    yield from _tried("disks", machine.disks)
    yield from _tried("ports", machine.ports)
    mongodb = list(_tried("MongoDB", stores.mongodb))
    redis_store = list(_tried("Redis", stores.redis_store))
    yield from mongodb
    yield from redis_store
    found, stations = signs.Signs(), 0
    if not any(finding.level == ERROR and finding.area == "MongoDB" for finding in mongodb):
        yield from _tried("database", platform.database)
        try:
            stations = platform.wanted_stations()
        except STORE_ERRORS as error:
            yield _failed("stations", error)
    if not any(finding.level == ERROR and finding.area == "Redis" for finding in redis_store):
        try:
            found = platform.read_signs()
        except (*STORE_ERRORS, ValueError) as error:  # ValueError: a sign is no JSON
            yield _failed("processes", error)
        else:
            yield from _tried("processes", lambda: platform.processes(found))
            yield from _tried("shards", lambda: platform.dividing(found))
    yield from _tried("open files", lambda: machine.open_files(stations, found.charge_points))


def _tried(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A fault of ours, or a store that goes meanwhile, is a finding and no end of the rest."""
    try:
        yield from look()
    except Exception as error:
        yield _failed(what, error)


def _failed(what: str, error: Exception) -> Finding:
    return DOCTOR.error(
        f"{what} could not be examined: {type(error).__name__}: {str(error).split(',')[0][:200]}.",
        "Mend what else is found, and ask again.",
    )

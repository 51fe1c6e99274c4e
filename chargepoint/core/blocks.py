"""The blocks of a station: made, restored, saved, and found by a variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chargepoint.core.station import Station


def make(station: Station, row: int) -> Any:
    """The block of a row, which stays where it has a state, and those that are made with it."""
    tables = station.TABLES
    kind, needs = tables.classes[row], tables.needs[row]
    block = kind(station, *map(station.at, needs)) if needs else kind(station)
    if kind.KEEPS:
        station.take_in(row, block)
        for other in tables.beside.get(row, ()):
            station.at(other)
    return block


def become(station: Station, kind: type[Station]) -> None:
    """Be of another class of the same version: each block that both have keeps its state, in its
    row of the other table."""
    old, new = station.TABLES, kind.TABLES
    kept = {old.names[row]: block for row, block in enumerate(station.blocks[: old.residents])}
    kept |= {old.names[row]: block for row, block in station.guests.items()}
    parts = station.blocks[old.residents :]
    station.__class__ = kind
    station.calls.__class__ = kind.PARTS[0]
    station.blocks = [*(kept.get(name) for name in new.names[: new.residents]), *parts]
    station.guests = {
        row: kept[name] for name, row in new.numbers.items()
        if row >= new.residents and name in kept
    }  # fmt: skip
    station.heard = new.heard_with(station.guests)
    for key in [k for k in station.timers.times if _name_of(k) not in new.timers]:
        station.timers.clear(key)
    for row in range(new.residents):
        if station.blocks[row] is None:
            make(station, row).restore({}, 0.0)


def _name_of(key: str | tuple) -> str:
    return key if type(key) is str else key[0]


def restore_blocks(station: Station, saved: dict[str, Any], now: float) -> None:
    """All take up their state, and then set their timers, in the order of the rows."""
    tables = station.TABLES
    for key, row in tables.wakers.items():
        if key in saved and row not in station.guests:
            make(station, row)
    present = present_in(station)
    for block in present:
        block.restore(saved, now)
    for block in present:
        block.resume(now)


def saved_blocks(station: Station) -> dict[str, Any]:
    """What the blocks that are present save, as one object; what is confidential stands under
    `secrets`."""
    saved: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    blocks, guests, residents = station.blocks, station.guests, station.TABLES.residents
    for row in station.heard.savers:
        block = blocks[row] if row < residents else guests[row]
        if kept := block.saved():
            secrets |= kept.pop("secrets", {})
            saved |= kept
    return saved | ({"secrets": secrets} if secrets else {})


def present_in(station: Station) -> list[Any]:
    """The blocks that are there, in the order of the rows."""
    blocks, guests, residents = station.blocks, station.guests, station.TABLES.residents
    there = (blocks[n] if n < residents else guests.get(n) for n in station.TABLES.ordered)
    return [block for block in there if block is not None]


def of_variable(station: Station, kind: str, key: str) -> Callable[..., Any] | None:
    """The method, bound, that one of the blocks has for a variable or its component."""
    variables = station.TABLES.variables
    found = variables.get((kind, key)) or variables.get((kind, key.partition(".")[0]))
    return None if found is None else found[1].__get__(station.at(found[0]))

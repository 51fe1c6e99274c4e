"""docs/reference/blocks.md: every block of a station, from the tables of the versions."""

from __future__ import annotations

from inspect import signature

from chargepoint.core.block import Block, Event
from chargepoint.core.tables import STATION, Tables
from chargepoint.versions import station_class

HEAD = """# Blocks of a station

What a station of each version is made of: a row of its table for each block. How a frame goes
through them, and how to add one:
[architecture](../explanation/architecture.md#a-station-and-its-blocks).
Made from the code by `python -m documentation write`.

A *resident* is made with the station; a *guest* when it is first needed; one that *keeps nothing*
is made for each use. Calls are those of the CSMS that it serves, answers those to Calls of its own.
Questions are also values that it changes and parts that it gives. State is what it remembers of a
station, beside its collaborators.
"""
VERSIONS = ("1.6", "2.0.1", "2.1")


def page() -> str:
    return HEAD + "".join(_version(version) for version in VERSIONS)


def _version(version: str) -> str:
    tables = station_class(version).TABLES
    rows = "\n".join(_row(tables, number) for number in range(len(tables.names)))
    return (
        f"\n## OCPP {version}\n\n"
        "| block | there | Calls | commands | timers | answers | events | questions | state | "
        "saved keys |\n" + "| --- " * 10 + "|\n" + rows + "\n"
    )


def _row(tables: Tables, number: int) -> str:
    kind = tables.classes[number]
    there = "guest" if kind.GUEST else "resident" if kind.KEEPS else "keeps nothing"
    topics = sorted(
        (topic.name, isinstance(topic, Event))
        for topic, hearers in tables.topics.items()
        if any(row == number for row, *_ in hearers)
    )
    cells = [
        tables.names[number],
        there,
        _of(tables.actions, number),
        _of(tables.commands, number),
        _of(tables.timers, number),
        ", ".join(sorted({action for (action, _), (row, _m) in tables.got.items()
                          if row == number})),
        ", ".join(name for name, is_event in topics if is_event),
        ", ".join(name for name, is_event in topics if not is_event),
        ", ".join(f"`{name}`" for name in _state(kind)),
        ", ".join(f"`{key}`" for key in kind.KEYS),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _state(kind: type[Block]) -> list[str]:
    """Its own attributes without those that the constructor is given."""
    given = {"core", *signature(kind.__init__).parameters}
    slots = {name for cls in kind.__mro__ for name in getattr(cls, "__slots__", ())}
    return sorted(slots - given)


def _of(table: dict, number: int) -> str:
    return ", ".join(sorted(name for name, (row, _) in table.items() if row == number != STATION))

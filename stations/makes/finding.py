"""The make of a station, by its name: from its table, or from what was laid beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from chargepoint.make.make import Make as CoreMake
from stations.makes import documents

if TYPE_CHECKING:
    from stations.models import StationDesign

# What was found, while many stations are looked at; and what a file brings that has it not stored.
_known: ContextVar[dict[str, CoreMake | None] | None] = ContextVar("known", default=None)
_ATTRIBUTE = "_found_make"


class NoSuchMake(ValueError):
    """The sentence names the make."""

    def __init__(self, name: str) -> None:
        super().__init__(f'There is no make "{name}": import or make it first.')


@contextmanager
def remembered(beside: Mapping[str, CoreMake] | None = None) -> Iterator[None]:
    """Within, each make is looked up once; `beside`: those that are not in the table."""
    token = _known.set({**(_known.get() or {}), **(beside or {})})
    try:
        yield
    finally:
        _known.reset(token)


def find(name: str) -> CoreMake | None:
    """A make of this name; None where there is none."""
    known = _known.get()
    if known is not None and name in known:
        return known[name]
    found = of_table(name)
    if known is not None:
        known[name] = found
    return found


def of_table(name: str) -> CoreMake | None:
    """The make as it is stored now; None also for a document of before that is refused today."""
    from stations.makes.tables import Make

    document = Make.objects.filter(name=name).values_list("document", flat=True).first()
    if document is None:
        return None
    try:
        return documents.read(document)
    except documents.MakeRefused:
        return None


def give(row: StationDesign, make: CoreMake) -> None:
    """Have a row know its make without a look at the table: where there is none."""
    row.make = make.name
    row.__dict__[_ATTRIBUTE] = make


def of_row(row: StationDesign) -> CoreMake | None:
    """The make of a row that has one, else None. Raises NoSuchMake."""
    if not row.make:
        return None
    given: Any = row.__dict__.get(_ATTRIBUTE)
    if given is not None and given.name == row.make:
        return given
    found = find(row.make)
    if found is None:
        raise NoSuchMake(row.make)
    return found

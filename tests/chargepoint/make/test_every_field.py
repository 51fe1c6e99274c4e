"""No field of a make without a look at the wire, and no look that sees what is not there.

The fields are those of the table in chargepoint/make/fields.py: who adds one adds its look to
looks_of_*.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chargepoint.make.fields import FIELDS
from chargepoint.make.kinds import ALL, Field, Many, Named, Parts
from chargepoint.make.reading import MakeError
from tests.chargepoint.make import (
    looks_of_keys,
    looks_of_meters,
    looks_of_stations,
    looks_of_times,
)
from tests.chargepoint.make.documents import document
from tests.chargepoint.make.life import AC, Life
from tests.chargepoint.make.looks import LOOKS

FILES = (looks_of_keys, looks_of_meters, looks_of_stations, looks_of_times)  # they fill LOOKS

# Of these nothing is to be seen in a frame.
FOR_PEOPLE = {"name", "description"}


def fields_of(fields: Mapping[str, Field], path: str, versions: set[str]) -> Iterator[tuple]:
    """(path, versions in which it has an effect) of each field that holds a value."""
    for name, field in fields.items():
        here, spoken = f"{path}{name}", versions & {*field.versions}
        inner = field.of if isinstance(field, Many | Named) else field
        if isinstance(inner, Parts):
            yield from fields_of(inner.fields, f"{here}.", spoken & {*inner.versions})
        else:
            yield here, spoken


TABLE = dict(fields_of(FIELDS, "", {*ALL}))
CASES = [
    (path, version) for path, versions in TABLE.items() for version in ALL
    if version in versions and path not in FOR_PEOPLE
]  # fmt: skip


def lives(version: str, without: str = "") -> Any:
    """What makes lives of a version; of makes that lack one field, where it is named."""

    def make(config: dict[str, Any] | None = None, **fields: Any) -> Life:
        made = document([version], **fields)
        if without:
            _take_out(made, FIELDS, without.split("."))
        return Life(version, {"connectors": AC, **(config or {})}, **made)

    return make


def _take_out(place: Any, fields: Mapping[str, Field], path: list[str]) -> None:
    """The field of that path; of all rows of a list, and under all names."""
    name, *below = path
    if not below:
        place.pop(name, None)
        return
    field, inner = fields[name], place.get(name, {})
    rows = inner.values() if isinstance(field, Named) else inner
    of = field.of if isinstance(field, Many | Named) else field
    for row in [inner] if of is field else rows:
        _take_out(row, of.fields, below)


def test_each_field_has_a_look_and_each_look_a_field():
    assert FILES and {*TABLE} - FOR_PEOPLE == {*LOOKS}


@pytest.mark.parametrize(("path", "version"), CASES)
def test_its_effect_is_seen_in_the_frames(path, version):
    LOOKS[path](version, lives(version))


@pytest.mark.parametrize(("path", "version"), CASES)
def test_its_look_does_not_see_it_where_the_make_does_not_have_it(path, version):
    """A make that needs the field is none without it, or is the least one."""
    with pytest.raises((AssertionError, MakeError, KeyError, pytest.fail.Exception)):
        LOOKS[path](version, lives(version, path))

"""What a station takes from its make, and whether the two go together.

A row has vendor, model, firmware, outlets and version of its own, which lists, filters and pages
show. What of these is at its default is the make's; what a person has set stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chargepoint.make.make import Make as CoreMake
from stations.makes import documents, finding

if TYPE_CHECKING:
    from stations.models import StationDesign

FILLED = ("vendor", "model", "firmware", "connectors")
_KEPT = "_make_kept"


def fields_of(make: CoreMake) -> dict[str, Any]:
    """What a make says of the FILLED fields, as a row holds them."""
    outlets = documents.outlets_of(make)
    texts = {name: getattr(make, name) for name in ("vendor", "model", "firmware")}
    return {name: text for name, text in texts.items() if text} | {"connectors": outlets}


def remember(row: StationDesign) -> None:
    """Of a row as it was read: the make that its fields came from."""
    row.__dict__[_KEPT] = row.__dict__.get("make", "")


def fill(row: StationDesign) -> None:
    """Set what the row has at its default, or from the make that it had before."""
    try:
        make = finding.of_row(row)
    except finding.NoSuchMake:
        return  # told by `problems`
    if make is None:
        return
    before = row.__dict__.get(_KEPT, "")
    old = finding.find(before) if before and before != row.make else None
    theirs = fields_of(old) if old else {}
    for name, value in fields_of(make).items():
        own = getattr(row, name)
        if own in (_default(row, name), theirs.get(name)):
            setattr(row, name, value)
    version = row.ocpp_version
    chosen = row.offered_versions or version != _default(row, "ocpp_version")
    if not chosen and version not in make.versions:
        row.ocpp_version = make.versions[0]


def is_default(row: StationDesign, name: str) -> bool:
    """Whether nobody has set this field of the row."""
    return getattr(row, name) == _default(row, name)


def _default(row: StationDesign, name: str) -> Any:
    return row._meta.get_field(name).get_default()


def problems(row: StationDesign) -> dict[str, list[str]]:
    """{"make": [sentence]} where there is none of the name, or it speaks other versions."""
    try:
        make = finding.of_row(row)
    except finding.NoSuchMake as error:
        return {"make": [str(error)]}
    versions = row.offered_versions or [row.ocpp_version]
    if make is None or set(versions) <= set(make.versions):
        return {}
    return {"make": [f"It speaks {documents.speaks(make)}: choose of these as OCPP version."]}


def followed(
    row: Mapping[str, Any], old: CoreMake | None, new: CoreMake
) -> dict[str, Any]:
    """Columns of a stored row that change with its make: those that are as the old one had it."""
    before = fields_of(old) if old else {}
    return {
        name: value for name, value in fields_of(new).items()
        if name in before and row.get(name) == before[name] and value != before[name]
    }  # fmt: skip

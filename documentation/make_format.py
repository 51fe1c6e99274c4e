"""docs/reference/makes.md: every field of a make, from the table that the reader has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chargepoint.make.fields import FIELDS
from chargepoint.make.kinds import (
    ALL,
    Anything,
    Field,
    Flag,
    Many,
    Named,
    Number,
    Parts,
    Span,
    Text,
)

TABLE = "| field | type | OCPP | meaning |\n| --- | --- | --- | --- |"
CHOICES = 8  # more words than this are told as their number
HEAD = """# Makes

A make is a document that says what the stations of one model do of their own: their outlets,
keys, meter, clock, habits. A station of a make does it in each OCPP version that the make
speaks; what the document leaves out is as of a station without a make.
[make.schema.json](make.schema.json) is for editors.

This page is made from `chargepoint/make/fields.py` by `python -m documentation write`.

A document is checked as a whole when it is read, and each fault is told by its field, as
`meter.values.Voltage.fixed`. Refused are unknown fields, fields without an effect in any of the
versions that the make speaks, names that these versions do not have, and contradictions.

## What goes before what

What a station says of itself (vendor, serial number, outlets, delays, settings) goes before its
make, and the make before what is usual. A rule of the station answers before one of the make.
What the CSMS has set goes before both, as without a make.

A make that is changed reaches stations that run: transactions, meters and messages that wait go
on. `meter.start_wh` counts for connectors that are new.

## The register

`register_per_session`, `dc_efficiency` and `roll_over_wh` change what is told, in this order,
and not what is counted: the record of sessions, costs and energy limits go by what has flowed.
After a crash the register goes on from what was told last.

## Habits that are keys

`keys` and `variables` also set what the emulator has of its own. In 1.6, for example,
`StartTxnSampledData` has the values of Transaction.Begin sent in a MeterValues behind the answer
to StartTransaction, and `EmulatorEndTxnSampledData` those of Transaction.End before
StopTransaction, or behind it with `EmulatorEndTxnSampledAfterStop`; `EmulatorGoOnWithInvalidId`
has a station charge on though its start was refused. The CSMS finds them as other keys, where
they are not `hidden`. All of them: [1.6](ocpp-1.6.md), [2.x](ocpp-2.md).

## Breaches on purpose

`time.zone` `""` breaks the specifications, which ask for an offset; such frames are sent all
the same. All other fields keep to the schemas. With `rules` an answer may break them where the
rule says `wrong`.
"""
HEADINGS = {
    "": "The make", "outlets": "`outlets`: each", "keys": "`keys`: each", "variables":
    "`variables`: each", "features": "`features`", "meter": "`meter`", "meter.values":
    "`meter.values`: each", "time": "`time`", "delays": "`delays`", "status": "`status`", "power":
    "`power`", "faults": "`faults`", "faults.codes": "`faults.codes`: each",
}  # fmt: skip


def page() -> str:
    """The text of the page."""
    tables = dict(_tables(FIELDS, ""))
    assert {*tables} == {*HEADINGS}
    parts = [HEAD]
    for path, heading in HEADINGS.items():
        rows = "\n".join(_row(name, field) for name, field in tables[path].items())
        parts.append(f"\n## {heading}\n\n{TABLE}\n{rows}\n")
    return "".join(parts)


def _tables(fields: Mapping[str, Field], path: str) -> Iterator[tuple[str, Mapping[str, Field]]]:
    """(path, fields) of each object."""
    yield path, fields
    for name, field in fields.items():
        inner = field.of if isinstance(field, Many | Named) else field
        if isinstance(inner, Parts):
            yield from _tables(inner.fields, f"{path}.{name}" if path else name)


def _row(name: str, field: Field) -> str:
    versions = "all" if field.versions == ALL else ", ".join(field.versions)
    required = ", required" if field.required else ""
    example = "" if field.example is None else f" Example: `{_plain(field.example)}`."
    words = field.said.replace("|", "\\|") + example
    return f"| `{name}` | {_kind(field)}{required} | {versions} | {words} |"


def _plain(example: object) -> str:
    return str(example).replace("'", '"')


def _kind(field: Field) -> str:
    match field:
        case Text() if field.choices and len(field.choices) <= CHOICES:
            return " ".join(f"`{choice}`" for choice in field.choices)
        case Text() if field.choices:
            return f"one of {len(field.choices)}"
        case Text():
            return f"text of at most {field.longest}"
        case Number():
            kind = "whole number" if field.whole else "number"
            return f"{kind} {field.low:.12g} to {field.high:.12g}"
        case Flag():
            return "true or false"
        case Span():
            return f"[least, most], up to {field.high:g}"
        case Many():
            return f"list of at most {field.most}"
        case Parts() | Named() | Anything():
            return "object"
    raise AssertionError(field)

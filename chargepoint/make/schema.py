"""The JSON schema of a make's file (docs/reference/make.schema.json), for editors.

From the table that the reader has. A field without an effect in any version that the make speaks is
refused by a condition on `versions`; names and contradictions between fields are the reader's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def make_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    scopes = sorted({f.versions for f in _all(FIELDS) if f.versions != ALL})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A make of charging stations",
        **_parts(FIELDS),
        "allOf": [
            {"if": _speaks_none(versions), "then": _without(FIELDS, versions)}
            for versions in scopes
        ],
        "$defs": {},
    }  # fmt: skip


def _all(fields: Mapping[str, Field]) -> list[Field]:
    """All fields, at any depth."""
    found: list[Field] = []
    for field in fields.values():
        found.append(field)
        inner = field.of if isinstance(field, Many | Named) else field
        if isinstance(inner, Parts):
            found += _all(inner.fields)
    return found


def _speaks_none(versions: tuple[str, ...]) -> dict[str, Any]:
    """The make speaks none of these."""
    said = {"type": "array", "minItems": 1, "not": {"contains": {"enum": list(versions)}}}
    return {"required": ["versions"], "properties": {"versions": said}}


def _without(fields: Mapping[str, Field], versions: tuple[str, ...]) -> dict[str, Any]:
    """An object without those that have an effect in these alone."""
    properties: dict[str, Any] = {}
    for name, field in fields.items():
        if field.versions == versions:
            properties[name] = False
        elif isinstance(field, Parts) and (inner := _without(field.fields, versions)):
            properties[name] = inner
    return {"properties": properties} if properties else {}


def _parts(fields: Mapping[str, Field]) -> dict[str, Any]:
    required = [name for name, field in fields.items() if field.required]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _schema(field) for name, field in fields.items()},
        **({"required": required} if required else {}),
    }


def _schema(field: Field) -> dict[str, Any]:
    said = f"{field.said} (OCPP {' and '.join(field.versions)}.)" if field.versions != ALL else ""
    examples = {} if field.example is None else {"examples": [field.example]}
    return {**_shape(field), "description": said or field.said, **examples}


def _shape(field: Field) -> dict[str, Any]:
    match field:
        case Text():
            return _text(field)
        case Number():
            kind = "integer" if field.whole else "number"
            return {"type": kind, "minimum": field.low, "maximum": field.high}
        case Flag():
            return {"type": "boolean"}
        case Span():
            one = {"type": "number", "minimum": 0, "maximum": field.high}
            return {"type": "array", "minItems": 2, "maxItems": 2, "items": one}
        case Many():
            return {"type": "array", "minItems": field.least, "maxItems": field.most,
                    "items": _schema(field.of)}  # fmt: skip
        case Named():
            return _named(field)
        case Parts():
            return _parts(field.fields)
        case Anything():
            return {"type": "object"}
    raise AssertionError(field)


def _text(field: Text) -> dict[str, Any]:
    if field.choices:
        return {"type": "string", "enum": list(field.choices)}
    shape: dict[str, Any] = {"type": "string", "maxLength": field.longest}
    if field.shortest:
        shape["minLength"] = field.shortest
    return shape | ({"pattern": field.pattern} if field.pattern else {})


def _named(field: Named) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": "object", "maxProperties": field.most, "additionalProperties": _schema(field.of),
    }  # fmt: skip
    if field.names:
        shape["propertyNames"] = {"enum": list(field.names)}
    elif field.pattern:
        shape["propertyNames"] = {"pattern": field.pattern}
    return shape

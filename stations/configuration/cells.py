"""Stations as rows of a table (CSV): what a cell holds, to and fro.

Texts stand as they are, truths as true and false, an empty cell is what a field may be empty as,
and leaves out a field that may not. Lists are `a, b`, or JSON where a part has a comma; connectors
are `evse:kind:phases:watts, ...` or JSON; all other structures are JSON.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import models
from django_mongodb_backend.fields import ArrayField

from runtime.spreadsheets import FORMULA, cell
from stations.configuration.exporting import STATION_FIELDS, entries
from stations.models import Station

SECRETS = ("password", "password_encoding", "proxy_password", "tls_client_key_pem")
COLUMNS = (*STATION_FIELDS, "template")
# Of a file that has the secrets too.
WITH_SECRETS = (*COLUMNS, *SECRETS)
CONNECTORS = "connectors"
SIGNS = (*FORMULA, "'")
TRUTHS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_OUT = object()


class BadCell(ValueError):
    """The sentence says what to write."""


def written(name: str, value: Any) -> Any:
    """A field's value as its cell; no spreadsheet program takes it for a formula."""
    return _safe(plain(name, value))


def plain(name: str, value: Any) -> Any:
    """The same without the sign that keeps a text from being a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == CONNECTORS:
        return _outlets(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return _words(list(value)) if isinstance(value, list | tuple) else value


def _safe(text: Any) -> Any:
    """An apostrophe before what begins as a formula, and before what one begins already."""
    marked = isinstance(text, str) and text[:1] == "'"
    return "'" + text if marked else cell(text)


def _words(parts: list[Any]) -> str:
    plain = all(isinstance(p, str) and p and "," not in p and p == p.strip() for p in parts)
    if plain and not (parts and parts[0].startswith("[")):
        return ", ".join(parts)
    return json.dumps(parts, ensure_ascii=False)


def _outlets(connectors: list[dict]) -> str:
    ids = [row.get("id") for row in connectors]
    if ids != list(range(1, len(ids) + 1)):
        return json.dumps(connectors)
    columns = ("evse", "kind", "phases", "max_power_w")
    return ", ".join(":".join(str(row[name]) for name in columns) for row in connectors)


def read(name: str, text: str) -> Any:
    """A cell's value, OUT for one that leaves the field out. Raises BadCell."""
    if text[:1] == "'" and text[1:2] in SIGNS:
        text = text[1:]  # as `_safe` has written it
    if name in SECRETS or name == "template":
        return text or (None if name == "template" else _OUT)
    field = Station._meta.get_field(name)
    if not text.strip():
        return _empty(field)
    if name == CONNECTORS and not text.lstrip().startswith("["):
        return [_outlet(n, part) for n, part in enumerate(text.split(","), 1)]
    return _value(field, text)


def left_out(value: Any) -> bool:
    return value is _OUT


def _empty(field: models.Field) -> Any:
    if field.null:
        return None
    if not field.blank or isinstance(field, models.BooleanField):
        return _OUT
    if isinstance(field, ArrayField):
        return []
    return field.get_default() if isinstance(field, models.JSONField) else ""


def _value(field: models.Field, text: str) -> Any:
    if isinstance(field, ArrayField):
        if text.lstrip().startswith("["):
            return _json(text)
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(field, models.JSONField):
        return _json(text)
    if isinstance(field, models.BooleanField):
        if text.strip().lower() not in TRUTHS:
            raise BadCell("Write true or false.")
        return TRUTHS[text.strip().lower()]
    if isinstance(field, models.IntegerField):
        return _number(int, text, "Write a whole number.")
    if isinstance(field, models.FloatField):
        return _number(float, text, "Write a number.")
    return text


def _number(kind: type, text: str, sentence: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise BadCell(sentence) from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadCell("Write it as JSON.") from None


def _outlet(number: int, text: str) -> dict[str, Any]:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 4:
        raise BadCell("Write each connector as evse:kind:phases:watts, such as 1:Type2:3:22000.")
    sentence = f"Connector {number}: write EVSE, phases and watts as whole numbers."
    evse, phases, power = (_number(int, parts[n], sentence) for n in (0, 2, 3))
    return {"id": number, "evse": evse, "kind": parts[1], "phases": phases, "max_power_w": power}


def row(columns: Iterable[str], entry: Mapping[str, Any]) -> bytes:
    """A line of the file."""
    return line([written(name, entry.get(name)) for name in columns])


def line(cells: Iterable[Any]) -> bytes:
    """A line of CSV in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def csv_lines(stations: Iterable[Station], with_secrets: bool = False) -> Iterator[bytes]:
    """The file of an export, line by line."""
    columns = WITH_SECRETS if with_secrets else COLUMNS
    yield line(columns)
    for entry in entries(stations, with_secrets):
        yield row(columns, entry)

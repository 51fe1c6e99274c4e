"""Files of rows, CSV and JSON lines; no cell of CSV is a formula to a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from runtime.stores import STORE_ERRORS

# A cell that begins so is a formula to spreadsheet programs (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
MORE = "this is the beginning, the first {count} rows. Narrow the filter for the rest."
CUT = "MongoDB went away: what comes after this is missing. Download it again."
log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


def cell(value: object) -> object:
    """A CSV cell that no spreadsheet program takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def line(cells: Iterable[Any]) -> bytes:
    """A line of CSV in UTF-8; cells that a spreadsheet would take for a formula are made
    harmless."""
    return _written([cells])


def lines(columns: Sequence[str], items: Iterable[Mapping[str, Any]]) -> bytes:
    """A line of CSV each, without a head."""
    return _written([item.get(name) for name in columns] for item in items)


def _written(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def json_lines(columns: Sequence[str], items: Iterable[Mapping[str, Any]]) -> bytes:
    """One JSON object a line."""
    return b"".join(_encode({name: item.get(name) for name in columns}) + b"\n" for item in items)


WRITERS = {"csv": lines, "jsonl": json_lines}


def last(form: str, code: str, sentence: str) -> bytes:
    """The line at the end of a file that is not whole."""
    if form == "csv":
        return f"# {code}: {sentence}\r\n".encode()
    return json.dumps({"code": code, "message": sentence}).encode() + b"\n"


async def rows(
    columns: Sequence[str], pages: AsyncIterable[Iterable[Mapping[str, Any]]],
    form: str = "csv", most: int | None = None,
) -> AsyncIterator[bytes]:  # fmt: skip
    """A file of all rows, a page at a time. form: csv, which has a head, or jsonl; `most`: no more
    rows than that. Where it is not whole, by that or because the store goes, the last line says
    so."""
    write, count = WRITERS[form], 0
    if form == "csv":
        yield line(columns)
    try:
        async for page in pages:
            items = list(page)
            room = len(items) if most is None else most - count
            if items:
                yield write(columns, items[:room])
            if len(items) > room:
                yield last(form, "more", MORE.format(count=most))
                return
            count += len(items)
    except STORE_ERRORS as error:
        log.warning("A file was cut off: %s", str(error)[:200])
        yield last(form, "cut_off", CUT)

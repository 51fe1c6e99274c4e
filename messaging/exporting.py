"""The log as a download: JSON lines or CSV, streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from messaging.history import Wanted, each
from messaging.rows import document_item

COLUMNS = (
    "id", "time", "station", "run", "seq", "direction", "kind", "action", "uid", "latency",
    "error", "mark", "bytes", "text",
)  # fmt: skip
# A cell that begins so is a formula to spreadsheet programs (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

_encode = msgspec.json.Encoder().encode


def cell(value: object) -> object:
    """A CSV cell that no spreadsheet program takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def csv_lines(items: list[dict]) -> bytes:
    """CSV rows of API items, without a head."""
    text = io.StringIO()
    writer = csv.writer(text)
    for item in items:
        writer.writerow([cell(item[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8", "replace")


def json_lines(items: list[dict]) -> bytes:
    """One JSON object a line."""
    return b"".join([_encode({name: item[name] for name in COLUMNS}) + b"\n" for item in items])


FORMATS: dict[str, tuple[str, bytes, Callable[[list[dict]], bytes]]] = {
    "jsonl": ("application/x-ndjson", b"", json_lines),
    "csv": ("text/csv; charset=utf-8", (",".join(COLUMNS) + "\r\n").encode(), csv_lines),
}


async def stream(db: AsyncDatabase, wanted: Wanted, form: str) -> AsyncIterator[bytes]:
    """Yield the download, oldest message first; nothing but one page is held at a time."""
    _, head, lines = FORMATS[form]
    if head:
        yield head
    async for documents in each(db, wanted):
        yield lines([document_item(made) for made in documents])

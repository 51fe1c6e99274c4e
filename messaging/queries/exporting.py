"""The log as a download: JSON lines or CSV, streamed."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import AsyncIterator, Callable

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from messaging.masking import shown
from messaging.queries.history import Wanted, each
from messaging.rows import document_item
from runtime.spreadsheets import cell
from runtime.stores import STORE_ERRORS

COLUMNS = (
    "id", "time", "station", "run", "seq", "direction", "kind", "action", "uid", "latency",
    "error", "mark", "cause", "bytes", "text",
)  # fmt: skip
CUT = "MongoDB went away: what comes after this is missing. Download it again."
CUT_OFF = {
    "jsonl": json.dumps({"code": "cut_off", "message": CUT}).encode() + b"\n",
    "csv": f"# cut_off: {CUT}\r\n".encode(),
}
log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


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
    """Yield the download, oldest message first; nothing but one page is held at a time.

    Where the store goes meanwhile the last line says so: it must not look whole.
    """
    _, head, lines = FORMATS[form]
    if head:
        yield head
    try:
        async for documents in each(db, wanted):
            items = [document_item(made) for made in documents]
            yield lines(shown(items, wanted.text) if wanted.masks else items)
    except STORE_ERRORS as error:
        log.warning("A download of messages was cut off: %s", str(error)[:200])
        yield CUT_OFF[form]

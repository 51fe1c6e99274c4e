"""The trail as a download, newest first: JSON lines or CSV, a page at a time."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from accounts.trail.reading import Wanted, item, read_page
from runtime import spreadsheets
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

COLUMNS = (
    "id", "time", "act", "via", "page", "actor", "address", "token", "session", "execution",
    "action", "model", "objects", "changes", "details", "result", "status", "message",
)  # fmt: skip
PAGE = 500
MOST = 100_000  # entries of a download
MORE = "There are more: ask for what is before the last of these."


def json_lines(items: list[dict]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in items)


def csv_lines(items: list[dict]) -> bytes:
    """Entries of the trail as lines of CSV in UTF-8, a column each of COLUMNS."""
    flat = ({name: _flat(each[name]) for name in COLUMNS} for each in items)
    return spreadsheets.lines(COLUMNS, flat)


def _flat(value: object) -> object:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


FORMATS = {
    "jsonl": ("application/x-ndjson", b"", json_lines),
    "csv": ("text/csv; charset=utf-8", (",".join(COLUMNS) + "\r\n").encode(), csv_lines),
}


async def stream(wanted: Wanted, form: str, limit: int = MOST) -> AsyncIterator[bytes]:
    """Where it is not whole, by the limit or because the store goes, the last line says so."""
    _, head, lines = FORMATS[form]
    if head:
        yield head
    cursor: str | None = ""
    try:
        while cursor is not None and limit > 0:
            page = await sync_to_async(read_page)(wanted, min(PAGE, limit), cursor)
            limit -= len(page.items)
            if page.items:
                yield lines([item(entry) for entry in page.items])
            cursor = page.next
        if cursor is not None and (await sync_to_async(read_page)(wanted, 1, cursor)).items:
            yield spreadsheets.last(form, "more", MORE)
    except STORE_ERRORS as error:
        log.warning("A download of the trail was cut off: %s", str(error)[:200])
        yield spreadsheets.last(form, "cut_off", spreadsheets.CUT)

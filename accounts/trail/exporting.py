"""The trail as a download, newest first: JSON lines or CSV, a page at a time."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from accounts.trail.reading import Wanted, item, read_page
from runtime.spreadsheets import cell
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

COLUMNS = (
    "id", "time", "act", "via", "page", "actor", "address", "token", "session", "execution",
    "action", "model", "objects", "changes", "details", "result", "status", "message",
)  # fmt: skip
PAGE = 500
MOST = 100_000  # entries of a download
CUT = {
    "code": "cut_off",
    "message": "MongoDB went away: what comes after this is missing. Download it again.",
}
MORE = {"code": "more", "message": "There are more: ask for what is before the last of these."}


def json_lines(items: list[dict]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in items)


def csv_lines(items: list[dict]) -> bytes:
    """Entries of the trail as lines of CSV in UTF-8, a column each of COLUMNS."""
    text = io.StringIO()
    writer = csv.writer(text)
    for each in items:
        writer.writerow([cell(_flat(each[name])) for name in COLUMNS])
    return text.getvalue().encode("utf-8", "replace")


def _flat(value: object) -> object:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


FORMATS = {
    "jsonl": ("application/x-ndjson", b"", json_lines),
    "csv": ("text/csv; charset=utf-8", (",".join(COLUMNS) + "\r\n").encode(), csv_lines),
}


def _last(form: str, words: dict[str, str]) -> bytes:
    if form == "jsonl":
        return json.dumps(words).encode() + b"\n"
    return f"# {words['code']}: {words['message']}\r\n".encode()


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
            yield _last(form, MORE)
    except STORE_ERRORS as error:
        log.warning("A download of the trail was cut off: %s", str(error)[:200])
        yield _last(form, CUT)

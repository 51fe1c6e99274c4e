"""Sessions as a download: JSON lines or CSV, newest first, streamed."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import AsyncIterator

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from messaging.queries import sessions
from messaging.queries.exporting import CUT_OFF, FORMATS
from runtime.spreadsheets import cell
from runtime.stores import STORE_ERRORS

COLUMNS = (
    "id", "station", "connector", "evse", "ocpp", "transaction_id", "id_tag", "state", "started",
    "ended", "reason", "meter_start", "meter_stop", "energy_wh",
)  # fmt: skip
TYPES = {name: kind for name, (kind, *_) in FORMATS.items()}
log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


def csv_text(columns: tuple[str, ...], items: list[dict], head: bool = True) -> str:
    """CSV with no cell that a spreadsheet program takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    if head:
        writer.writerow(columns)
    writer.writerows([cell(item.get(name)) for name in columns] for item in items)
    return text.getvalue()


async def stream(
    db: AsyncDatabase, match: dict, form: str, *, low: int, high: int | None
) -> AsyncIterator[bytes]:
    """Yield the download; one page is held at a time. Where the store goes meanwhile the last
    line says so: it must not look whole."""
    if form == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
    try:
        async for page in sessions.each(db, match, low=low, high=high):
            items = [sessions.item(made) for made in page]
            if form == "csv":
                yield csv_text(COLUMNS, items, head=False).encode("utf-8", "replace")
            else:
                rows = ({name: item.get(name) for name in COLUMNS} for item in items)
                yield b"".join(_encode(row) + b"\n" for row in rows)
    except STORE_ERRORS as error:
        log.warning("A download of sessions was cut off: %s", str(error)[:200])
        yield CUT_OFF[form]

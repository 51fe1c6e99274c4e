"""The file of a log that a station sends to its CSMS: what the station says, then its messages.

Written in a thread, to disk: reading the store of messages must not hold up the stations.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from chargepoint.effects import Upload
from chargepoint.timing.times import iso
from messaging.keeping import store
from messaging.masking import shown
from messaging.queries import exporting
from messaging.queries.history import Wanted, each
from messaging.rows import document_item
from runtime import spreadsheets
from runtime.stores import STORE_ERRORS

MOST_BYTES = 64 << 20  # then the file ends in a sentence
USUAL_PERIOD = timedelta(hours=24)  # before the end, where the CSMS names no beginning
STORE_PATIENCE = 20.0  # seconds for the store to say its first word


def write_log(upload: Upload, path: Path) -> None:
    """Make the file. A store that is away is told of in the file; it is sent all the same."""
    stop = _moment(upload.stop) or datetime.now(UTC)
    start = _moment(upload.start) or stop - USUAL_PERIOD
    with path.open("wb") as file:
        file.write(orjson.dumps(upload.document, option=orjson.OPT_INDENT_2, default=str))
        what = "Security events" if upload.log == "SecurityLog" else "Messages"
        period = f"{iso(start.timestamp())} to {iso(stop.timestamp())}"
        file.write(f"\n\n# {what} from {period}, one JSON object a line\n".encode())
        wanted = wanted_of(upload, start, stop)
        try:
            asyncio.run(_write_messages(wanted, file))
        except STORE_ERRORS as failure:
            why = f"{type(failure).__name__}: {failure}".splitlines()[0][:200]
            file.write(f"# The store of messages is away: {why}\n".encode())


def wanted_of(upload: Upload, start: datetime, stop: datetime) -> Wanted:
    """Which messages belong in this log."""
    more: dict[str, Any] = {}
    if upload.log == "SecurityLog":
        more = {"actions": ("SecurityEventNotification",), "kinds": ("Call",)}
    return Wanted(stations=(upload.document["station"],), start=start, end=stop, **more)


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError):
        return None


async def _write_messages(wanted: Wanted, file: BinaryIO) -> None:
    try:
        pages = each(store.async_database(), wanted)
        async with asyncio.timeout(STORE_PATIENCE):
            page = await anext(pages, None)
        while page is not None:
            items = shown([document_item(made) for made in page])
            file.write(spreadsheets.json_lines(exporting.COLUMNS, items))
            if file.tell() > MOST_BYTES:
                file.write(b"# Cut off here: ask for a shorter period.\n")
                return
            page = await anext(pages, None)
    finally:
        await store.close_async()

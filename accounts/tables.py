"""Lists of the API as CSV: who asks for it, and the file as it is sent.

As CSV a list is not cut into pages: all rows from the cursor on come in one stream, up to MOST. A
last line that begins with "#" says where it is not whole.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query

from runtime.spreadsheets import cell
from runtime.stores import STORE_ERRORS

MOST = 100_000  # rows of a file
AT_ONCE = 200  # rows that are sent together
TYPE = "text/csv; charset=utf-8"
MORE = "# more: this is the beginning, the first {count} rows. Narrow the filter for the rest.\r\n"
CUT = "# cut_off: the store went away, what comes after this is missing. Download it again.\r\n"
Format = Literal["", "json", "csv"]
FORMAT = Query("", description="json or csv; left out: as the header Accept wants it")
# For an operation's `openapi_extra`: what it answers beside JSON.
ALSO_CSV = {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}}
log = logging.getLogger(__name__)


def is_csv(request: HttpRequest, format: str) -> bool:
    """Whether the caller wants CSV, by the parameter or by his header Accept."""
    if format:
        return format == "csv"
    return request.get_preferred_type(["application/json", "text/csv"]) == "text/csv"


def line(cells: Iterable[Any]) -> bytes:
    """A line of CSV in UTF-8; cells that a spreadsheet would take for a formula are made
    harmless."""
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in cells])
    return text.getvalue().encode("utf-8", "replace")


def rows(columns: tuple[str, ...], items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Head and lines, as they are asked for."""
    yield line(columns)
    count = 0
    try:
        for item in items:
            if count == MOST:
                yield MORE.format(count=MOST).encode()
                return
            yield line(item.get(name) for name in columns)
            count += 1
    except STORE_ERRORS as error:
        log.warning("A list as CSV was cut off: %s", str(error)[:200])
        yield CUT.encode()


async def rows_later(
    columns: tuple[str, ...], items: AsyncIterator[Mapping[str, Any]]
) -> AsyncIterator[bytes]:
    """The same of items that come by a coroutine."""
    yield line(columns)
    count = 0
    try:
        async for item in items:
            if count == MOST:
                yield MORE.format(count=MOST).encode()
                return
            yield line(item.get(name) for name in columns)
            count += 1
    except STORE_ERRORS as error:
        log.warning("A list as CSV was cut off: %s", str(error)[:200])
        yield CUT.encode()


def streamed(request: HttpRequest, body: Iterator[bytes]) -> Any:
    """The body of an answer that goes out as it is made.

    Under ASGI Django would make a list of a plain iterator first, all of it.
    """
    return _later(body) if isinstance(request, ASGIRequest) else body


async def _later(body: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: b"".join(islice(body, AT_ONCE)))
    while part := await take():
        yield part


def download(body: Any, name: str) -> StreamingHttpResponse:
    """An answer that streams `body`, an iterator of bytes, as the file `name`.csv."""
    answer = StreamingHttpResponse(body, content_type=TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["X-Accel-Buffering"] = "no"
    return answer

"""Lists of the API as CSV: who asks for it, and the file as it is sent.

As CSV a list is not cut into pages: all rows from the cursor on come in one stream, up to MOST. A
last line that begins with "#" says where it is not whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query

from runtime.stores import STORE_ERRORS

MOST = 100_000  # rows of a file
AT_ONCE = 200  # rows that are sent together
TYPE = "text/csv; charset=utf-8"
TYPES = {"csv": TYPE, "json": "application/json", "jsonl": "application/x-ndjson"}
Format = Literal["", "json", "csv"]
FORMAT = Query("", description="json or csv; left out: as the header Accept wants it")
# For an operation's `openapi_extra`: what it answers beside JSON.
ALSO_CSV = {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}}


def is_csv(request: HttpRequest, format: str) -> bool:
    """Whether the caller wants CSV, by the parameter or by his header Accept."""
    if format:
        return format == "csv"
    return request.get_preferred_type(["application/json", "text/csv"]) == "text/csv"


async def in_pages(items: Iterable[Any], size: int = AT_ONCE) -> AsyncIterator[list[Any]]:
    """What comes by a plain iterator that waits for stores."""
    source, failed = iter(items), []

    def take() -> list[Any]:
        page: list[Any] = []
        try:
            page.extend(islice(source, size))
        except STORE_ERRORS as error:
            failed.append(error)
        return page

    while page := await sync_to_async(take)():
        yield page
    if failed:
        raise failed[0]


def streamed(request: HttpRequest, body: Iterator[bytes]) -> Any:
    """The body of an answer that goes out as it is made.

    Under ASGI Django would make a list of a plain iterator first, all of it.
    """
    return _later(body) if isinstance(request, ASGIRequest) else body


async def _later(body: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: b"".join(islice(body, AT_ONCE)))
    while part := await take():
        yield part


def download(body: Any, name: str, form: str = "csv") -> StreamingHttpResponse:
    """An answer that streams `body`, an iterator of bytes, as the file `name`.csv or .jsonl."""
    answer = StreamingHttpResponse(body, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    answer["X-Accel-Buffering"] = "no"
    return answer

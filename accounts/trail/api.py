"""/api/trail: who did what."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from accounts.trail import exporting
from accounts.trail.reading import is_id, item, read_page
from accounts.trail.shapes import TrailFilter, TrailPage

router = Router(tags=["trail"])
Format = word_of(*exporting.FORMATS)
FORMAT = Query("jsonl", description="jsonl or csv")


@router.get("/trail", response={200: TrailPage, REFUSED: ErrorOut}, summary="Who did what")
def list_trail(
    request: HttpRequest,
    filters: Query[TrailFilter],
    limit: int = Query(100, ge=1, le=500),
    cursor: str = "",
):
    """Changes, commands, log-ins and refusals, newest first, in pages."""
    if cursor and not is_id(cursor):
        raise ApiError("bad_cursor", "Give as cursor what `next` of the last page said.", 422)
    page = read_page(filters.wanted(), limit, cursor)
    return {"items": [item(entry) for entry in page.items], "next": page.next}


@router.get("/trail/export", response={REFUSED: ErrorOut}, summary="Download the trail")
async def export_trail(
    request: HttpRequest,
    filters: Query[TrailFilter],
    format: Format = FORMAT,
    limit: int = Query(exporting.MOST, ge=1, le=exporting.MOST),
):
    """Entries by filter, newest first, as JSON lines or CSV."""
    known("format", format, exporting.FORMATS, needed=True)
    body = exporting.stream(filters.wanted(), format, limit)
    answer = StreamingHttpResponse(body, content_type=exporting.FORMATS[format][0])
    answer["Content-Disposition"] = f'attachment; filename="trail.{format}"'
    answer["X-Accel-Buffering"] = "no"
    return answer

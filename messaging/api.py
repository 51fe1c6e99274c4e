"""The API over the log, the transactions and their numbers."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from accounts.errors import ApiError
from accounts.secrecy import asker_sees_secrets
from accounts.trail import acts
from messaging.keeping.store import async_database
from messaging.live.stats import LiveStats
from messaging.masking import shown
from messaging.queries import analytics, exporting, history, session_exporting, sessions
from messaging.queries.windows import to_ms
from messaging.rows import document_item, iso
from messaging.schemas import (
    Deleted,
    MessageDetail,
    MessageFilter,
    MessageOut,
    MessagePage,
    Order,
    TransactionFilter,
    TransactionPage,
    aware,
)
from messaging.statistics.api import router as statistics

MESSAGE = "messaging.message"  # to the trail
router = Router()
router.add_router("", statistics)

Hours = Query(24, ge=1, le=720, description="how far back")


def _page(page: history.Page, wanted: history.Wanted) -> dict:
    items = [document_item(made) for made in page.items]
    return {
        "items": shown(items, wanted.text) if wanted.masks else items,
        "next": page.next,
        "searched_to": iso(page.searched_to) if page.searched_to else None,
    }


async def _wanted(request: HttpRequest, filters: MessageFilter) -> history.Wanted:
    """What is asked for, masked for one who may not see secrets."""
    return replace(filters.wanted(), masks=not await asker_sees_secrets(request))


async def _read(
    request: HttpRequest, filters: MessageFilter, limit: int, cursor: str, order: str
) -> dict:
    if cursor and not history.is_record_id(cursor):
        raise ApiError("bad_cursor", "Give as cursor what `next` of the last page said.", 422)
    wanted = await _wanted(request, filters)
    page = await history.read_page(
        async_database(),
        wanted,
        limit=limit,
        cursor=cursor,
        newest_first=order == "newest",
    )
    return _page(page, wanted)


@router.get("/messages", response=MessagePage, tags=["messages"], summary="Read the log")
async def list_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    limit: int = Query(100, ge=1, le=500),
    cursor: str = "",
    order: Order = "newest",
):
    """Messages by filter, newest or oldest first, in pages."""
    return await _read(request, filters, limit, cursor, order)


@router.get("/messages/search", response=MessagePage, tags=["messages"], summary="Search frames")
async def search_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    q: str = Query("", max_length=500, description="anywhere in the frame, any case"),
    limit: int = Query(100, ge=1, le=500),
    cursor: str = "",
    order: Order = "newest",
):
    """The same as reading the log with `text`, under the name it had before."""
    if q:
        filters.text = q
    return await _read(request, filters, limit, cursor, order)


@router.get("/messages/stats", response=dict, tags=["messages"], summary="Counts and the stream")
async def message_stats(request: HttpRequest, hours: int = Hours):
    """Counts of the last hours, and what the live stream and the log's queue do now."""
    sums = analytics.added_up(await analytics.counts(async_database(), hours))
    return {"hours": hours, **sums, "live": await LiveStats().read()}


@router.get("/messages/export", tags=["messages"], summary="Download the log")
async def export_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    format: str = Query("jsonl", description="jsonl or csv"),
):
    """All messages of the filter, oldest first, as JSON lines or CSV."""
    if format not in exporting.FORMATS:
        raise ApiError("bad_format", "Set format to jsonl or csv.", 422)
    body = exporting.stream(async_database(), await _wanted(request, filters), format)
    answer = StreamingHttpResponse(body, content_type=exporting.FORMATS[format][0])
    answer["Content-Disposition"] = f'attachment; filename="messages.{format}"'
    answer["X-Accel-Buffering"] = "no"
    return answer


@router.delete("/messages", response=Deleted, tags=["messages"], summary="Delete from the log")
async def delete_messages(
    request: HttpRequest, filters: Query[MessageFilter], confirm: bool = False
):
    """Delete messages by filter; without a filter it needs `confirm=true`."""
    wanted = await _wanted(request, filters)
    if wanted.everything and not confirm:
        raise ApiError(
            "confirm_needed", "Set a filter, or add confirm=true to delete all messages.", 422
        )
    deleted, done = await history.delete(async_database(), wanted)
    asked = filters.dict(exclude_unset=True)
    acts.note("deleted", MESSAGE, details={"filter": asked, "deleted": deleted, "done": done})
    return {"deleted": deleted, "done": done}


@router.get(
    "/messages/{message_id}", response=MessageDetail, tags=["messages"], summary="One message"
)
async def read_message(request: HttpRequest, message_id: str):
    """A message with the request or response that belongs to it."""
    message, pair = await history.message_and_pair(async_database(), message_id)
    if message is None:
        raise ApiError(
            "message_not_found",
            "There is no such message: it may be older than the retention, or not stored yet.",
            404,
        )
    both = [document_item(made) for made in (message, pair) if made]
    if not await asker_sees_secrets(request):
        both = shown(both)
    return {
        "message": MessageOut(**both[0]),
        "pair": MessageOut(**both[1]) if pair else None,
    }


@router.get("/transactions", response=TransactionPage, tags=["transactions"], summary="Sessions")
async def list_transactions(
    request: HttpRequest,
    filters: Query[TransactionFilter],
    limit: int = Query(50, ge=1, le=500),
    cursor: str = "",
):
    """Sessions by filter, newest first."""
    low, high = _span(filters)
    try:
        found, following = await sessions.read_page(
            async_database(),
            filters.match(),
            low=low,
            high=high,
            limit=limit,
            cursor=cursor,
        )
    except ValueError as error:
        message = "Give as cursor what `next` of the last page said."
        raise ApiError("bad_cursor", message, 422) from error
    return {"items": [sessions.item(made) for made in found], "next": following}


@router.get("/transactions/export", tags=["transactions"], summary="Download sessions")
async def export_transactions(
    request: HttpRequest,
    filters: Query[TransactionFilter],
    format: str = Query("jsonl", description="jsonl or csv"),
):
    """All sessions of the filter, newest first, as JSON lines or CSV, without meter values."""
    if format not in session_exporting.TYPES:
        raise ApiError("bad_format", "Set format to jsonl or csv.", 422)
    low, high = _span(filters)
    body = session_exporting.stream(async_database(), filters.match(), format, low=low, high=high)
    answer = StreamingHttpResponse(body, content_type=session_exporting.TYPES[format])
    answer["Content-Disposition"] = f'attachment; filename="sessions.{format}"'
    answer["X-Accel-Buffering"] = "no"
    return answer


def _span(filters: TransactionFilter) -> tuple[int, int | None]:
    """In unix ms, the end not included."""
    low = to_ms(aware(filters.since)) if filters.since else sessions.EARLIEST_MS
    return low, to_ms(aware(filters.until)) if filters.until else None


@router.get("/transactions/{session_id}", response=dict, tags=["transactions"], summary="A session")
async def read_transaction(request: HttpRequest, session_id: str):
    """One session with its meter series."""
    found = await sessions.read_one(async_database(), session_id)
    if found is None:
        raise ApiError("transaction_not_found", "There is no session of this id.", 404)
    return sessions.item(*found)


@router.get("/analytics/messages", response=dict, tags=["analytics"], summary="Messages")
async def analytics_messages(request: HttpRequest, hours: int = Hours):
    """Totals by direction, kind and action, and a series."""
    return await analytics.messages(async_database(), hours)


@router.get("/analytics/transactions", response=dict, tags=["analytics"], summary="Sessions")
async def analytics_transactions(request: HttpRequest, hours: int = Hours):
    """Sessions, energy and reasons, by day."""
    return await analytics.transactions(async_database(), hours)


@router.get("/analytics/errors", response=dict, tags=["analytics"], summary="Failures")
async def analytics_errors(request: HttpRequest, hours: int = Hours):
    """Failures by code, and the newest of them."""
    masks = not await asker_sees_secrets(request)
    return await analytics.errors(async_database(), hours, masks=masks)


@router.get("/analytics/dashboard", response=dict, tags=["analytics"], summary="At one look")
async def analytics_dashboard(request: HttpRequest):
    """The last hour's messages, the last day's sessions, and the stream now."""
    return {**await analytics.dashboard(async_database()), "live": await LiveStats().read()}

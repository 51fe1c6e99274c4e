"""The API over the log, the transactions and their numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from accounts import tables
from accounts.errors import ApiError
from accounts.parameters import known, word_of
from accounts.secrecy import asker_sees_secrets
from accounts.trail import acts
from messaging.keeping.store import async_database
from messaging.live.stats import LiveStats
from messaging.masking import shown
from messaging.queries import (
    analytics,
    exporting,
    history,
    sessions,
    signatures,
)
from messaging.queries.windows import to_ms
from messaging.rows import document_item, iso
from messaging.schemas import (
    Deleted,
    MessageDetail,
    MessageFilter,
    MessageOut,
    MessagePage,
    Order,
    SignedValues,
    TransactionFilter,
    TransactionPage,
    aware,
)
from messaging.statistics.api import router as statistics

MESSAGE = "messaging.message"  # to the trail
# Calls that may carry meter values of a session.
METERED = ("StopTransaction", "MeterValues", "TransactionEvent")
MOST_LOOKED_AT = 5000  # of them, for the signed values of one session
PAGE = 500  # rows of a CSV file that are read at a time
router = Router()
router.add_router("", statistics)

Download = word_of(*exporting.FORMATS)
DOWNLOAD = Query("jsonl", description="jsonl or csv")
Hours = Query(24, ge=1, le=720, description="how far back")


def _page(page: history.Page, wanted: history.Wanted) -> dict:
    return {
        "items": exporting.items_of(page.items, wanted),
        "next": page.next,
        "searched_to": iso(page.searched_to) if page.searched_to else None,
    }


async def _wanted(request: HttpRequest, filters: MessageFilter) -> history.Wanted:
    """What is asked for, masked for one who may not see secrets."""
    return replace(filters.wanted(), masks=not await asker_sees_secrets(request))


async def _read(
    request: HttpRequest, filters: MessageFilter, limit: int, cursor: str, order: str,
    form: str = "",
) -> Any:  # fmt: skip
    if cursor and not history.is_record_id(cursor):
        raise ApiError("bad_cursor", "Give as cursor what `next` of the last page said.", 422)
    wanted = await _wanted(request, filters)
    if tables.is_csv(request, form):
        found = history.each(async_database(), wanted, PAGE, cursor, order == "newest")
        body = exporting.messages(found, wanted, "csv", tables.MOST)
        return tables.download(body, "messages")
    page = await history.read_page(
        async_database(),
        wanted,
        limit=limit,
        cursor=cursor,
        newest_first=order == "newest",
    )
    return _page(page, wanted)


@router.get(
    "/messages", response=MessagePage, tags=["messages"], summary="Read the log",
    openapi_extra=tables.ALSO_CSV,
)  # fmt: skip
async def list_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    limit: int = Query(100, ge=1, le=500),
    cursor: str = "",
    order: Order = "newest",
    format: tables.Format = tables.FORMAT,
):
    """Messages by filter, newest or oldest first, in pages; or all of them as CSV."""
    return await _read(request, filters, limit, cursor, order, format)


@router.get(
    "/messages/search", response=MessagePage, tags=["messages"], summary="Search frames",
    openapi_extra=tables.ALSO_CSV,
)  # fmt: skip
async def search_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    q: str = Query("", max_length=500, description="anywhere in the frame, any case"),
    limit: int = Query(100, ge=1, le=500),
    cursor: str = "",
    order: Order = "newest",
    format: tables.Format = tables.FORMAT,
):
    """The same as reading the log with `text`, under the name it had before."""
    if q:
        filters.text = q
    return await _read(request, filters, limit, cursor, order, format)


@router.get("/messages/stats", response=dict, tags=["messages"], summary="Counts and the stream")
async def message_stats(request: HttpRequest, hours: int = Hours):
    """Counts of the last hours, and what the live stream and the log's queue do now."""
    rows = await analytics.counts(async_database(), hours, most=analytics.MOST_WAITED)
    sums = {**analytics.added_up(rows), "uncounted": rows.uncounted}
    return {"hours": hours, **sums, "live": await LiveStats().read()}


@router.get("/messages/export", tags=["messages"], summary="Download the log")
async def export_messages(
    request: HttpRequest,
    filters: Query[MessageFilter],
    format: Download = DOWNLOAD,
):
    """All messages of the filter, oldest first, as JSON lines or CSV."""
    known("format", format, exporting.FORMATS, needed=True)
    wanted = await _wanted(request, filters)
    body = exporting.messages(history.each(async_database(), wanted), wanted, format)
    return tables.download(body, "messages", format)


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


@router.get(
    "/transactions", response=TransactionPage, tags=["transactions"], summary="Sessions",
    openapi_extra=tables.ALSO_CSV,
)  # fmt: skip
async def list_transactions(
    request: HttpRequest,
    filters: Query[TransactionFilter],
    limit: int = Query(50, ge=1, le=500),
    cursor: str = "",
    format: tables.Format = tables.FORMAT,
):
    """Sessions by filter, newest first, in pages; or all of them as CSV."""
    low, high = _span(filters)
    match = filters.match()
    if cursor and not sessions.is_cursor(cursor):
        raise ApiError("bad_cursor", "Give as cursor what `next` of the last page said.", 422)
    where = {"low": low, "high": high, "cursor": cursor}
    if tables.is_csv(request, format):
        found = sessions.each(async_database(), match, **where)
        return tables.download(exporting.of_sessions(found, "csv", tables.MOST), "sessions")
    page, following = await sessions.read_page(async_database(), match, limit=limit, **where)
    return {"items": [sessions.item(made) for made in page], "next": following}


@router.get("/transactions/export", tags=["transactions"], summary="Download sessions")
async def export_transactions(
    request: HttpRequest,
    filters: Query[TransactionFilter],
    format: Download = DOWNLOAD,
):
    """All sessions of the filter, newest first, as JSON lines or CSV, without meter values."""
    known("format", format, exporting.FORMATS, needed=True)
    low, high = _span(filters)
    found = sessions.each(async_database(), filters.match(), low=low, high=high)
    return tables.download(exporting.of_sessions(found, format), "sessions", format)


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


@router.get(
    "/transactions/{session_id}/signed", response=SignedValues, tags=["transactions"],
    summary="Signed values",
)  # fmt: skip
async def signed_values(request: HttpRequest, session_id: str):
    """The signed meter values in a session's messages, each with what a check of its signature
    says. OCMF and Alfen's form are checked, by the key that came with the value or with another of
    the same meter."""
    found = await sessions.read_one(async_database(), session_id)
    if found is None:
        raise ApiError("transaction_not_found", "There is no session of this id.", 404)
    made, room = found[0], timedelta(seconds=60)
    wanted = history.Wanted(
        stations=(made["station"],), direction="sent", kinds=("Call",), actions=METERED,
        start=made["started"] - room, end=made["ended"] + room if made.get("ended") else None,
    )  # fmt: skip
    own, looked_at = [], 0
    async for page in history.each(async_database(), wanted):
        items = [document_item(one) for one in page]
        own += [one for one in items if signatures.is_of(str(made["transaction_id"]), one)]
        looked_at += len(page)
        if looked_at >= MOST_LOOKED_AT:
            break
    values = signatures.values_of(own)
    checks = Counter(each["check"] for each in values)
    return {"items": values, "checks": checks, "whole": looked_at < MOST_LOOKED_AT}


@router.get("/analytics/messages", response=dict, tags=["analytics"], summary="Messages")
async def analytics_messages(request: HttpRequest, hours: int = Hours):
    """Totals by direction, kind and action, and a series. `uncounted`: of the last
    minutes, where they had very many messages, at least so many are not in them yet."""
    return await analytics.messages(async_database(), hours)


@router.get("/analytics/transactions", response=dict, tags=["analytics"], summary="Sessions")
async def analytics_transactions(request: HttpRequest, hours: int = Hours):
    """Sessions, energy and reasons, by day; of many as of the last minute."""
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

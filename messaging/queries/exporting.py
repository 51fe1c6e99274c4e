"""The log and its sessions as downloads: JSON lines or CSV, streamed, a page held at a time."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable

from messaging.masking import shown
from messaging.queries import sessions
from messaging.queries.history import Wanted
from messaging.rows import document_item
from runtime import spreadsheets

COLUMNS = (
    "id", "time", "station", "run", "seq", "direction", "kind", "action", "uid", "latency",
    "error", "mark", "cause", "bytes", "text",
)  # fmt: skip
SESSION_COLUMNS = (
    "id", "station", "connector", "evse", "ocpp", "transaction_id", "id_tag", "state", "started",
    "ended", "reason", "meter_start", "meter_stop", "energy_wh",
)  # fmt: skip
FORMATS = ("jsonl", "csv")


def items_of(documents: Iterable[dict], wanted: Wanted) -> list[dict]:
    """Messages as the API tells them, masked where that is wanted."""
    items = [document_item(made) for made in documents]
    return shown(items, wanted.text) if wanted.masks else items


async def messages(
    pages: AsyncIterable[list[dict]], wanted: Wanted, form: str, most: int | None = None
) -> AsyncIterator[bytes]:
    """The file of messages by pages of their documents."""
    items = (items_of(page, wanted) async for page in pages)
    async for part in spreadsheets.rows(COLUMNS, items, form, most):
        yield part


async def of_sessions(
    pages: AsyncIterable[list[dict]], form: str, most: int | None = None
) -> AsyncIterator[bytes]:
    """The file of sessions, without their meter values, by pages of their documents."""
    items = ([sessions.item(made) for made in page] async for page in pages)
    async for part in spreadsheets.rows(SESSION_COLUMNS, items, form, most):
        yield part

"""/api/crafter: frames of one's own, sent to one station or many; and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from bson import ObjectId
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.error_handlers import CORRECT, model_fields
from accounts.errors import REFUSED, ApiError
from accounts.parameters import word_of
from accounts.schemas import ErrorOut
from accounts.secrecy import asker_sees_secrets
from messaging.masking import masked_error
from messaging.rights import PART as MESSAGES
from stations.api.lookup import cut_page, page_limit, text_of
from stations.configuration.validation import OCPP_VERSIONS
from stations.crafter import keeping, sending
from stations.crafter.schemas import (
    SavedFile,
    SavedImportedOut,
    SavedIn,
    SavedOut,
    SavedPage,
    SendIn,
    SentDetail,
    SentPage,
)
from stations.crafter.tables import SavedRequest, SentRequest
from stations.rights import VIEW_MESSAGES

router = Router(tags=["crafter"])
Existing = word_of(*keeping.ON_EXISTING)
ERRORS = {REFUSED: ErrorOut}


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise ApiError("invalid", CORRECT, 422, model_fields(error)) from error
    except sending.NotSent as error:
        raise ApiError("invalid", CORRECT, 422, error.fields) from error


def _id_of(text: str) -> ObjectId | None:
    return ObjectId(text) if ObjectId.is_valid(text) else None


# --- saved requests


def _saved(row: SavedRequest, owner: str) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in keeping.FIELDS}
    return {"id": str(row.pk), "mine": row.owner == owner, "updated": row.updated, **values}


def _own_or_404(owner: str, wanted: str) -> SavedRequest:
    row = SavedRequest.objects.filter(owner=owner, pk=_id_of(wanted)).first()
    if row is None:
        sentence = "You have no such request: see GET /api/crafter/requests."
        raise ApiError("request_not_found", sentence, 404)
    return row


@router.get("/crafter/requests", response={200: SavedPage} | ERRORS)
def list_saved(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(200)):
    """One's own requests and those that others share, the oldest first."""
    owner = keeping.owner_of(request.auth)
    rows = keeping.saved_of(owner).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=_cursor(cursor))
    found, following = cut_page(rows[: limit + 1], limit, "pk")
    return {"items": [_saved(row, owner) for row in found], "next": following}


def _cursor(text: str) -> ObjectId:
    last = _id_of(text_of(text))
    if last is None:
        raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
    return last


@router.post("/crafter/requests", response={201: SavedOut} | ERRORS)
def save_request(request: HttpRequest, body: SavedIn):
    """Keep a request under a name, in a folder; shown to others only where it is `shared`."""
    owner = keeping.owner_of(request.auth)
    with told():
        return Status(201, _saved(keeping.save_new(owner, body.dict()), owner))


@router.get("/crafter/requests/export", response={200: SavedFile} | ERRORS)
def export_saved(request: HttpRequest):
    """One's own requests, as `crafter/requests/import` takes them."""
    owner = keeping.owner_of(request.auth)
    rows = SavedRequest.objects.filter(owner=owner).order_by("folder", "name")
    return {"requests": [{name: getattr(row, name) for name in keeping.FIELDS} for row in rows]}


@router.post("/crafter/requests/import", response={200: SavedImportedOut} | ERRORS)
def import_saved(request: HttpRequest, body: SavedFile, on_existing: Existing = "skip"):
    """All or none. `on_existing`: skip, replace or fail, where one has a request of the name."""
    if on_existing not in keeping.ON_EXISTING:
        sentence = f"Choose one of {', '.join(keeping.ON_EXISTING)}."
        raise ApiError("invalid", sentence, 422, {"on_existing": sentence})
    values = [each.dict() for each in body.requests]
    with told():
        return keeping.import_all(keeping.owner_of(request.auth), values, on_existing)


@router.put("/crafter/requests/{kept}", response={200: SavedOut} | ERRORS)
def replace_saved(request: HttpRequest, kept: str, body: SavedIn):
    """Replace one of one's own."""
    owner = keeping.owner_of(request.auth)
    row = _own_or_404(owner, kept)
    with told():
        keeping.checked(row, body.dict()).save()
    return _saved(row, owner)


@router.delete("/crafter/requests/{kept}", response={204: None} | ERRORS)
def delete_saved(request: HttpRequest, kept: str):
    """Delete one of one's own."""
    _own_or_404(keeping.owner_of(request.auth), kept).delete()
    return Status(204, None)


# --- sending


def _sent(row: SentRequest) -> dict[str, Any]:
    return {
        "id": str(row.pk), "time": row.time, "version": row.version, "action": row.action,
        "frame": row.frame, "text": row.text, "target": row.target, "stations": len(row.results),
        "sent": sum(1 for each in row.results if not each["error"]), "answered": len(row.answers),
    }  # fmt: skip


async def _detail(request: HttpRequest, row: SentRequest) -> dict[str, Any]:
    """With the answers, for who may see messages."""
    answers: dict[str, dict[str, Any]] = {}
    if sees := await sync_to_async(MESSAGES.may)(request, VIEW_MESSAGES):
        bare = await asker_sees_secrets(request)
        for each in await sending.answered(row):
            error = each["error"] if bare else masked_error(each["error"], each["action"])
            answers[each["station"]] = {
                "id": each["id"], "kind": each["kind"], "error": error,
                "latency_ms": each["latency"],
            }  # fmt: skip
    results = [
        {"station": each["station"], "unique_id": each["uid"], "error": each["error"],
         "answer": answers.get(each["station"])}
        for each in row.results
    ]  # fmt: skip
    open_ones = [each for each in results if each["unique_id"] and each["answer"] is None]
    waiting = len(open_ones) if sees and sending.may_come(row) else 0
    return {**_sent(row), "waiting": waiting, "results": results}


def _meant(body: SendIn) -> dict[str, Any]:
    if (body.text is None) == (body.action is None):
        sentence = "Send either `text`, or `action` with `payload`."
        raise sending.NotSent({"text": sentence})
    if body.version and body.version not in OCPP_VERSIONS:
        raise sending.NotSent({"version": f"Choose a version of {', '.join(OCPP_VERSIONS)}."})
    rows = sending.meant(body.stations, body.tag, body.template)
    if body.every_ms * (len(rows) - 1) > sending.LONGEST_RAMP:
        seconds = sending.LONGEST_RAMP // 1000
        raise sending.NotSent({"every_ms": f"Let all be sent within {seconds} s."})
    return rows


@router.post("/crafter/sends", response={201: SentDetail} | ERRORS)
async def send_many(request: HttpRequest, body: SendIn):
    """Have stations send a frame of your own, valid or not; at most 500 at once.

    The answers are in GET /api/crafter/sends/{id} as they come.
    """
    with told():
        rows = await sync_to_async(_meant)(body)
    if body.text is not None:
        args: dict[str, Any] = {"text": body.text}
    else:
        payload = {} if body.payload is None else body.payload
        args = {"action": body.action, "payload": payload}
    began = datetime.now(UTC)
    results = await sending.send(rows, body.version, args, body.every_ms)
    row = SentRequest(
        owner=keeping.owner_of(request.auth), version=body.version, action=body.action or "",
        frame=body.text is not None, text=body.text or keeping.as_text(args["payload"]),
        target=body.dict(include={"stations", "tag", "template", "every_ms"}), results=results,
        time=began,
    )  # fmt: skip
    await sync_to_async(keeping.keep_sent)(row)
    return Status(201, await _detail(request, row))


@router.get("/crafter/sends", response={200: SentPage} | ERRORS)
def list_sent(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """What one has sent, newest first; the last 200 are kept."""
    rows = SentRequest.objects.filter(owner=keeping.owner_of(request.auth)).order_by("-pk")
    if cursor:
        rows = rows.filter(pk__lt=_cursor(cursor))
    found, following = cut_page(rows[: limit + 1], limit, "pk")
    return {"items": [_sent(row) for row in found], "next": following}


@router.get("/crafter/sends/{sent}", response={200: SentDetail} | ERRORS)
async def read_sent(request: HttpRequest, sent: str):
    """One of one's own, with what each station has sent and the answer to it."""
    owner = keeping.owner_of(request.auth)
    row = await SentRequest.objects.filter(owner=owner, pk=_id_of(sent)).afirst()
    if row is None:
        raise ApiError("sent_not_found", "You have sent nothing of this id.", 404)
    return await _detail(request, row)


@router.delete("/crafter/sends", response={204: None} | ERRORS)
def forget_sent(request: HttpRequest):
    """Forget what one has sent. The log keeps the messages."""
    keeping.forget_sent(keeping.owner_of(request.auth))
    return Status(204, None)

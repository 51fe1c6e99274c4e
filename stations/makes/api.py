"""/api/makes: what stations of one model do, as documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Body, Query, Router
from ninja.responses import Status

from accounts.auth import demand
from accounts.error_handlers import CORRECT
from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from chargepoint.make.schema import make_schema
from stations.api.documents import by_path
from stations.api.lookup import cut_page, page_limit, text_of
from stations.makes import changes, files
from stations.makes.schemas import (
    MakeCopyIn,
    MakeOut,
    MakePage,
    MakesImportedOut,
    MakesOut,
)
from stations.makes.tables import Make
from stations.rights import CHANGE_MAKE, PART

router = Router(tags=["makes"])
ERRORS = {REFUSED: ErrorOut}
Existing = word_of(*files.ON_EXISTING)
_DOCUMENT = Body(..., description="A make, as GET /api/make-schema has it")


@contextmanager
def told() -> Iterator[None]:
    """Refusals of a make as ApiErrors: those of a document by the paths of its fields."""
    try:
        yield
    except changes.MakeError as error:
        raise ApiError(error.code, str(error), 409) from error
    except files.MakesRefused as error:
        raise ApiError("import_refused", str(error), 422, error.fields) from error
    except ValidationError as error:
        raise ApiError("invalid", CORRECT, 422, by_path(error)) from error


def make_or_404(name: str) -> Make:
    """The row of a make. Raises ApiError 404."""
    row = Make.objects.filter(name=name).first()
    if row is None:
        sentence = f'There is no make "{name}": see GET /api/makes.'
        raise ApiError("make_not_found", sentence, 404)
    return row


def _shown(row: Make, stations: int) -> dict[str, Any]:
    names = ("name", "description", "vendor", "model", "versions", "shipped", "revision",
             "created", "updated", "document")  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"stations": stations}


def _one(row: Make) -> dict[str, Any]:
    return _shown(row, changes.used([row.name])[row.name])


@router.get("/makes", response={200: MakePage} | ERRORS)
def list_makes(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """Makes by name, a page at a time, without their documents."""
    after = text_of(cursor) if cursor else ""
    rows = list(Make.objects.order_by("name").filter(name__gt=after)[: limit + 1])
    page, following = cut_page(rows, limit, "name")
    counts = changes.used(row.name for row in page)
    return {"items": [_shown(row, counts[row.name]) for row in page], "next": following}


@router.post("/makes", response={201: MakeOut} | ERRORS)
def create_make(request: HttpRequest, body: dict[str, Any] = _DOCUMENT):
    """A make of one's own, by its document."""
    with told():
        return Status(201, _one(changes.create(body)))


@router.get("/makes/export", response={200: MakesOut} | ERRORS)
def export_makes(
    request: HttpRequest,
    name: list[str] = Query([], description="Names of makes; none: all"),  # noqa: B008
):
    """A file that `makes/import` takes."""
    rows = [make_or_404(each) for each in name] or list(Make.objects.order_by("name"))
    return files.export_document(rows)


_FILE = Body(..., description="A make, a list of makes, or an object with `makes`")


@router.post("/makes/import", response={200: MakesImportedOut} | ERRORS)
def import_makes(
    request: HttpRequest, body: dict[str, Any] | list[dict[str, Any]] = _FILE,
    on_existing: Existing = "fail", dry_run: bool = False,
):  # fmt: skip
    """All of the file or nothing. `on_existing`: fail, skip or update; stations that run take a
    make that is updated without a restart."""
    known("on_existing", on_existing, files.ON_EXISTING, needed=True)
    if on_existing == "update":
        demand(PART, request, CHANGE_MAKE)
    with told():
        outcomes = files.import_document(body, on_existing, dry_run)
    return {"dry_run": dry_run, "makes": outcomes}


@router.get("/makes/{make}", response={200: MakeOut} | ERRORS)
def read_make(request: HttpRequest, make: str):
    """One make with its document."""
    return _one(make_or_404(make))


@router.put("/makes/{make}", response={200: MakeOut} | ERRORS)
def replace_make(
    request: HttpRequest, make: str, body: dict[str, Any] = _DOCUMENT, revision: int | None = None
):
    """Another document under the same name. Its stations, also those that run, take it at once.

    With `revision`: only if the make is still that one (409).
    """
    row = make_or_404(make)
    with told():
        return _one(changes.replace(row, body, revision))


@router.delete("/makes/{make}", response={204: None} | ERRORS)
def delete_make(request: HttpRequest, make: str):
    """One that no station and no template is of; those that ship stay (409)."""
    row = make_or_404(make)
    with told():
        changes.delete(row)
    return Status(204, None)


@router.post("/makes/{make}/copy", response={201: MakeOut} | ERRORS)
def copy_make(request: HttpRequest, make: str, body: MakeCopyIn):
    """The same document under another name, to be changed."""
    row = make_or_404(make)
    with told():
        return Status(201, _one(changes.copy(row, body.name)))


@router.get("/make-schema", response={200: dict[str, Any]} | ERRORS)
def read_make_schema(request: HttpRequest):
    """The JSON schema of a make's document."""
    return make_schema()

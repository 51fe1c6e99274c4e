"""/api/behaviours: what stations do by themselves, until it is switched off."""

from __future__ import annotations

from django.db import IntegrityError
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from scenarios.api.lookup import behaviour_item, behaviour_or_404, scenario_or_404, told
from scenarios.api.schemas import BehaviourIn, BehaviourOut, BehaviourPage
from scenarios.engine.claims import nudge
from scenarios.models import Behaviour
from stations.api.lookup import cut_page, page_limit, text_of

router = Router(tags=["scenarios"])
ERRORS = {REFUSED: ErrorOut}


def _stored(row: Behaviour, body: BehaviourIn, **how: bool) -> dict:
    values = body.dict()
    row.scenario = scenario_or_404(values.pop("scenario"))
    for name, value in values.items():
        setattr(row, name, value)
    with told():
        row.full_clean(validate_unique=False)
    taken = Behaviour.objects.filter(name=row.name).exclude(pk=row.pk).exists()
    try:
        if taken:
            raise IntegrityError
        row.save(**how)
    except IntegrityError as error:
        sentence = "There is a behaviour of this name: choose another."
        raise ApiError("name_taken", sentence, 409, {"name": sentence}) from error
    nudge()
    return behaviour_item(row)


@router.get("/behaviours", response={200: BehaviourPage} | ERRORS)
def list_behaviours(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """Behaviours by name, a page at a time."""
    rows = Behaviour.objects.select_related("scenario").order_by("name")
    if cursor:
        rows = rows.filter(name__gt=text_of(cursor))
    found, following = cut_page(rows[: limit + 1], limit, "name")
    return {"items": [behaviour_item(row) for row in found], "next": following}


@router.post("/behaviours", response={201: BehaviourOut} | ERRORS)
def create_behaviour(request: HttpRequest, body: BehaviourIn):
    """It begins within seconds, and again after an end or a restart, until it is disabled."""
    return Status(201, _stored(Behaviour(), body, force_insert=True))


@router.get("/behaviours/{behaviour}", response={200: BehaviourOut} | ERRORS)
def read_behaviour(request: HttpRequest, behaviour: str):
    """One behaviour, and whether it runs."""
    return behaviour_item(behaviour_or_404(behaviour))


@router.put("/behaviours/{behaviour}", response={200: BehaviourOut} | ERRORS)
def replace_behaviour(request: HttpRequest, behaviour: str, body: BehaviourIn):
    """What runs by it ends, and begins anew as it is now."""
    return _stored(behaviour_or_404(behaviour), body, force_update=True)


@router.delete("/behaviours/{behaviour}", response={204: None} | ERRORS)
def delete_behaviour(request: HttpRequest, behaviour: str):
    """What runs by it ends."""
    behaviour_or_404(behaviour).delete()
    nudge()
    return Status(204, None)

"""/api/questions: what runs under way ask a person, and the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bson import ObjectId
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from scenarios import asking
from scenarios.api.lookup import question_or_404
from scenarios.engine.claims import nudge
from scenarios.models import Question
from stations.api.lookup import cut_page, page_limit, text_of
from stations.api.schemas import StrictIn

router = Router(tags=["scenarios"])
ERRORS = {REFUSED: ErrorOut}


class QuestionOut(Schema):
    id: str
    kind: Literal["execution", "suite-run"]
    run: str = Field(description="id of the execution, or of the suite's run")
    station: str
    text: str
    asked: datetime
    until: datetime = Field(description="When the step gives up")


class QuestionPage(Schema):
    items: list[QuestionOut]
    next: str | None


class QuestionAnswerIn(StrictIn):
    done: bool = Field(True, description="false: it could not be done, and the step fails")
    why: str = Field("", max_length=asking.MOST_WHY, description="What went wrong, where it did")


def _item(row: Question) -> dict:
    names = ("kind", "run", "station", "text", "asked", "until")
    return {name: getattr(row, name) for name in names} | {"id": str(row.pk)}


@router.get("/questions", response={200: QuestionPage} | ERRORS)
def list_questions(
    request: HttpRequest,
    run: str = "",
    cursor: str | None = None,
    limit: int = page_limit(100),
):
    """What waits for a person now, the oldest first. `run`: id of an execution or a suite's run."""
    rows = Question.objects.filter(answered=None).order_by("pk")
    if run:
        rows = rows.filter(run=run)
    if cursor:
        last = text_of(cursor)
        if not ObjectId.is_valid(last):
            raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
        rows = rows.filter(pk__gt=ObjectId(last))
    found, following = cut_page(rows[: limit + 1], limit, "pk")
    return {"items": [_item(row) for row in found], "next": following}


@router.post("/questions/{question}/answer", response={204: None} | ERRORS)
def answer_question(request: HttpRequest, question: str, body: QuestionAnswerIn):
    """The step goes on, or fails with what went wrong. 409 once it does not wait any more."""
    row = question_or_404(question)
    if not body.done and not body.why.strip():
        sentence = "Say what went wrong."
        raise ApiError("invalid", sentence, 422, {"why": sentence})
    try:
        asking.answer(row, "" if body.done else body.why.strip(), request.auth.get_username())
    except asking.Gone as error:
        raise ApiError("gone", str(error), 409) from error
    nudge()
    return Status(204, None)

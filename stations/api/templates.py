"""/api/templates: designs that stations are made from."""

from __future__ import annotations

from django.db import IntegrityError
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from stations.api.lookup import cut_page, page_limit, template_or_404, text_of, told
from stations.api.schemas import TemplateChange, TemplateIn, TemplateOut, TemplatePage
from stations.models import Template

router = Router(tags=["templates"])


def _save(template: Template, **how: bool) -> Template:
    with told():
        template.full_clean()
    try:
        template.save(**how)
    except IntegrityError as error:
        sentence = "There is a template of this name: choose another."
        raise ApiError("name_taken", sentence, 409, {"name": sentence}) from error
    return template


@router.get("/templates", response={200: TemplatePage, REFUSED: ErrorOut})
def list_templates(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """Templates by name, a page at a time."""
    after = text_of(cursor) if cursor else ""
    rows = list(Template.objects.order_by("name").filter(name__gt=after)[: limit + 1])
    page, following = cut_page(rows, limit, "name")
    return {"items": page, "next": following}


@router.post("/templates", response={201: TemplateOut, REFUSED: ErrorOut})
def create_template(request: HttpRequest, body: TemplateIn):
    """Make a template; what is left out has its default."""
    return Status(201, _save(Template(**body.dict(exclude_unset=True)), force_insert=True))


@router.get("/templates/{template}", response={200: TemplateOut, REFUSED: ErrorOut})
def read_template(request: HttpRequest, template: str):
    """One template, by its name."""
    return template_or_404(template)


@router.put("/templates/{template}", response={200: TemplateOut, REFUSED: ErrorOut})
def replace_template(request: HttpRequest, template: str, body: TemplateIn):
    """What is left out goes back to its default. Stations made before do not change."""
    row = template_or_404(template)
    fresh = Template(**body.dict(exclude_unset=True), pk=row.pk, created=row.created)
    fresh._state.adding = False
    return _save(fresh, force_update=True)


@router.patch("/templates/{template}", response={200: TemplateOut, REFUSED: ErrorOut})
def change_template(request: HttpRequest, template: str, body: TemplateChange):
    """Change the fields that are sent. Stations made before do not change."""
    row = template_or_404(template)
    sent = body.dict(exclude_unset=True)
    for name, value in sent.items():
        setattr(row, name, value)
    with told():
        row.full_clean()
    # Only these columns: a change of others at the same time is not undone.
    row.save(update_fields=[*sent, "updated"])
    return row


@router.delete("/templates/{template}", response={204: None, REFUSED: ErrorOut})
def delete_template(request: HttpRequest, template: str):
    """Stations made from it stay as they are."""
    template_or_404(template).delete()
    return Status(204, None)

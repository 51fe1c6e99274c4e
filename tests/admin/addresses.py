"""Every address below /admin/, out of the URL patterns, and what a user is to find there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver

from emulator.rights import TABLE
from stations.many import jobs

ROOT = "admin/"
FOUND, REFUSED, MISSING = 200, 403, 404
LOGIN = "/admin/login/"
# Pages of the site itself: what a staff member gets, whatever his rights.
SITE_PAGES = {
    "index": FOUND, "password_change": FOUND, "password_change_done": FOUND,
    "jsi18n": FOUND, "search": FOUND, "login": FOUND, "logout": FOUND,
    None: MISSING,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An address, and the page's name: of a model's page without the model."""

    address: str
    page: str | None
    model: type[Model] | None = None
    label: str = ""

    def status_for(self, request: HttpRequest) -> int:
        """For a staff member. Raises KeyError for a page that the table of rights lacks."""
        if self.label:
            return FOUND if _sees_any(self.label, request) else MISSING
        if self.model is None and self.page in SITE_PAGES:
            return SITE_PAGES[self.page]
        right = TABLE.pages[self.name]
        # What nobody may make, as the executions, and users, which only those make who may
        # change them too, is for the page to say.
        shown = admin.site._registry.get(self.model)
        if self.page == "add" and not shown.has_add_permission(request):
            return REFUSED
        return FOUND if TABLE.may(request, right) else REFUSED

    @property
    def name(self) -> str:
        """Of the URL pattern, as the table of rights has it."""
        if self.model is None:
            return f"admin:{self.page}" if self.page in SITE_PAGES else self.page
        meta = self.model._meta
        page = self.page or "changelist"  # the address of a row leads to it
        return f"admin:{meta.app_label}_{meta.model_name}_{page}"


def _sees_any(label: str, request: HttpRequest) -> bool:
    shown = [a for model, a in admin.site._registry.items() if model._meta.app_label == label]
    return any(one.has_view_permission(request) or one.has_add_permission(request) for one in shown)


def places(every_row: bool) -> list[Place]:
    """All of them; the change pages of every row, or of one a model as the other pages are."""
    return [*_walk(get_resolver(), "", None if every_row else 1), *_autocompletes()]


def _walk(resolver: URLResolver, prefix: str, most: int | None) -> Iterator[Place]:
    for pattern in resolver.url_patterns:
        route = prefix + _route(pattern)
        if not (route or ROOT).startswith(ROOT):
            continue
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route, most)
        elif route.startswith(ROOT) and pattern.name != "autocomplete":
            yield from _filled(pattern, "/" + route, most)


def _route(pattern: URLPattern | URLResolver) -> str:
    return str(pattern.pattern).removeprefix("^").removesuffix("$")


def _filled(pattern: URLPattern, route: str, most: int | None) -> Iterator[Place]:
    """The pattern with rows, labels and so on in the place of its parameters."""
    if "(?P<app_label>" in route:
        for label in sorted({model._meta.app_label for model in admin.site._registry}):
            yield Place(f"/admin/{label}/", pattern.name, label=label)
        return
    route = route.replace("(?P<url>.*)", "no/such/page").replace("<str:session_id>", "s1")
    if "<str:job>" in route:
        route = route.replace("<str:job>", jobs.newest(1)[0].id)
    model = _model_of(route)
    if model is None:
        yield Place(route + ("?s=a" if pattern.name == "search" else ""), pattern.name)
        return
    page = (pattern.name or "").removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
    if "<" not in route:
        yield Place(route, page, model)
        return
    head, rest = route.split("<", 1)
    tail = rest.split(">", 1)[1]
    for row in itertools.islice(model._default_manager.all(), most if page == "change" else 1):
        yield Place(f"{head}{row.pk}{tail}", page, model)


def _model_of(route: str) -> type[Model] | None:
    for model in admin.site._registry:
        if route.startswith(f"/{ROOT}{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    return None


def _autocompletes() -> Iterator[Place]:
    """For each foreign key to a model that can be searched."""
    for model in admin.site._registry:
        for field in model._meta.fields:
            there = admin.site._registry.get(field.related_model)
            if isinstance(field, ForeignKey) and there is not None and there.search_fields:
                asked = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
                address = f"/admin/autocomplete/?{asked}&field_name={field.name}&term=a"
                yield Place(address, "changelist", field.related_model)

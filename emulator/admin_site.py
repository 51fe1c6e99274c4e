"""The admin site: django-unfold's, without what cannot work or would answer 500."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.actions import delete_selected as delete_found
from django.core.paginator import InvalidPage
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from unfold.sites import UnfoldAdminSite


@admin.action(permissions=["delete"], description=delete_found.short_description)
def delete_selected(model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet) -> Any:
    """Of rows found by their ids: MongoDB deletes by no query that joined another collection."""
    keys = list(queryset.values_list("pk", flat=True))
    plain = queryset.model._default_manager.filter(pk__in=keys)
    return delete_found(model_admin, request, plain)


class EmulatorAdminSite(UnfoldAdminSite):
    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._actions = {"delete_selected": delete_selected}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Without `r/<type>/<id>/`: no row has a page outside, and it stumbles over ids."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """By POST, as the button sends it; who types the address gets no blank page."""
        if request.method == "GET":
            return redirect("admin:index")
        return super().logout(request, extra_context)

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        try:
            return super().search(request, extra_context)
        except (ValueError, InvalidPage):  # ?page= is anything
            raise Http404 from None

    def look(self, request: HttpRequest) -> dict[str, Any]:
        """Of `each_context` what a page needs for its looks alone; reads no store."""
        return {
            "site_title": self._get_config("SITE_TITLE", request),
            "site_symbol": self._get_config("SITE_SYMBOL", request),
            "site_favicons": self._get_favicons("SITE_FAVICONS", request),
            "theme": self._get_config("THEME", request),
            "border_radius": self._get_config("BORDER_RADIUS", request),
            "colors": self._get_colors("COLORS", request),
            "styles": self._get_list("STYLES", request),
        }

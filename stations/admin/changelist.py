"""The list of stations with what is read beside its rows, once a page."""

from __future__ import annotations

from hashlib import sha256

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.views import ChangeList

from stations.models import Station, Template
from stations.state.complaints import why
from stations.state.live import live_states
from stations.state.roster import identities, match_of, number_of_all

MANY = 1000  # stations from which on a list is made by identities
KEPT = 5  # seconds that they are kept, for the next page of it


class QuickPaginator(Paginator):
    """Of a large fleet the identities that a filter finds are asked for at once: they are the
    count, and each page is read by the index."""

    @cached_property
    def count(self) -> int:
        """How many rows."""
        if not self.object_list.query.where:
            return self._all
        return super().count if self._names is None else len(self._names)

    def page(self, number: int) -> Page:
        """That page. Raises InvalidPage."""
        number = self.validate_number(number)
        order = next(iter(self.object_list.query.order_by), "")
        if self._names is None or order not in ("identity", "-identity"):
            return super().page(number)
        first = (number - 1) * self.per_page
        names = self._names if order == "identity" else self._names[::-1]
        wanted = names[first : first + self.per_page]
        rows = Station.objects.filter(identity__in=wanted).order_by(order)
        return self._get_page(rows, number, self)

    @cached_property
    def _all(self) -> int:
        return number_of_all()

    @cached_property
    def _names(self) -> list[str] | None:
        """In their order; None for a fleet that is small."""
        if self._all < MANY:
            return None
        match = match_of(self.object_list)
        if match is None:
            return []
        return cache.get_or_set(
            f"stations-{self._all}-{sha256(repr(match).encode()).hexdigest()}",
            lambda: identities(match), KEPT,
        )  # fmt: skip


class LiveChangeList(ChangeList):
    """Puts `.live` on the rows of the page: one read of Redis."""

    def get_results(self, request: HttpRequest) -> None:
        """As Django has it; with each station's state and ailments, read for the whole page at
        once."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        states = live_states(self.result_list)
        for station in self.result_list:
            station.live = states[station.identity]
        sick = why(self.result_list)
        # Not by a join, which the store would make of every row before it takes a page.
        wanted = {station.template_id for station in self.result_list} - {None}
        names = dict(Template.objects.filter(pk__in=wanted).values_list("pk", "name"))
        for station in self.result_list:
            station.why = sick[station.identity]
            station.template_name = names.get(station.template_id, "")

    def url_for_result(self, result: Station) -> str:
        """Life comes first; its other tab are the settings."""
        return reverse("admin:stations_station_life", args=[result.pk])

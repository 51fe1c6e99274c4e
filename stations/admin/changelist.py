"""The list of stations with what is read beside its rows, once a page."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.views import ChangeList

from stations.models import Station, Template
from stations.orders import named
from stations.roster.asking import ordered, rows_of
from stations.roster.kept import A_LOOK, Row
from stations.state.complaints import why
from stations.state.live import live_states

A_PAGE = 50  # rows that the store is asked for at once


class QuickPaginator(Paginator):
    """Counts, filters and orders by the roster, and reads the rows of a page alone."""

    @cached_property
    def count(self) -> int:
        """How many rows."""
        return len(self._found)

    def page(self, number: int) -> Page:
        """That page. Raises InvalidPage."""
        number = self.validate_number(number)
        found = self._in_order
        if found is None:
            return super().page(number)
        first = (number - 1) * self.per_page
        return self._get_page(_rows(found[first : first + self.per_page]), number, self)

    def everything(self) -> list[Station]:
        """All rows."""
        found = self._in_order
        return list(self.object_list) if found is None else _rows(found)

    @cached_property
    def _found(self) -> list[Row]:
        return rows_of(self.object_list, A_LOOK)

    @property
    def _in_order(self) -> Sequence[Row] | None:
        """In the list's order; None where the store alone knows it."""
        return ordered(self._found, self.object_list.query.order_by or ("identity",))


def _rows(chosen: Sequence[Row]) -> list[Station]:
    """In this order; those that there are."""
    names = [row["identity"] for row in chosen]
    found = {
        row.identity: row
        for part in named.parts(names, A_PAGE)
        for row in Station.objects.filter(identity__in=part)
    }
    return [found[name] for name in names if name in found]


class LiveChangeList(ChangeList):
    """Puts `.live` on the rows of the page: one read of Redis."""

    def get_results(self, request: HttpRequest) -> None:
        """As Django has it; with each station's state and ailments, read for the whole page at
        once."""
        super().get_results(request)
        # What fits on one page Django would ask the store for by the filter, of all its rows.
        if isinstance(self.result_list, QuerySet) and isinstance(self.paginator, QuickPaginator):
            self.result_list = self.paginator.everything()
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

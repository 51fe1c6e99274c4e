"""The list of stations with what is read beside its rows, once a page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.views import ChangeList

from stations.models import Station, Template
from stations.state.complaints import why
from stations.state.live import live_states


class QuickPaginator(Paginator):
    """Counts all stations by the collection's own count, and only a part of them one by one."""

    @cached_property
    def count(self) -> int:
        """How many rows: counted where the list is filtered, else the store's own estimate."""
        if self.object_list.query.where:
            return super().count
        return connection.get_collection(Station._meta.db_table).estimated_document_count()


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

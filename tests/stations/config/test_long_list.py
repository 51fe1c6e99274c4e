"""The list is made by the roster, and shows what the store's own pages would."""

from __future__ import annotations

import pytest
from django.core.paginator import Paginator
from django.urls import reverse

from stations.admin.changelist import QuickPaginator
from stations.models import Station
from stations.roster.asking import ordered

LIST = reverse("admin:stations_station_changelist")
QUERIES = (
    {}, {"p": 2}, {"p": 3}, {"o": "-2"}, {"o": "-2", "p": 2}, {"enabled__exact": 1, "p": 2},
    {"enabled__exact": 0}, {"ocpp_version": "2.1"}, {"vendor": "Other"}, {"q": "cp-1"},
    {"q": "nothing of that name"}, {"tag": "north", "p": 2}, {"o": "3"}, {"state": "stopped"},
    {"o": "-3", "p": 2}, {"o": "3.-2"}, {"template__isnull": "True"}, {"state": "charging"},
    {"all": ""}, {"running__exact": 1, "tag": "north"},
)  # fmt: skip


@pytest.fixture
def listed(admin_client, db, monkeypatch):
    monkeypatch.setattr("stations.admin.stations.StationAdmin.list_per_page", 5)
    monkeypatch.setattr("stations.admin.stations.StationAdmin.list_max_show_all", 8)
    for number in reversed(range(14)):
        Station.objects.create(
            identity=f"CP-{number:02}", csms_url="ws://h", enabled=number % 4 > 0,
            running=number % 3 == 0, vendor="Other" if number % 5 == 0 else "Volt",
            tags=["north"] if number % 2 else [], ocpp_version="2.1" if number > 11 else "1.6",
        )  # fmt: skip

    def listed(paginator: type, query: dict) -> tuple[int, list[str]]:
        monkeypatch.setattr("stations.admin.stations.StationAdmin.paginator", paginator)
        answer = admin_client.get(LIST, query)
        assert answer.status_code == 200, answer
        shown = answer.context["cl"]
        return shown.result_count, [station.identity for station in shown.result_list]

    return listed


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_each_page_is_as_the_store_has_it(listed, query):
    assert listed(QuickPaginator, query) == listed(Paginator, query)


def test_a_page_that_is_none_is_refused_alike(listed):
    for paginator in (QuickPaginator, Paginator):
        with pytest.raises(AssertionError):
            listed(paginator, {"p": 99})


def test_the_columns_that_can_be_ordered_by_need_no_store(listed, admin_client):
    shown = admin_client.get(LIST).context["cl"]
    for field in filter(None, map(shown.get_ordering_field, shown.list_display)):
        assert ordered([], (field, "-pk")) is not None, field


def test_one_that_was_just_made_is_in_the_list(listed, admin_client):
    listed(QuickPaginator, {})
    Station.objects.create(identity="CP-00A", csms_url="ws://h")
    shown = admin_client.get(LIST).context["cl"]
    assert [station.identity for station in shown.result_list][:2] == ["CP-00", "CP-00A"]

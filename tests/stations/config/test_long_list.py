"""The list of a large fleet is made by identities, and shows what the store's own pages show."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse

from stations.admin import changelist
from stations.models import Station

LIST = reverse("admin:stations_station_changelist")
QUERIES = (
    {}, {"p": 2}, {"p": 3}, {"o": "-2"}, {"o": "-2", "p": 2}, {"enabled__exact": 1, "p": 2},
    {"enabled__exact": 0}, {"ocpp_version": "2.1"}, {"vendor": "Other"}, {"q": "cp-1"},
    {"q": "nothing of that name"}, {"tag": "north", "p": 2}, {"o": "3"}, {"state": "stopped"},
    {"state": "charging"}, {"all": ""}, {"running__exact": 1, "tag": "north"},
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

    def listed(many: int, query: dict) -> tuple[int, list[str]]:
        monkeypatch.setattr(changelist, "MANY", many)
        cache.clear()
        answer = admin_client.get(LIST, query)
        assert answer.status_code == 200, answer
        shown = answer.context["cl"]
        return shown.result_count, [station.identity for station in shown.result_list]

    return listed


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_each_page_is_the_same_as_of_a_small_fleet(listed, query):
    assert listed(1, query) == listed(1000, query)


def test_a_page_that_is_none_is_refused_alike(listed):
    for many in (1, 1000):
        with pytest.raises(AssertionError):
            listed(many, {"p": 99})


def test_the_next_page_asks_for_no_identities_again(listed, admin_client, monkeypatch):
    asked = []
    real = changelist.identities
    monkeypatch.setattr(changelist, "identities", lambda match: asked.append(match) or real(match))
    listed(1, {"enabled__exact": 1})
    admin_client.get(LIST, {"enabled__exact": 1, "p": 2})
    assert asked == [{"enabled": True}]
    admin_client.get(LIST, {"enabled__exact": 0})
    assert asked[1:] == [{"enabled": False}]


def test_one_that_was_just_made_is_in_the_list(listed, admin_client):
    listed(1, {})
    Station.objects.create(identity="CP-00A", csms_url="ws://h")
    shown = admin_client.get(LIST).context["cl"]
    assert [station.identity for station in shown.result_list][:2] == ["CP-00", "CP-00A"]

"""Stations from a template in the background."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.core.exceptions import ValidationError

from stations.many import carrying, creating, jobs, regions
from stations.models import Station
from tests.stations.many.conftest import carry, results

CREATE = "jobs/create"


def order(**more):
    return {"template": "AC", "pattern": "CP-{n:04}", "count": 250} | more


def test_stations_are_made_as_they_were_asked_for(api, template):
    sent = order(
        first=10, name="Bay {n}", password="pw", tags=["x"], start=True, region="Germany",
        csms_urls=[{"url": "ws://a/ocpp", "share": 3}, {"url": "ws://b/ocpp"}],
    )  # fmt: skip
    status, job = api("POST", CREATE, sent)
    assert (status, job["state"], job["total"], job["done"]) == (202, "waiting", 250, 0), job
    told = [{"url": "ws://a/ocpp", "share": 3}, {"url": "ws://b/ocpp", "share": 1}]
    assert job["asked"]["csms_urls"] == told
    assert Station.objects.count() == 0
    carry(job["id"])
    status, job = api("GET", f"jobs/{job['id']}")
    assert (job["state"], job["counts"]["done"]) == ("done", 250)
    made = list(Station.objects.all())
    assert Counter(s.csms_url for s in made) == {"ws://a/ocpp": 188, "ws://b/ocpp": 62}
    assert [s.csms_url[5] for s in made[:8]] == ["a", "a", "b", "a"] * 2
    last = made[-1]
    assert (last.identity, last.name, last.tags, last.running) == (
        "CP-0259", "Bay 259", ["x"], True,
    )  # fmt: skip
    assert (last.vendor, last.template, last.read_secrets()[0]) == ("ABB", template, "pw")
    assert "pw" not in str(job)
    germany = regions.region_of("Germany")
    assert all(any(p.has((s.longitude, s.latitude)) for p in germany.polygons) for s in made)
    assert len({(s.latitude, s.longitude) for s in made}) > 200


def test_a_preview_makes_nothing_and_tells_what_would_be(api, template):
    sent = order(csms_urls=[{"url": "ws://a/x", "share": 1}, {"url": "ws://b/x", "share": 4}])
    status, told = api("POST", CREATE, sent, dry_run="true")
    assert (status, told["count"], told["identities"][0]) == (200, 250, "CP-0001"), told
    spread = {each["url"]: each["count"] for each in told["addresses"]}
    assert spread == {"ws://b/x": 200, "ws://a/x": 50}
    assert told["examples"][0]["latitude"] == 50
    assert jobs.table().count_documents({}) == Station.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"pattern": "CP"}, "pattern"), ({"count": 0}, "count"), ({"count": 50_001}, "count"),
     ({"pattern": "a,b{n}"}, "identity"), ({"region": "Atlantis"}, "region"),
     ({"region": "50, 8, 40, 9"}, "region"), ({"name": "{n}{n}"}, "pattern"),
     ({"csms_urls": [{"url": "http://h"}]}, "csms_url"),
     ({"csms_urls": [{"url": "ws://a"}, {"url": "ws://a"}]}, "csms_urls"),
     ({"csms_urls": [{"url": "ws://a", "share": 0}]}, "csms_urls"),
     ({"per_second": 0.01}, "per_second"), ({"per_second": -1}, "per_second")],
)  # fmt: skip
def test_bad_orders_are_refused_by_the_field(api, template, change, field):
    status, told = api("POST", CREATE, order() | change)
    assert status == 422, told
    assert any(field in name for name in told["fields"]), told
    assert jobs.table().count_documents({}) == 0


def test_none_is_made_where_one_exists_already(api, template, make_station):
    make_station("CP-0003")
    status, told = api("POST", CREATE, order())
    assert (status, told["code"]) == (409, "identity_taken")
    assert jobs.table().count_documents({}) == 0


def test_one_that_others_make_meanwhile_is_refused_by_itself(api, template, make_station):
    _, job = api("POST", CREATE, order(count=5))
    make_station("CP-0003", name="Mine")
    over = carry(job["id"])
    assert over.counts == {"done": 4, "refused": 1}
    assert results(job["id"])["CP-0003"] == ("refused", "This identity exists already.")
    assert Station.objects.get(identity="CP-0003").name == "Mine"


def test_one_that_comes_between_the_look_and_the_insert_too(api, template, monkeypatch):
    _, job = api("POST", CREATE, order(count=5))
    real = creating._inserted

    def late(stations):
        Station.objects.create(identity="CP-0003", csms_url="ws://h")
        return real(stations)

    monkeypatch.setattr(creating, "_inserted", late)
    assert carry(job["id"]).counts == {"done": 4, "refused": 1}
    assert Station.objects.count() == 5


def test_a_slice_that_is_done_again_makes_nothing_twice(api, template, clock):
    _, job = api("POST", CREATE, order(count=5, region="10, 10, 11, 11"))
    claimed = jobs.claim(job["id"], 0, carrying.LEASE)
    jobs.begin(claimed, 5)
    creating.Creating(claimed.read_arguments()).do(claimed, list(jobs.stations_of(claimed.id)))
    before = list(Station.objects.values_list("pk", "latitude"))
    assert len(before) == 5
    clock(carrying.LEASE + 1)
    assert carry(job["id"]).counts == {"done": 5}
    assert list(Station.objects.values_list("pk", "latitude")) == before


def test_the_design_is_the_one_that_was_asked_for(api, template):
    _, job = api("POST", CREATE, order(count=2))
    template.vendor = "Other"
    template.save()
    carry(job["id"])
    assert set(Station.objects.values_list("vendor", flat=True)) == {"ABB"}


def test_who_may_not_drive_starts_none(template, hot, django_user_model):
    from accounts.models import ApiToken
    from tests.stations.config.conftest import Api

    root = django_user_model.objects.create_superuser("root")
    _, token = ApiToken.objects.issue(root, "t", scopes=["read", "configure"])
    configures = Api(token)
    assert configures("POST", CREATE, order(count=1, start=True))[0] == 403
    assert configures("POST", CREATE, order(count=1))[0] == 202


def test_addresses_take_turns_by_their_shares():
    turns = creating.turns_of([("a", 2), ("b", 1), ("c", 1)])
    assert sorted(turns) == ["a", "a", "b", "c"]
    assert turns[0] == "a" and turns != ["a", "a", "b", "c"]
    assert creating.turns_of([]) == []


@pytest.mark.parametrize(
    ("country", "inside"),
    [("Fiji", lambda south, east: -21.5 < south < -12 and abs(east) > 176),
     # Its ring crosses 180 degrees at 65 to 71 north, where a leap would reach Greenland.
     ("Russia", lambda north, east: 41 < north < 82 and (east > 19 or east < -168)),
     ("Antarctica", lambda south, east: south < -60)],
)  # fmt: skip
def test_a_country_across_180_degrees_or_round_a_pole_has_its_own_ground(country, inside):
    region, dice = regions.region_of(country), random.Random(4)
    drawn = [region.draw(dice) for _ in range(300)]
    assert [place for place in drawn if not inside(*place)] == []
    assert all(-180 <= east < 180 for _, east in drawn)
    if country == "Fiji":
        assert {east > 0 for _, east in drawn} == {True, False}
    if country == "Antarctica":
        assert min(south for south, _ in drawn) < -84


def test_regions_are_countries_of_the_map_or_boxes():
    assert "Germany" in regions.countries() and len(regions.countries()) > 150
    for name in regions.countries():
        regions.region_of(name).draw(random.Random(1))
    for name in ("France", "norway", "Fiji", "Lesotho", "South Africa"):
        region = regions.region_of(name)
        latitude, longitude = region.draw(random.Random(1))
        assert any(p.has((longitude, latitude)) for p in region.polygons)
    lesotho, south_africa = regions.region_of("Lesotho"), regions.region_of("South Africa")
    inside = lesotho.draw(random.Random(3))
    # It lies within the other, which has a hole there.
    assert not any(p.has((inside[1], inside[0])) for p in south_africa.polygons)
    south, west = regions.region_of("10, 20, 11, 22").draw(random.Random(2))
    assert 10 <= south <= 11 and 20 <= west <= 22
    assert regions.region_of(" ") is None
    for wrong in ("Atlantis", "1,2,3", "nan,0,1,1", "0,0,95,1", "1,1,1,1"):
        with pytest.raises(ValidationError):
            regions.region_of(wrong)

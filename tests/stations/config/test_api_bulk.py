"""POST /api/stations/bulk: N stations from a template, all or none."""

import pytest
from django.core.exceptions import ValidationError

from stations.configuration import changes
from stations.models import Station, Template


@pytest.fixture
def template(db):
    return Template.objects.create(name="AC", csms_url="ws://h/ocpp", vendor="ABB", tags=["ac"])


def test_bulk(api, template):
    sent = {
        "template": "AC", "pattern": "CP-{n:04}", "count": 250, "first": 10, "name": "Bay {n}",
        "start": True, "password": "pw",
    }  # fmt: skip
    status, body = api("POST", "stations/bulk", sent)
    assert (status, body["created"]) == (201, 250), body
    assert body["identities"][:2] == ["CP-0010", "CP-0011"]
    last = Station.objects.get(identity="CP-0259")
    assert (last.vendor, last.tags, last.name, last.running) == ("ABB", ["ac"], "Bay 259", True)
    assert (last.template, last.read_secrets()[0]) == (template, "pw")


def test_none_of_them_if_one_is_taken(api, template, make_station):
    make_station("CP-3")
    sent = {"template": str(template.pk), "pattern": "CP-{n}", "count": 5}
    status, body = api("POST", "stations/bulk", sent)
    assert (status, body["code"]) == (409, "identity_taken")
    assert "CP-3" in body["message"]
    assert Station.objects.count() == 1


def test_an_identity_taken_during_the_insert_takes_all_out(template, hot):
    stations = [changes.from_template(template, f"CP-{n}") for n in range(3)]
    Station.objects.create(identity="CP-1", csms_url="ws://h")  # after the check would have been
    with pytest.raises(changes.IdentityTaken):
        changes.insert_all(stations)
    assert list(Station.objects.values_list("identity", flat=True)) == ["CP-1"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"pattern": "CP"}, "pattern"), ({"pattern": "{n}{n}"}, "pattern"),
     ({"pattern": "{n.__class__}"}, "pattern"), ({"count": 0}, "count"),
     ({"count": 10001}, "count"), ({"first": -1}, "first"), ({"pattern": "a,b{n}"}, "identity"),
     ({"csms_url": "http://h"}, "csms_url")],
)  # fmt: skip
def test_bad_orders_are_refused(api, template, change, field):
    sent = {"template": "AC", "pattern": "CP-{n}", "count": 2} | change
    status, body = api("POST", "stations/bulk", sent)
    assert (status, list(body["fields"])) == (422, [field]), body
    assert Station.objects.count() == 0


def test_patterns():
    assert changes.expand_pattern("CP-{n:03}", 2, 9) == ["CP-009", "CP-010"]
    assert changes.expand_pattern("{n}x", 1) == ["1x"]
    with pytest.raises(ValidationError):
        changes.expand_pattern("{n:d}", 1)

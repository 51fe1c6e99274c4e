"""/api/templates."""

import pytest

from stations.models import Template

LEAST = {"name": "AC", "csms_url": "ws://h/ocpp"}


def test_life_of_a_template(api, make_station):
    status, made = api("POST", "templates", LEAST | {"tags": ["a"], "vendor": "ABB"})
    assert status == 201, made
    assert api("GET", f"templates/{made['id']}")[1] == made
    assert api("GET", "templates/AC")[1] == made
    status, body = api("PATCH", "templates/AC", {"vendor": "Siemens"})
    assert (status, body["vendor"], body["tags"]) == (200, "Siemens", ["a"])
    status, body = api("PUT", f"templates/{made['id']}", {"name": "AC2", "csms_url": "ws://x"})
    assert (status, body["name"], body["tags"], body["id"]) == (200, "AC2", [], made["id"])
    station = make_station("CP1", template=Template.objects.get(name="AC2"))
    assert api("DELETE", "templates/AC2") == (204, None)
    station.refresh_from_db()
    assert station.template_id is None
    assert api("GET", "templates/AC2")[0] == 404


def test_pages(api):
    for name in "abc":
        Template.objects.create(name=name, csms_url="ws://h")
    _, first = api("GET", "templates", limit=2)
    _, second = api("GET", "templates", limit=2, cursor=first["next"])
    assert [t["name"] for t in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next"] is None


def test_a_template_is_checked_as_a_station_is(api):
    status, body = api("POST", "templates", {"name": "x", "csms_url": "http://h"})
    assert (status, list(body["fields"])) == (422, ["csms_url"])
    assert api("POST", "templates", LEAST)[0] == 201
    status, body = api("POST", "templates", LEAST)
    assert (status, list(body["fields"])) == (422, ["name"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "\ud800"), ("vendor", "\ud800"), ("tags", ["\ud800"]),
        ("configuration", {"a\0b": "c"}), ("configuration", {"a": "\ud800"}),
    ],
)  # fmt: skip
def test_what_no_document_can_hold_is_refused_by_its_field(api, field, value):
    template = {"name": "T", "csms_url": "ws://127.0.0.1:9000/ocpp"} | {field: value}
    status, body = api("POST", "templates", template)
    (named,) = body["fields"]  # and where in it
    assert (status, named.partition(".")[0]) == (422, field)
    groups = [{"name": "\ud800", "tags": ["a"]}]
    document = {"stations": [], "templates": [template], "tag_groups": groups}
    status, body = api("POST", "stations/import", document)
    assert (status, set(body["fields"])) == (422, {f"templates[0].{field}", "tag_groups[0].name"})

"""The station list of the admin: cells, filters, actions, the JSON that keeps it fresh."""

import json

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiToken
from stations.models import Station, TagGroup, Template
from tests.admin.html import Page
from tests.stations.config.conftest import Api
from tests.stations.many.conftest import carry

LIST = "admin:stations_station_changelist"


@pytest.fixture
def admin(user, hot) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(answer) -> list[str]:
    assert answer.status_code == 200
    return [station.identity for station in answer.context["cl"].result_list]


def act(admin: Client, action: str, *identities: str) -> list[str]:
    """The messages that an action left."""
    keys = [str(Station.objects.get(identity=name).pk) for name in identities]
    answer = admin.post(reverse(LIST), {"action": action, "_selected_action": keys})
    assert answer.status_code in (200, 302)
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_the_list_shows_live_state(admin, make_station, set_state, sign):
    sign()
    make_station("CP1", name="Entrance", running=True)
    make_station("CP2")
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 11040})
    page = admin.get(reverse(LIST)).content.decode()
    for text in ("CP1", "Entrance", "Charging", "11.0 kW", "st-info", "Stopped"):
        assert text in page
    assert "/admin/live/?station=CP1" in page


def test_a_state_that_there_is_not_shows_no_station_and_says_so(admin, make_station):
    make_station("CP1")
    answer = admin.get(reverse(LIST), {"state": "bogus"})
    assert shown(answer) == []
    [told] = [str(message) for message in answer.context["messages"]]
    assert "no live state “bogus”" in told and "held back" in told
    assert shown(admin.get(reverse(LIST), {"state": "stopped"})) == ["CP1"]


def test_the_head_of_a_page_says_what_it_is(admin, make_station):
    for name, words in (("add", "Add station"), ("create_many", "Create many stations")):
        page = admin.get(reverse(f"admin:stations_station_{name}")).content.decode()
        assert f"data-title>{words}" in page
    assert "data-title" not in admin.get(reverse(LIST)).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(admin, make_station):
    make_station("CP0")
    admin.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        admin.get(reverse(LIST))
    for number in range(1, 40):
        make_station(f"CP{number}")
    with CaptureQueriesContext(connection) as many:
        assert len(shown(admin.get(reverse(LIST)))) == 40
    assert len(many) == len(few)
    assert sum("stations_station" in query["sql"] for query in many) <= 4


def test_filters(admin, make_station, set_state):
    make_station("A", running=True, tags=["north"])
    make_station("B", running=True, vendor="Siemens", ocpp_version="2.0.1", tags=["south"])
    make_station("C", enabled=False, tags=["east"])
    set_state("A")
    set_state("B", {"status": "Faulted"})
    TagGroup.objects.create(name="Poles", tags=["north", "south"])
    TagGroup.objects.create(name="Empty", tags=[])
    for query, wanted in [
        ("state=connected", ["A"]), ("state=faulted", ["B"]), ("state=disabled", ["C"]),
        ("state=charging", []), ("tag=south", ["B"]), ("tag_group=Poles", ["A", "B"]),
        ("tag_group=Empty", []), ("ocpp_version__exact=2.0.1", ["B"]), ("vendor=Siemens", ["B"]),
        ("q=siem", ["B"]), ("running__exact=1", ["A", "B"]), ("enabled__exact=0", ["C"]),
    ]:  # fmt: skip
        assert (query, shown(admin.get(f"{reverse(LIST)}?{query}"))) == (query, wanted)


def test_the_json_that_keeps_it_fresh(admin, make_station, set_state, sign):
    sign()
    make_station("CP1", running=True)
    make_station("CP2")
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 5000})
    url = reverse("admin:stations_station_live")
    with CaptureQueriesContext(connection) as queries:
        data = admin.get(url, {"ids": "CP1,CP2,gone"}).json()["stations"]
    assert set(data) == {"CP1", "CP2"}
    assert (data["CP1"]["text"], data["CP1"]["tone"], data["CP1"]["power_w"]) == (
        "Charging", "info", 5000,
    )  # fmt: skip
    assert data["CP1"]["connectors"][0]["status"] == "Charging"
    assert sum("stations_station" in query["sql"] for query in queries) == 1
    assert Client().get(url, {"ids": "CP1"}).status_code == 302


def test_start_and_stop(admin, make_station):
    make_station("A")
    make_station("B", running=True)
    make_station("C", enabled=False)
    said = act(admin, "start", "A", "B", "C")
    assert said[0].startswith("1 of 3 stations started.")
    assert [s.identity for s in Station.objects.runnable()] == ["A", "B"]
    act(admin, "stop", "A", "B")
    assert not Station.objects.runnable().exists()


@pytest.mark.parametrize("action", ["connect", "disconnect", "reset_soft", "reset_hard"])
def test_commands_tell_why_they_failed(admin, make_station, action):
    make_station("A", running=True)
    make_station("B", running=True)
    assert any("worker" in text for text in act(admin, action, "A", "B"))


def test_clone(admin, make_station):
    make_station("A", tags=["x"], password="pw")
    assert act(admin, "clone", "A") == ["Made A-copy."]
    copy = Station.objects.get(identity="A-copy")
    assert (copy.tags, copy.read_secrets()[0], copy.running) == (["x"], "pw", False)


def test_delete_selected(admin, make_station):
    make_station("A")
    make_station("B")
    key = str(Station.objects.get(identity="A").pk)
    sent = {"action": "delete_selected", "_selected_action": [key]}
    assert b"A" in admin.post(reverse(LIST), sent).content
    admin.post(reverse(LIST), sent | {"post": "yes"})
    assert [s.identity for s in Station.objects.all()] == ["B"]


def test_many_from_a_template(admin):
    template = Template.objects.create(name="T", csms_url="ws://h/ocpp", vendor="ABB")
    url = "/admin/stations/station/create-many/"
    assert admin.get(url).status_code == 200
    sent = {"template": str(template.pk), "pattern": "CP-{n:02}", "count": 12, "first": 1,
            "name": "Bay {n}", "csms_url": "", "password": "pw", "start": "on"}  # fmt: skip
    seen = admin.post(url, sent | {"preview": "1"}).content.decode()
    assert "12 stations would be made" in seen and "CP-04, CP-05 … CP-08, CP-09" in seen
    assert Station.objects.count() == 0
    asked = admin.post(url, sent)
    assert asked.status_code == 302
    carry(asked.url.rstrip("/").rpartition("/")[2])
    assert Station.objects.count() == 12
    last = Station.objects.get(identity="CP-12")
    assert (last.vendor, last.name, last.running) == ("ABB", "Bay 12", True)
    assert last.template == template
    again = admin.post(url, sent)
    assert "exist already" in again.context["form"].errors["pattern"][0]
    wrong = admin.post(url, sent | {"pattern": "a,b{n}", "csms_url": "http://x"})
    assert {"pattern", "csms_url"} <= set(wrong.context["form"].errors)
    assert Station.objects.count() == 12


def test_staff_without_the_right_sees_nothing(hot, make_station, django_user_model):
    make_station("A")
    client = Client()
    client.force_login(django_user_model.objects.create_user("bob", password="x", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("admin:stations_station_live"), {"ids": "A"}).status_code == 403
    assert client.post("/admin/stations/station/create-many/", {}).status_code == 403


def test_the_list_counts_all_and_parts(admin, make_station):
    for number in range(3):
        make_station(f"C{number}", vendor="ABB" if number else "Kempower")
    assert admin.get(reverse(LIST)).context["cl"].result_count == 3
    assert admin.get(reverse(LIST) + "?vendor=ABB").context["cl"].result_count == 2
    assert admin.get(reverse(LIST) + "?q=C0").context["cl"].result_count == 1


def test_a_station_that_is_held_back_is_shown_and_released(admin, make_station, set_state):
    make_station("CP1", running=True, held_back="2 workers ended")
    make_station("CP2", running=True)
    set_state("CP1", {"status": "Charging", "transaction": "7"})
    page = admin.get(reverse(LIST)).content.decode()
    assert "Held back" in page and "held back: 2 workers ended" in page
    assert shown(admin.get(reverse(LIST), {"state": "held back"})) == ["CP1"]
    station = Station.objects.get(identity="CP1")
    form = admin.get(reverse("admin:stations_station_life", args=[station.pk])).content.decode()
    assert 'data-command="release"' in form and "held back: 2 workers ended" in form
    note = "1 of 2 stations released. The others were not held back."
    assert act(admin, "release", "CP1", "CP2") == [note]
    assert Station.objects.get(identity="CP1").held_back == ""


def test_the_list_says_why_a_station_is_sick(admin, make_station, set_state, sign):
    sign()
    make_station("CP1", running=True)
    make_station("CP2")
    set_state("CP1", connected=False, link={"error": "refused: HTTP 401"})
    page = admin.get(reverse(LIST)).content.decode()
    assert page.count("Not connected: refused: HTTP 401") == 1

    def told() -> dict:
        url = reverse("admin:stations_station_live")
        return admin.get(url, {"ids": "CP1,CP2"}).json()["stations"]

    assert (told()["CP1"]["why"], told()["CP2"]["why"]) == ("Not connected: refused: HTTP 401", "")
    set_state("CP1", version=2)
    assert told()["CP1"]["why"] == ""


def test_columns_are_those_that_the_browser_has_chosen(admin, make_station):
    template = Template.objects.create(name="Of this one", csms_url="ws://h")
    make_station("CP1", template=template, serial="SN-77", latitude=50, longitude=-8.25)
    usual = admin.get(reverse(LIST)).context["cl"].list_display
    assert "outlets" in usual and "made_from" not in usual
    admin.cookies["station_columns"] = "made_from.serial_number.place.csms.changed.nonsense"
    answer = admin.get(reverse(LIST))
    assert answer.context["cl"].list_display[1:] == [
        "state", "station", "made_from", "csms", "serial_number", "place", "changed",
    ]  # fmt: skip
    page = answer.content.decode()
    assert all(text in page for text in ("Of this one", "SN-77", "50.0000, -8.2500"))
    admin.cookies["station_columns"] = "; drop"
    assert admin.get(reverse(LIST)).context["cl"].list_display == usual


def test_the_export_is_of_what_the_list_shows(admin, make_station):
    TagGroup.objects.create(name="Poles", tags=["north"])
    make_station("A", tags=["north"])
    make_station("B", tags=["east"])
    url = reverse("admin:stations_station_export")
    for query, wanted in [({}, ["A", "B"]), ({"tag_group": "Poles"}, ["A"]), ({"q": "b"}, ["B"]),
                          ({"tag": "none"}, [])]:  # fmt: skip
        text = b"".join(admin.get(url, query | {"format": "csv"}).streaming_content).decode()
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == wanted
        told = json.loads(admin.get(url, query | {"format": "json"}).getvalue())
        assert [each["identity"] for each in told["stations"]] == wanted


def test_ticked_stations_are_kept_until_it_is_said_what_to_do(admin, api, make_station):
    for name in ("A", "B", "C"):
        make_station(name)
    keys = [str(Station.objects.get(identity=name).pk) for name in ("A", "C")]
    answer = admin.post(reverse(LIST), {"action": "many", "_selected_action": keys})
    assert answer.status_code == 302
    page = admin.get(answer.url).content.decode()
    assert "<b>2</b> stations that were ticked" in page
    chosen = answer.url.rpartition("=")[2]
    _, told = api("POST", "jobs/command", {"chosen": chosen, "command": "start"}, dry_run="true")
    assert told["identities"] == ["A", "C"]
    _, job = api("POST", "jobs/command", {"chosen": chosen, "command": "start"})
    assert carry(job["id"]).counts == {"done": 2}
    assert [s.identity for s in Station.objects.runnable()] == ["A", "C"]


def test_filters_are_saved_by_each_for_himself(api, make_station, django_user_model):
    for name, query in (("Sick", "?state=faulted&tag=n"), ("All", ""), ("Sick", "state=faulted")):
        status, told = api("POST", "filters", {"name": name, "query": query})
        assert (status, told["name"]) == (201, name)
    _, told = api("GET", "filters")
    assert [tuple(each.values()) for each in told["items"]] == [
        ("All", ""), ("Sick", "state=faulted"),
    ]  # fmt: skip
    _, token = ApiToken.objects.issue(django_user_model.objects.create_superuser("bob"), "t")
    assert Api(token)("GET", "filters")[1] == {"items": []}
    assert Api(token)("DELETE", "filters/Sick")[0] == 404
    assert api("DELETE", "filters/Sick")[0] == 204
    assert [each["name"] for each in api("GET", "filters")[1]["items"]] == ["All"]
    assert api("POST", "filters", {"name": " ", "query": ""})[0] == 422


def test_a_template_fills_the_form_of_a_new_station(admin, hot):
    add = "/admin/stations/station/add/"
    plain = Page(admin.get(add).content.decode()).form("station_form").data()
    assert plain["connectors-0-kind"] == ["Type2"]
    assert plain["connectors-0-max_power_w"] == ["22000"]
    assert "connectors-1-kind" not in plain
    rows = [{"id": n, "evse": n, "kind": "CCS2", "phases": 0, "max_power_w": 50000} for n in (1, 2)]
    template = Template.objects.create(
        name="T", csms_url="ws://h/ocpp", vendor="ABB", connectors=rows, ocpp_version="2.0.1",
        tags=["a", "b"], configuration={"X.Y": "1"}, latitude=1.5, longitude=2,
    )  # fmt: skip
    filled = Page(admin.get(add, {"template": template.pk}).content.decode()).form("station_form")
    data = filled.data()
    for name, value in {
        "vendor": "ABB", "csms_url": "ws://h/ocpp", "ocpp_version": "2.0.1", "tags": "a, b",
        "latitude": "1.5", "configuration-0-key": "X.Y", "template": str(template.pk),
        "connectors-0-kind": "CCS2", "connectors-1-kind": "CCS2",
    }.items():  # fmt: skip
        assert (name, data[name]) == (name, [value])
    for nonsense in ("x", "5" * 24):
        assert admin.get(add, {"template": nonsense}).status_code == 200

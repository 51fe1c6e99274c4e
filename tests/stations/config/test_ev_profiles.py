"""/api/ev-profiles, the cars of a station, and the admin's page of both."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import ApiToken
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from stations.cars import changes, garage
from stations.cars.tables import CarProfile
from stations.models import Station, Template
from stations.worker.plans import Planner, station_of
from tests.stations.config.conftest import Api

OWN = told(shipped()["compact"]) | {"name": "my-car", "title": "Mine"}


def test_those_that_ship_are_there_and_stay(api):
    _, body = api("GET", "ev-profiles")
    assert [row["name"] for row in body["items"]] == sorted(shipped())
    assert all(row["shipped"] for row in body["items"])
    status, body = api("GET", "ev-profiles/plug-in-hybrid")
    assert (status, body["dc_kw"], body["ac_kw"]) == (200, None, 3.7)
    assert body["document"] == told(shipped()["plug-in-hybrid"])
    assert api("PUT", "ev-profiles/compact", OWN | {"name": "compact"})[0] == 422
    assert api("DELETE", "ev-profiles/compact")[0] == 409
    assert api("GET", "ev-profile-schema")[1]["title"] == "An EV profile"


def test_life_of_a_profile(api):
    status, made = api("PUT", "ev-profiles/my-car", OWN)
    assert (status, made["document"], made["shipped"]) == (201, OWN, False)
    nameless = {name: value for name, value in OWN.items() if name != "name"}
    assert api("PUT", "ev-profiles/my-car", nameless | {"battery_kwh": 61})[0] == 200
    assert api("GET", "ev-profiles/my-car")[1]["battery_kwh"] == 61
    assert api("PUT", "ev-profiles/other", OWN)[1]["fields"] == {
        "name": "Write the name of the address, or none."
    }
    assert api("DELETE", "ev-profiles/my-car") == (204, None)
    assert api("GET", "ev-profiles/my-car")[0] == 404


def test_what_is_wrong_is_told_by_its_field(api):
    side = OWN["dc"] | {"curve": [[0, 100], [60, 50]], "efficiency": 3}
    status, body = api("PUT", "ev-profiles/my-car", OWN | {"dc": side, "battery_kwh": "big"})
    assert (status, set(body["fields"])) == (422, {"dc.efficiency", "battery_kwh"})
    assert not CarProfile.objects.exists()


def test_an_export_is_imported_all_or_nothing(api):
    api("PUT", "ev-profiles/my-car", OWN)
    _, file = api("GET", "ev-profiles/export")
    assert file == {"ev_profiles": [OWN]}
    status, body = api("POST", "ev-profiles/import", file)
    assert (status, list(body["fields"])) == (422, ["ev_profiles[0].name"])
    two = [OWN | {"title": "Changed"}, OWN | {"name": "second", "battery_kwh": 0}]
    status, body = api("POST", "ev-profiles/import", two, on_existing="update")
    assert (status, list(body["fields"])) == (422, ["ev_profiles[1].battery_kwh"])
    assert api("GET", "ev-profiles/my-car")[1]["title"] == "Mine"
    two[1]["battery_kwh"] = 30
    for dry in (True, False):
        status, body = api(
            "POST", "ev-profiles/import", two, on_existing="update", dry_run=str(dry).lower()
        )
        assert [row["action"] for row in body["ev_profiles"]] == ["updated", "created"]
        assert CarProfile.objects.count() == (1 if dry else 2)
    assert api("GET", "ev-profiles/my-car")[1]["title"] == "Changed"


def mix_of(identity):
    """What a worker makes of the row, as its document is in the store."""
    row = {field.column: getattr(Station.objects.get(identity=identity), field.attname)
           for field in Station._meta.concrete_fields}  # fmt: skip
    assert station_of(row).identity == identity
    plan = Planner().plan(row, {})
    return [(profile.title, weight) for profile, weight in plan.config.cars]


def test_a_file_with_a_name_that_the_api_has_is_not_imported_by_half(api):
    file = {"ev_profiles": [OWN, OWN | {"name": "export"}]}
    status, body = api("POST", "ev-profiles/import", file)
    assert status == 422 and list(body["fields"]) == ["ev_profiles[1].name"], body
    assert not CarProfile.objects.exists()


def test_a_stations_cars_reach_its_worker_and_follow_the_profile(api, make_station):
    api("PUT", "ev-profiles/my-car", OWN)
    cars = [{"profile": "my-car", "weight": 3}, {"profile": "van"}, {"profile": OWN}]
    make_station("CP1", cars=cars)
    Template.objects.create(name="T", csms_url="ws://h", cars=cars[:1])
    assert mix_of("CP1") == [("Mine", 3.0), (shipped()["van"].title, 1.0), ("Mine", 4.0)]
    before = Station.objects.get(identity="CP1").revision
    api("PUT", "ev-profiles/my-car", OWN | {"title": "Yours"})
    assert mix_of("CP1")[0] == ("Yours", 3.0)
    assert Station.objects.get(identity="CP1").revision == before + 1  # so it is read anew
    status, body = api("DELETE", "ev-profiles/my-car")
    assert (status, body["code"]) == (409, "in_use")
    assert "1 station and 1 template:" in body["message"]
    assert api("PATCH", "stations/CP1", {"cars": []})[0] == 200
    assert mix_of("CP1") == []


def test_one_that_a_template_alone_has_stays(api):
    api("PUT", "ev-profiles/my-car", OWN)
    Template.objects.create(name="T", csms_url="ws://h", cars=[{"profile": "my-car"}])
    status, body = api("DELETE", "ev-profiles/my-car")
    assert (status, body["code"]) == (409, "in_use")
    assert "0 stations and 1 template:" in body["message"]


def test_a_name_that_is_twice_in_a_file_is_refused(api):
    file = [OWN, OWN | {"title": "Second"}]
    status, body = api("POST", "ev-profiles/import", file)
    assert (status, list(body["fields"])) == (422, ["ev_profiles[1].name"])
    assert not CarProfile.objects.exists()


def test_an_update_by_import_asks_for_the_right_to_change(api, django_user_model):
    from django.contrib.auth.models import Permission

    eve = django_user_model.objects.create_user("eve", is_staff=True)
    add = ["add_carprofile", "view_carprofile"]
    eve.user_permissions.set(Permission.objects.filter(codename__in=add))
    eves = Api(ApiToken.objects.issue(eve, "test")[1])
    assert eves("POST", "ev-profiles/import", OWN)[0] == 200
    changed = OWN | {"title": "Eve's"}
    assert eves("POST", "ev-profiles/import", changed, on_existing="update")[0] == 403
    assert CarProfile.objects.get().title == "Mine"


def test_a_weight_of_0_is_one_and_the_bounds_are_taken(make_station):
    cars = [{"profile": "compact", "weight": 0}, {"profile": "van", "weight": 1_000_000}]
    make_station("CP1", cars=cars)
    assert [weight for _, weight in mix_of("CP1")] == [0.0, 1_000_000.0]
    assert garage.check_cars([{"profile": "van", "weight": 1_000_001}])
    assert garage.check_cars([{"profile": OWN}] * 500) == []
    assert garage.check_cars([{"profile": OWN}] * 501) == ["Give at most 500 kinds of cars."]


def test_one_that_ships_is_as_this_version_has_it_whatever_the_table_says(api):
    older = told(shipped()["compact"]) | {"title": "Older"}
    CarProfile.objects.create(name="compact", document=older, shipped=True)
    _, body = api("GET", "ev-profiles")
    titles = {row["name"]: row["title"] for row in body["items"]}
    assert titles["compact"] == shipped()["compact"].title
    assert api("GET", "ev-profiles/compact")[1]["title"] == shipped()["compact"].title


@pytest.mark.parametrize(
    ("cars", "words"),
    [
        ("compact", "Give a list"), ([{"profile": "no-such"}], "no EV profile 'no-such'"),
        ([{"profile": "van", "weight": -1}], "weight from 0"),
        ([{"profile": "van"}, {"profile": "van"}], "once: van"),
        ([{"profile": "van", "colour": 1}], "Take colour out"),
        ([{"profile": {"name": "x"}}], "battery_kwh"), ([{"profile": 7}], "no EV profile"),
    ],
)  # fmt: skip
def test_cars_that_cannot_be_are_refused(make_station, cars, words):
    with pytest.raises(ValidationError) as caught:
        make_station("CP1", cars=cars)
    assert words in str(caught.value.message_dict["cars"])


def test_a_command_brings_the_profile_as_it_is_now(api, worker, running, set_state):
    set_state("CP1", {"status": "Available"})
    api("PUT", "ev-profiles/my-car", OWN)
    assert api("POST", "stations/CP1/plug", {"ev": {"profile": "my-car", "soc": 40}})[0] == 200
    assert worker.seen == [("plug", {"connector": 1, "ev": {"profile": OWN, "soc": 40}})]
    worker.seen.clear()
    CarProfile.objects.create(name="compact", document=OWN | {"name": "compact"}, shipped=True)
    api("POST", "stations/CP1/plug", {"ev": {"profile": "compact"}})
    assert worker.seen == [("plug", {"connector": 1, "ev": {"profile": "compact"}})]
    worker.seen.clear()
    api("POST", "stations/CP1/start-transaction", {"ev": {"profile": "my-car"}})
    assert worker.seen[0] == ("plug", {"connector": 1, "ev": {"profile": OWN}})


def test_the_admin_makes_changes_and_removes_a_profile(client, user, make_station):
    client.force_login(user)
    add = reverse("admin:stations_carprofile_add")
    assert "my-car" in client.get(add).text  # something to begin with
    answer = client.post(add, {"document": json.dumps(OWN | {"battery_kwh": 0})})
    assert answer.status_code == 200 and "battery_kwh:" in answer.text
    [refused] = client.post(add, {"document": "{,"}).context["adminform"].form.errors["document"]
    assert refused.startswith("This is no JSON (line 1, column 2)")
    assert client.post(add, {"document": json.dumps(OWN)}).status_code == 302
    row = CarProfile.objects.get()
    assert "58 kWh" in client.get(reverse("admin:stations_carprofile_changelist")).text
    make_station("CP1", cars=[{"profile": "my-car"}])
    change = reverse("admin:stations_carprofile_change", args=[row.pk])
    changed = OWN | {"title": "Yours"}
    assert client.post(change, {"document": json.dumps(changed)}).status_code == 302
    assert mix_of("CP1") == [("Yours", 4.0)]
    assert changes.users("my-car") == (["CP1"], [])
    delete = reverse("admin:stations_carprofile_delete", args=[row.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    renamed = client.post(change, {"document": json.dumps(OWN | {"name": "other"})})
    assert "A name is for good" in renamed.text


# --- those that ship, as rows


def test_those_that_ship_are_brought_once_and_renewed(db, monkeypatch, make_station):
    first = dict(list(shipped().items())[:2])
    monkeypatch.setattr(changes, "shipped", lambda: first)
    assert [row.name for row in changes.seed()] == list(first)
    assert changes.seed() == []
    assert {row.name: row.document for row in CarProfile.objects.all()} == {
        name: told(profile) for name, profile in first.items()
    }
    name = next(iter(first))
    make_station("CP1", cars=[{"profile": name}])
    CarProfile.objects.filter(name=name).update(document=told(first[name]) | {"title": "Older"})
    before = Station.objects.get().revision
    assert [row.name for row in changes.seed()] == [name]
    assert CarProfile.objects.get(name=name).document == told(first[name])
    assert Station.objects.get().revision == before + 1  # its worker reads it anew
    Station.objects.all().delete()
    CarProfile.objects.all().delete()
    CarProfile.objects.create(name=name, document=OWN | {"name": name})
    assert [row.name for row in changes.seed()] == list(first)[1:], "one's own stays"
    assert CarProfile.objects.get(name=name).document["title"] == "Mine"


def test_the_api_has_each_of_them_once(api):
    changes.seed()
    api("PUT", "ev-profiles/my-car", OWN)
    _, body = api("GET", "ev-profiles")
    names = [row["name"] for row in body["items"]]
    assert names == [*sorted(shipped()), "my-car"]
    assert [row["shipped"] for row in body["items"]] == [True] * len(shipped()) + [False]
    assert api("GET", "ev-profiles/export")[1] == {"ev_profiles": [OWN]}
    assert api("PUT", "ev-profiles/compact", OWN | {"name": "compact"})[0] == 422
    assert api("DELETE", "ev-profiles/compact")[1]["code"] == "shipped"
    file = [told(shipped()["compact"]), told(shipped()["compact"]) | {"title": "Other"}]
    status, body = api("POST", "ev-profiles/import", file, on_existing="update")
    assert (status, list(body["fields"])) == (422, ["ev_profiles[1].name"])
    assert CarProfile.objects.get(name="compact").document == told(shipped()["compact"])


def test_the_admin_lists_those_that_ship_shows_and_copies_them(client, user):
    changes.seed()
    client.force_login(user)
    page = client.get(reverse("admin:stations_carprofile_changelist")).text
    for name, profile in shipped().items():
        assert f">{name}</a>" in page and f"{profile.battery_kwh:g} kWh" in page
    assert page.count("ships with the emulator") >= len(shipped())
    row = CarProfile.objects.get(name="van")
    change = reverse("admin:stations_carprofile_change", args=[row.pk])
    shown = client.get(change)
    assert shown.status_code == 200 and "<textarea" not in shown.text
    assert "Porter 90" in shown.text and "battery_kwh" in shown.text
    assert client.post(change, {"document": json.dumps(row.document)}).status_code == 403
    delete = reverse("admin:stations_carprofile_delete", args=[row.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    client.post(reverse("admin:stations_carprofile_changelist"), ticked)
    assert CarProfile.objects.filter(name="van").exists()
    with pytest.raises(changes.ProfileError, match="stays"):
        changes.delete(row)
    copy = reverse("admin:stations_carprofile_copy", args=[row.pk])
    assert 'value="my-van"' in client.get(copy).text
    assert client.post(copy, {"name": "my-van"}).status_code == 302
    made = CarProfile.objects.get(name="my-van")
    assert (made.shipped, made.document) == (False, row.document | {"name": "my-van"})
    for name, words in (("my-van", "already"), ("compact", "ships"), ("import", "path")):
        assert words in client.post(copy, {"name": name}).text
    mine = reverse("admin:stations_carprofile_change", args=[made.pk])
    assert "<textarea" in client.get(mine).text
    only = client.get(reverse("admin:stations_carprofile_changelist") + "?shipped__exact=0").text
    assert ">my-van</a>" in only and ">van</a>" not in only


def test_profiles_go_out_of_the_admin_as_files_and_come_in(client, user):
    changes.seed()
    client.force_login(user)
    row, _ = changes.put(OWN)
    changes.put(OWN | {"name": "other"})
    changelist = reverse("admin:stations_carprofile_changelist")
    address = reverse("admin:stations_carprofile_import_file")
    assert address in client.get(changelist).text
    ticked = {"action": "export", "_selected_action": [str(row.pk)]}
    out = client.post(changelist, ticked)
    assert out.json() == {"ev_profiles": [OWN]} and "ev-profiles.json" in str(out.headers)
    one = client.get(reverse("admin:stations_carprofile_export_one", args=[row.pk]))
    assert one.json() == OWN

    def bring(text: bytes, existing: str):
        file = SimpleUploadedFile("cars.json", text)
        return client.post(address, {"file": file, "on_existing": existing})

    changed = json.dumps([OWN | {"title": "Yours"}, OWN | {"name": "third"}]).encode()
    refused = bring(changed, "fail")
    assert "ev_profiles[0].name" in refused.text and "already" in refused.text
    assert not CarProfile.objects.filter(name="third").exists(), "all or nothing"
    assert bring(changed, "update").status_code == 302
    assert CarProfile.objects.get(name="my-car").title == "Yours"
    assert CarProfile.objects.filter(name="third", shipped=False).exists()
    assert "no JSON (line 1" in bring(b"[", "fail").text
    assert "battery_kwh" in bring(json.dumps(OWN | {"battery_kwh": 0}).encode(), "update").text


def test_who_may_only_add_profiles_changes_none_by_a_file(client, django_user_model):
    """The choice is not offered, and not taken from who sends it all the same."""
    from django.contrib.auth.models import Permission

    row, _ = changes.put(OWN)
    eve = django_user_model.objects.create_user("eve", is_staff=True)
    add = ["add_carprofile", "view_carprofile"]
    eve.user_permissions.set(Permission.objects.filter(codename__in=add))
    client.force_login(eve)
    address = reverse("admin:stations_carprofile_import_file")
    assert 'value="update"' not in client.get(address).text
    file = SimpleUploadedFile("cars.json", json.dumps(OWN | {"title": "Yours"}).encode())
    assert client.post(address, {"file": file, "on_existing": "update"}).status_code == 200
    row.refresh_from_db()
    assert row.title == OWN["title"]


def test_the_form_of_a_station_shows_the_numbers_to_choose_from(client, user, make_station):
    client.force_login(user)
    station = make_station("CP1", cars=[{"profile": "van", "weight": 2}, {"profile": OWN}])
    page = client.get(reverse("admin:stations_station_change", args=[station.pk])).text
    assert "Porter 90, a delivery van: 89 kWh, AC 11 kW, DC 115 kW" in page
    assert 'value="2"' in page and "my-car (as JSON)" in page
    life = client.get(reverse("admin:stations_station_life", args=[station.pk])).text
    assert "58 kWh, AC 11 kW, DC 125 kW" in life

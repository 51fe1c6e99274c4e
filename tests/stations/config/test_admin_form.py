"""The station form of the admin: the same rules as the API, connectors as rows, secrets unseen."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from stations.models import Station, Template, default_measurands

ADD = "admin:stations_station_add"


@pytest.fixture
def admin(user, hot) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change_url(station: Station) -> str:
    return reverse("admin:stations_station_change", args=[station.pk])


def form_data(**changed: object) -> dict:
    return {
        "identity": "CP1", "name": "N", "ocpp_version": "1.6", "vendor": "ABB", "model": "Terra",
        "serial": "", "firmware": "1", "iccid": "", "imsi": "", "csms_url": "ws://h/ocpp",
        "username": "", "password": "", "call_timeout": "30", "tls_verify": "on", "enabled": "on",
        "tags": "north, ac", "template": "", "boot_delay": "0", "meter_variance": "0.02",
        "default_id_tag": "", "heartbeat_interval": "", "meter_sample_interval": "10",
        "measurands": ["SoC", "Voltage"],
        "connectors-present": "1",
        "connectors-0-kind": "Type2", "connectors-0-phases": "3",
        "connectors-0-max_power_w": "22000",
        "connectors-4-kind": "CCS2", "connectors-4-phases": "0",
        "connectors-4-max_power_w": "150000",
        "connectors-5-kind": "", "connectors-5-phases": "3", "connectors-5-max_power_w": "22000",
        "reading": "strict", "delays-present": "1",
        "delays-0-key": "reset", "delays-0-value": "4-6",
        "configuration-present": "1",
        "configuration-0-key": "HeartbeatInterval", "configuration-0-value": "60",
        "configuration-1-key": "", "configuration-1-value": "",
    } | changed  # fmt: skip


def errors(answer) -> dict:
    assert answer.status_code == 200
    return answer.context["adminform"].form.errors


def test_what_a_field_has_refused_is_told_once(admin):
    told = errors(admin.post(reverse(ADD), form_data(csms_url="")))
    assert told == {"csms_url": ["This field is required."]}


def test_a_station_is_made(admin):
    assert admin.get(reverse(ADD)).status_code == 200
    answer = admin.post(reverse(ADD), form_data(password="s3cret-word"))
    assert answer.status_code == 302, errors(answer)
    station = Station.objects.get(identity="CP1")
    assert station.connectors == [
        {"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000},
        {"id": 2, "evse": 2, "kind": "CCS2", "phases": 0, "max_power_w": 150000},
    ]
    assert station.configuration == {"HeartbeatInterval": "60"}
    assert (station.reading, station.delays) == ("strict", {"reset": "4-6"})
    assert (station.tags, station.measurands) == (["north", "ac"], ["SoC", "Voltage"])
    assert (station.heartbeat_interval, station.meter_sample_interval) == (None, 10)
    assert station.read_secrets()[0] == "s3cret-word"


def test_a_new_station_starts_if_wanted(admin):
    assert b"start_now" in admin.get(reverse(ADD)).content
    admin.post(reverse(ADD), form_data(start_now="on"))
    admin.post(reverse(ADD), form_data(identity="CP2", start_now="on", enabled=""))
    admin.post(reverse(ADD), form_data(identity="CP3"))
    assert [s.identity for s in Station.objects.runnable()] == ["CP1"]
    station = Station.objects.get(identity="CP1")
    assert b"start_now" not in admin.get(change_url(station)).content
    admin.post(change_url(station), form_data(revision_seen="1"))
    assert Station.objects.get(identity="CP1").running


def test_the_form_refuses_what_the_api_refuses(admin):
    wrong = form_data(
        identity="a,b", csms_url="http://h", tls_verify="",
        **{"connectors-4-max_power_w": "900000"},
    )  # fmt: skip
    found = errors(admin.post(reverse(ADD), wrong))
    assert {"identity", "csms_url", "connectors", "tls_verify"} <= set(found)
    assert "Connector 2" in found["connectors"][0]
    assert Station.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"connectors-0-max_power_w": "much"}, "connectors"),
     ({"connectors-0-phases": "7"}, "connectors"),
     ({"connectors-0-kind": "<b>"}, "connectors"),
     ({"connectors-0-kind": "", "connectors-4-kind": ""}, "connectors"),
     ({"configuration-1-key": "HeartbeatInterval", "configuration-1-value": "1"}, "configuration"),
     ({"measurands": ["Nonsense"]}, "measurands"), ({"heartbeat_interval": "-1"},
     "heartbeat_interval"), ({"tls_client_key_pem": "x"}, "tls_client_key_pem")],
)  # fmt: skip
def test_bad_values_are_named(admin, changed, field):
    assert field in errors(admin.post(reverse(ADD), form_data(**changed)))


def test_an_identity_that_is_taken(admin, make_station):
    make_station("CP1")
    assert "identity" in errors(admin.post(reverse(ADD), form_data()))


def test_evses_count_in_ocpp_2_only(admin):
    rows = {"connectors-0-evse": "1", "connectors-4-evse": "1"}
    two = form_data(ocpp_version="2.0.1", **rows, **{"configuration-0-key": "A.B"})
    assert admin.post(reverse(ADD), two).status_code == 302
    assert [c["evse"] for c in Station.objects.get().connectors] == [1, 1]
    assert admin.post(reverse(ADD), form_data(identity="CP2", **rows)).status_code == 302
    assert [c["evse"] for c in Station.objects.get(identity="CP2").connectors] == [1, 2]


def test_the_page_of_a_station(admin, make_station, set_state):
    station = make_station("CP1", password="s3cret-word", running=True, vendor="<script>x")
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 7000})
    life = reverse("admin:stations_station_life", args=[station.pk])
    settings, page = (admin.get(url).content.decode() for url in (change_url(station), life))
    for text in (settings, page):
        assert "s3cret-word" not in text and station.password_encrypted not in text
        assert "<script>x" not in text
        assert f'href="{life}"' in text and f'href="{change_url(station)}"' in text
    for text in ('data-panel="CP1"', '"api": "/api/stations/CP1"', "/admin/live/?station=CP1"):
        assert text in page
    assert '"status": "Charging"' in page


def test_a_change_keeps_the_secret_and_the_identity(admin, make_station):
    station = make_station("CP1", password="pw", running=True)
    sent = form_data(identity="OTHER", name="New", revision_seen="1")
    assert admin.post(change_url(station), sent).status_code == 302
    again = Station.objects.get(pk=station.pk)
    assert (again.identity, again.name, again.read_secrets()[0]) == ("CP1", "New", "pw")
    assert (again.revision, again.running) == (2, True)
    sent = form_data(revision_seen="2", forget_password="on")
    assert admin.post(change_url(station), sent).status_code == 302
    assert not Station.objects.get(pk=station.pk).has_password


def test_a_form_that_is_out_of_date_is_refused(admin, make_station):
    station = make_station("CP1")
    assert admin.post(change_url(station), form_data(revision_seen="1")).status_code == 302
    late = admin.post(change_url(station), form_data(name="late", revision_seen="1"))
    assert "meanwhile" in str(errors(late))
    assert Station.objects.get(pk=station.pk).name == "N"


def test_a_save_at_the_same_moment_is_told(admin, make_station, monkeypatch):
    """Between the form's check and its write somebody else writes."""
    station = make_station("CP1")
    store = Station.store

    def overtaken(self: Station) -> None:
        Station.objects.filter(pk=self.pk).update(revision=9, name="theirs")
        store(self)

    monkeypatch.setattr(Station, "store", overtaken)
    answer = admin.post(change_url(station), form_data(revision_seen="1"))
    assert answer.status_code == 302
    assert "same moment" in str(next(iter(get_messages(answer.wsgi_request))))
    assert Station.objects.get(pk=station.pk).name == "theirs"


def test_the_fleet_is_told_after_the_write(admin, make_station, monkeypatch):
    seen = []

    def notice(identities):
        seen.append((list(identities), Station.objects.get(identity="CP1").name))

    monkeypatch.setattr("stations.admin.stations.notify_changed_sync", notice)
    admin.post(reverse(ADD), form_data(name="first"))
    station = Station.objects.get(identity="CP1")
    admin.post(change_url(station), form_data(name="second", revision_seen="1"))
    assert seen == [(["CP1"], "first"), (["CP1"], "second")]


def test_delete(admin, make_station):
    station = make_station("CP1")
    url = reverse("admin:stations_station_delete", args=[station.pk])
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not Station.objects.exists()


def test_templates_and_tag_groups(admin):
    sent = form_data(name="AC", description="d")
    assert admin.post(reverse("admin:stations_template_add"), sent).status_code == 302
    template = Template.objects.get(name="AC")
    assert (template.vendor, len(template.connectors)) == ("ABB", 2)
    url = reverse("admin:stations_template_change", args=[template.pk])
    assert admin.get(url).status_code == 200
    assert admin.get(reverse("admin:stations_template_changelist")).status_code == 200
    bad = admin.post(reverse("admin:stations_taggroup_add"), {"name": "G", "tags": "x" * 60})
    assert "tags" in errors(bad)
    sent = {"name": "G", "tags": "a, b, a", "description": ""}
    assert admin.post(reverse("admin:stations_taggroup_add"), sent).status_code == 302
    assert admin.get(reverse("admin:stations_taggroup_changelist")).status_code == 200


def test_the_form_begins_with_what_the_model_has_by_itself(admin):
    """One connector, and what meter values carry: an untouched form makes a usable station."""
    for name in ("station", "template"):
        page = admin.get(reverse(f"admin:stations_{name}_add"))
        shown = page.content.decode()
        assert 'name="connectors-0-kind"' in shown, name
        boxes = page.context["adminform"].form["measurands"]
        ticked = [each for each in boxes if each.data["selected"]]
        assert [each.data["value"] for each in ticked] == default_measurands()


def test_who_may_only_look_sees_no_field_of_the_form_alone(make_station, django_user_model):
    station = make_station("CP1", password="a-secret-of-it")
    ada = django_user_model.objects.create_user("eve", is_staff=True)
    ada.user_permissions.add(Permission.objects.get(codename="view_station"))
    viewer = Client()
    viewer.force_login(ada)
    answer = viewer.get(change_url(station))
    page = answer.content.decode()
    for gone in ("Forget", "forget_", "Remove the password", "Revision seen", "Start now"):
        assert gone not in page, gone
    for told in ("Password is kept", "Client key is kept", "Password at the proxy is kept"):
        assert told in page
    assert "a-secret-of-it" not in page

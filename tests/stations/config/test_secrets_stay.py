"""Secrets go to the CSMS that they were given for, and to no other, by whatever way one tries."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import ApiToken
from emulator.groups import make_group
from stations.configuration.moving import kept_of, leads_elsewhere
from stations.models import Station, Template
from tests.stations.config.conftest import Api
from tests.stations.config.test_admin_form import change_url
from tests.stations.config.test_admin_list import act
from tests.stations.config.test_tls import pair  # noqa: F401 - a fixture

HOME, ELSEWHERE = "ws://csms.example:9000/ocpp", "ws://evil.example:9000/ocpp"
SECRET = "a password that is kept"


@pytest.fixture
def operator(hot, django_user_model):
    user = django_user_model.objects.create_user("olga", is_staff=True)
    user.groups.add(make_group("Operator"))
    return user


@pytest.fixture
def as_operator(operator) -> Api:
    return Api(ApiToken.objects.issue(operator)[1])


@pytest.fixture
def station(make_station) -> Station:
    return make_station("CP1", password=SECRET, csms_url=HOME)


def password(identity: str = "CP1") -> str:
    return Station.objects.get(identity=identity).read_secrets()[0]


WHOLE = {"vendor": "V", "model": "M"}


@pytest.mark.parametrize("address", [
    ELSEWHERE, "ws://csms.example:9001/ocpp", "ws://csms.example/ocpp", "ws://csms.example.evil/x",
    "wss://csms.example:9001/ocpp",
])  # fmt: skip
def test_another_host_or_port_goes_without_the_password(as_operator, station, address):
    status, body = as_operator("PATCH", "stations/CP1", {"csms_url": address})
    assert (status, body["has_password"], body["parted"]) == (200, False, ["password"])
    assert password() == ""


@pytest.mark.parametrize(
    "sent", [{"csms_url": "ws://csms.example:9000/other"}, {"csms_url": "ws://CSMS.example:9000"},
             {"csms_url": "wss://csms.example:9000/ocpp"}, {"name": "N"}],
)  # fmt: skip
def test_another_path_of_the_same_csms_keeps_it(as_operator, station, sent):
    status, body = as_operator("PATCH", "stations/CP1", sent)
    assert (status, body["has_password"], body["parted"]) == (200, True, [])
    assert password() == SECRET


def test_a_password_that_is_sent_with_the_address_goes_there(as_operator, station):
    sent = {"csms_url": ELSEWHERE, "password": "another one"}
    assert as_operator("PATCH", "stations/CP1", sent)[1]["parted"] == []
    assert password() == "another one"


def test_who_may_see_secrets_takes_them_along(api, station):
    assert api("PATCH", "stations/CP1", {"csms_url": ELSEWHERE})[1]["has_password"]
    assert password() == SECRET


def test_a_token_without_the_scope_does_not(user, station):
    token = ApiToken.objects.issue(user, scopes=["read", "configure"])[1]
    Api(token)("PATCH", "stations/CP1", {"csms_url": ELSEWHERE})
    assert password() == ""


def test_put_goes_without_it_too(as_operator, station):
    body = WHOLE | {"csms_url": ELSEWHERE}
    assert as_operator("PUT", "stations/CP1", body)[1]["parted"] == ["password"]
    assert password() == ""


def test_there_and_back_again_brings_nothing_back(as_operator, station):
    as_operator("PATCH", "stations/CP1", {"csms_url": ELSEWHERE})
    as_operator("PATCH", "stations/CP1", {"csms_url": HOME})
    assert password() == ""


def test_a_lost_race_changes_nothing_about_it(as_operator, station, monkeypatch):
    """The write that is made again starts from the newer row, whose password is another."""
    store, first = Station.store, []

    def raced(row: Station) -> None:
        if not first:
            first.append(True)
            other = Station.objects.get(identity="CP1")
            other.set_password("newer")
            store(other)
        store(row)

    monkeypatch.setattr(Station, "store", raced)
    as_operator("PATCH", "stations/CP1", {"csms_url": ELSEWHERE})
    assert password() == ""


def test_an_address_for_tls_is_an_address(as_operator, station):
    """OCPP 1.6: with SecurityProfile 2 the station goes to EmulatorSecureUrl."""
    keys = {"SecurityProfile": "2", "EmulatorSecureUrl": "wss://evil.example/"}
    assert as_operator("PATCH", "stations/CP1", {"configuration": keys})[1]["parted"]
    assert password() == ""


@pytest.mark.parametrize("changes", [
    {"csms_url": "ws://csms.example:9000/ocpp", "tls_verify": True, "tls_ca_pem": ""},
    {"tls_verify": False}, {"tls_ca_pem": "another authority"}, {"tls_ciphers": "eNULL"},
    {"csms_url": "ws://csms.example:443/ocpp"},
])  # fmt: skip
def test_who_listens_on_the_way_gets_nothing(changes):
    row = Station(identity="A", csms_url="wss://csms.example:9000/ocpp")
    before = kept_of(row)
    for name, value in changes.items():
        setattr(row, name, value)
    assert leads_elsewhere(before, kept_of(row))


def test_a_proxy_that_could_read_it_gets_none(as_operator, make_station):
    make_station("CP1", password=SECRET, csms_url=HOME)
    make_station("CP2", password=SECRET, csms_url="wss://csms.example/")
    sent = {"proxy_url": "http://evil.example:3128"}
    assert as_operator("PATCH", "stations/CP1", sent)[1]["parted"] == ["password"]
    assert as_operator("PATCH", "stations/CP2", sent)[1]["parted"] == []
    assert (password("CP1"), password("CP2")) == ("", SECRET)


def test_the_password_of_a_proxy_stays_with_it(as_operator, make_station):
    row = make_station("CP1", csms_url="wss://csms.example/")
    row.proxy_url, row.proxy_username = "http://proxy.example:3128", "me"
    row.set_proxy_password(SECRET)
    row.save()
    sent = {"csms_url": "wss://other.example/"}
    assert as_operator("PATCH", "stations/CP1", sent)[1]["parted"] == []
    sent = {"proxy_url": "http://evil.example:3128"}
    assert as_operator("PATCH", "stations/CP1", sent)[1]["parted"] == ["proxy_password"]
    assert Station.objects.get(identity="CP1").read_proxy_password() == ""


def test_from_ws_to_wss_by_their_own_ports_is_the_same_csms():
    row = Station(identity="A", csms_url="ws://csms.example/ocpp")
    before = kept_of(row)
    row.csms_url = "wss://csms.example/ocpp"
    assert not leads_elsewhere(before, kept_of(row))


def test_a_clone_has_none(as_operator, station):
    status, body = as_operator("POST", "stations/CP1/clone", {"identity": "CP2"})
    assert (status, body["has_password"], body["parted"]) == (201, False, ["password"])
    sent = {"identity": "CP3", "password": "its own"}
    assert as_operator("POST", "stations/CP1/clone", sent)[1]["parted"] == ["password"]
    assert (password("CP2"), password("CP3"), password()) == ("", "its own", SECRET)


def test_a_clone_by_who_may_see_them_has_them(api, station):
    assert api("POST", "stations/CP1/clone", {"identity": "CP2"})[1]["has_password"]
    assert password("CP2") == SECRET


def test_the_action_of_the_list_makes_a_clone_without(operator, station):
    client = Client()
    client.force_login(operator)
    notes = act(client, "clone", "CP1")
    assert any(note.startswith("Made without password") for note in notes)
    assert password("CP1-copy") == ""


def exported(api: Api) -> dict:
    return api("GET", "stations/export")[1]


def test_an_import_leads_no_secret_elsewhere(as_operator, station):
    document = exported(as_operator)
    document["templates"] = document["tag_groups"] = []
    document["stations"][0]["csms_url"] = ELSEWHERE
    status, body = as_operator("POST", "stations/import", document, on_existing="update")
    assert status == 200
    assert "leads elsewhere" in body["stations"][0]["changed"]["password"]
    assert password() == ""


def test_an_import_of_the_predecessors_shape_neither(as_operator, station):
    entry = {"station_id": "CP1", "vendor": "V", "model": "M", "csms_url": ELSEWHERE}
    status, _ = as_operator("POST", "stations/import", [entry], on_existing="update")
    assert (status, password()) == (200, "")
    # And by its own way of making or replacing one station.
    Station.objects.get(identity="CP1").delete()


@pytest.mark.parametrize(("kind", "kept"), [("operator", ""), ("user", SECRET)])
def test_the_form_of_the_admin_goes_without_it(request, kind, kept, station):
    from tests.admin.html import Page

    client = Client()
    client.force_login(request.getfixturevalue(kind))
    page = Page(client.get(change_url(station)).content.decode())
    data = page.form("station_form").data(csms_url=ELSEWHERE)
    answer = client.post(change_url(station), {**data, "_save": "Save"}, follow=True)
    assert Station.objects.get(identity="CP1").csms_url == ELSEWHERE
    assert password() == kept
    told = any("is removed" in str(note) for note in answer.context["messages"])
    assert told == (kept == "")


def test_a_template_has_no_secret_and_its_stations_stay(as_operator, station):
    template = Template.objects.create(name="T", csms_url=HOME)
    Station.objects.filter(pk=station.pk).update(template=template)
    assert as_operator("PATCH", "templates/T", {"csms_url": ELSEWHERE})[0] == 200
    kept = Station.objects.get(identity="CP1")
    assert (kept.csms_url, password()) == (HOME, SECRET)


def test_a_station_made_anew_under_the_name_has_none(as_operator, station):
    as_operator("DELETE", "stations/CP1")
    body = WHOLE | {"identity": "CP1", "csms_url": ELSEWHERE}
    assert not as_operator("POST", "stations", body)[1]["has_password"]


def test_secrets_are_exported_to_who_may_see_them(as_operator, api, station):
    assert as_operator("GET", "stations/export", secrets="true")[0] == 403
    assert api("GET", "stations/export", secrets="true")[1]["stations"][0]["password"] == SECRET
    assert "password" not in exported(as_operator)["stations"][0]


def test_a_client_key_goes_with_its_certificate(as_operator, make_station, pair):  # noqa: F811
    row = make_station("CP1", csms_url="wss://csms.example/")
    row.tls_client_cert_pem = pair[0]
    row.set_client_key(pair[1])
    row.save()
    status, body = as_operator("PATCH", "stations/CP1", {"csms_url": "wss://evil.example/"})
    assert (status, body["parted"]) == (200, ["tls_client_key_pem"])
    assert not body["has_client_key"] and body["tls_client_cert_pem"] == ""

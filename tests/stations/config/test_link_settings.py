"""What an operator says of a station's link: the API, templates, files and the form."""

import pytest
from django.test import Client
from django.urls import reverse

from stations.link.targets import PLAIN
from stations.models import Station, Template
from tests.stations.config.test_admin_form import change_url, errors, form_data

CIPHER = "ECDHE-ECDSA-AES256-GCM-SHA384"
LINK = {
    "offered_versions": ["2.1", "1.6"], "tls_min_version": "1.2", "tls_max_version": "1.3",
    "tls_ciphers": CIPHER, "compression": True, "proxy_url": "http://proxy:3128",
    "proxy_username": "cp",
}  # fmt: skip
NEW = {"identity": "CP1", "csms_url": "wss://h/ocpp", **LINK, "proxy_password": "pr0xy-word"}


def test_the_api_takes_and_shows_them(api):
    status, body = api("POST", "stations", NEW)
    assert status == 201, body
    assert {name: body[name] for name in LINK} == LINK
    assert body["has_proxy_password"] and "pr0xy-word" not in str(body)
    assert body["state"]["ocpp_version"] == ""  # it does not run
    target = Station.objects.get().dial_target()
    assert target.subprotocol == "ocpp2.1, ocpp1.6"
    assert target.options.proxy == "http://cp:pr0xy-word@proxy:3128"
    assert [config.version for config in target.options.configs] == ["2.1", "1.6"]
    assert (target.tls.min_version, target.tls.ciphers) == ("1.2", CIPHER)
    assert "pr0xy-word" not in repr(target.options)

    plain = {"csms_url": "wss://h/ocpp"}
    status, body = api("PUT", "stations/CP1", plain)
    assert status == 422 and "proxy_username" in body["fields"]  # its password is kept
    assert api("PUT", "stations/CP1", plain | {"proxy_password": ""})[0] == 200
    assert Station.objects.get().dial_target().options is PLAIN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"offered_versions": ["2.1", "2.0"]}, "offered_versions"),
        ({"offered_versions": ["1.6", "1.6"]}, "offered_versions"),
        ({"offered_versions": ["2.1", "2.0.1"]}, "offered_versions"),  # 1.6 is its own
        ({"tls_min_version": "1.3", "tls_max_version": "1.2", "tls_ciphers": ""},
         "tls_max_version"),
        ({"tls_min_version": "2"}, "tls_min_version"),
        ({"tls_ciphers": "NONSENSE"}, "tls_ciphers"),
        ({"csms_url": "ws://h"}, "tls_ciphers"),
        ({"proxy_url": "proxy:3128"}, "proxy_url"),
        ({"proxy_url": ""}, "proxy_username"),
        ({"proxy_username": "a:b"}, "proxy_username"),
        ({"proxy_username": ""}, "proxy_username"),
        ({"proxy_password": "\ud800"}, "proxy_password"),
        ({"vendor": "x" * 21}, "vendor"),  # 2.1 has room for 50, 1.6 for 20
        ({"measurands": ["Nonsense"]}, "measurands"),
        ({"identity": "Säule"}, "identity"),  # 2.1 cannot be called so
        ({"configuration": {"A" * 51: "1"}}, "configuration"),
    ],
)  # fmt: skip
def test_bad_values_are_named_by_field(api, change, field):
    status, body = api("POST", "stations", NEW | change)
    assert status == 422 and field in body["fields"], body
    name = change.get("identity", "CP1")
    status, body = api("POST", "stations/import", {"stations": [NEW | change]})
    assert status == 422 and f"{name}.{field}" in body["fields"], body


def test_a_known_identity_is_asked_for_again_with_a_new_version(api):
    assert api("POST", "stations", {"identity": "Säule", "csms_url": "ws://h"})[0] == 201
    assert api("PATCH", "stations/S%C3%A4ule", {"name": "x"})[0] == 200
    for change in ({"ocpp_version": "2.1"}, {"offered_versions": ["1.6", "2.1"]}):
        status, body = api("PATCH", "stations/S%C3%A4ule", change)
        assert status == 422 and "identity" in body["fields"], body


def test_a_file_has_them(api):
    api("POST", "stations", NEW)
    _, exported = api("GET", "stations/export", secrets="true")
    Station.objects.all().delete()
    assert api("POST", "stations/import", exported)[0] == 200
    station = Station.objects.get()
    assert {name: getattr(station, name) for name in LINK} == LINK
    assert station.read_proxy_password() == "pr0xy-word"
    assert "pr0xy-word" not in str(api("GET", "stations/export")[1])
    assert api("POST", "stations/CP1/clone")[0] == 201
    assert Station.objects.get(identity="CP1-copy").read_proxy_password() == "pr0xy-word"


def test_a_template_has_them_too(api):
    design = LINK | {"name": "T", "csms_url": "wss://h/ocpp"}
    status, body = api("POST", "templates", design)
    assert status == 201 and {name: body[name] for name in LINK} == LINK, body
    sent = {"template": "T", "pattern": "CP{n}", "count": 2}
    assert api("POST", "stations/bulk", sent)[0] == 201
    one, two = Station.objects.order_by("identity")
    assert {name: getattr(one, name) for name in LINK} == LINK
    assert one.dial_target().tls is two.dial_target().tls
    status, body = api("POST", "templates", design | {"name": "U", "tls_ciphers": "NONSENSE"})
    assert status == 422 and "tls_ciphers" in body["fields"]


def test_stations_with_equal_options_share_them(api):
    for name in ("CP1", "CP2"):
        Station.objects.create(identity=name, csms_url="ws://h", compression=True)
    one, two = (row.dial_target() for row in Station.objects.all())
    assert one.options is two.options and one.options.deflate
    assert one.subprotocol is two.subprotocol


@pytest.fixture
def admin(user, hot) -> Client:
    client = Client()
    client.force_login(user)
    return client


FORM = {
    "csms_url": "wss://h/ocpp", "offered_versions": "2.1, 1.6", "tls_min_version": "1.2",
    "tls_max_version": "1.3", "tls_ciphers": CIPHER, "compression": "on",
    "proxy_url": "http://proxy:3128", "proxy_username": "cp", "proxy_password": "pr0xy-word",
}  # fmt: skip


def test_the_form_takes_them(admin):
    add = reverse("admin:stations_station_add")
    answer = admin.post(add, form_data(**FORM))
    assert answer.status_code == 302, errors(answer)
    station = Station.objects.get()
    assert {name: getattr(station, name) for name in LINK} == LINK
    assert station.read_proxy_password() == "pr0xy-word"
    page = admin.get(change_url(station)).content.decode()
    assert "pr0xy-word" not in page and CIPHER in page and "2.1, 1.6" in page
    kept = form_data(**(FORM | {"proxy_password": ""}), revision_seen="1")
    assert admin.post(change_url(station), kept).status_code == 302
    assert Station.objects.get().read_proxy_password() == "pr0xy-word"
    none = {"proxy_url": "", "proxy_username": "", "proxy_password": ""}
    gone = form_data(**(FORM | none), revision_seen="2", forget_proxy_password="on")
    answer = admin.post(change_url(station), gone)
    assert answer.status_code == 302, errors(answer)
    assert not Station.objects.get().has_proxy_password


def test_the_form_refuses_what_the_api_refuses(admin):
    wrong = {"offered_versions": "2.1", "proxy_url": "ftp://x", "tls_ciphers": "NONSENSE"}
    found = errors(admin.post(reverse("admin:stations_station_add"), form_data(**(FORM | wrong))))
    assert "offered_versions" in found
    found = errors(
        admin.post(
            reverse("admin:stations_station_add"),
            form_data(**(FORM | wrong | {"offered_versions": ""})),
        )
    )
    assert {"proxy_url", "tls_ciphers"} <= set(found)


def test_the_form_of_a_template(admin):
    add = reverse("admin:stations_template_add")
    sent = {k: v for k, v in form_data(**FORM).items() if k not in ("identity", "serial")}
    answer = admin.post(add, sent | {"name": "T"})
    assert answer.status_code == 302, errors(answer)
    assert Template.objects.get().offered_versions == ["2.1", "1.6"]

"""Passwords as text or bytes: the same in the API, the admin, files and bulk creation."""

import base64

import pytest
from django.test import Client
from django.urls import reverse

from stations.configuration import passwords
from stations.models import Station, Template
from tests.stations.config.test_admin_form import change_url, errors, form_data

RAW = bytes.fromhex("fffe00c328edA08041")
AS_HEX, AS_BASE64 = RAW.hex(), base64.b64encode(RAW).decode()
NEW = {"identity": "CP1", "csms_url": "ws://h/ocpp"}


def raw_of(station: Station) -> bytes:
    return station.read_secrets()[0].encode(errors="surrogateescape")


def kept(identity: str = "CP1") -> bytes:
    return raw_of(Station.objects.get(identity=identity))


@pytest.mark.parametrize(("given", "encoding"), [(AS_HEX, "hex"), (AS_BASE64, "base64")])
def test_the_api_takes_bytes(api, given, encoding):
    sent = NEW | {"password": given, "password_encoding": encoding}
    status, body = api("POST", "stations", sent)
    assert (status, body["has_password"], body["password_encoding"]) == (201, True, encoding)
    assert kept() == RAW
    api("PATCH", "stations/CP1", {"name": "x"})
    assert kept() == RAW
    assert api("PATCH", "stations/CP1", {"password": "text again"})[0] == 200
    assert kept() == b"text again"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"password": "abc", "password_encoding": "hex"}, "password"),
        ({"password": "zz", "password_encoding": "hex"}, "password"),
        ({"password": "===", "password_encoding": "base64"}, "password"),
        ({"password": "ä", "password_encoding": "base64"}, "password"),
        ({"password": "00" * 65, "password_encoding": "hex"}, "password"),
        ({"password": "a\u0000b"}, "password"),
        ({"password": "x", "password_encoding": "rot13"}, "password_encoding"),
        ({"password": "lone \ud800 surrogate"}, "password"),
        ({"password": "escape \udc80"}, "password"),
        ({"tls_client_key_pem": "\ud800", "csms_url": "wss://h"}, "tls_client_key_pem"),
    ],
)
def test_what_is_no_password_is_refused_by_its_field(api, sent, field):
    status, body = api("POST", "stations", NEW | sent)
    assert status == 422 and field in body["fields"], body
    status, body = api("POST", "stations/import", {"stations": [NEW | sent]})
    assert status == 422 and f"CP1.{field}" in body["fields"], body
    assert not Station.objects.exists()


def test_bytes_are_not_called_text(api, make_station):
    api("POST", "stations", NEW | {"password": AS_HEX, "password_encoding": "hex"})
    status, body = api("PATCH", "stations/CP1", {"password_encoding": "text"})
    assert status == 422 and "password_encoding" in body["fields"]
    assert api("PATCH", "stations/CP1", {"password_encoding": "base64"})[0] == 200
    assert kept() == RAW


def test_a_file_has_them_as_they_were_given(api):
    api("POST", "stations", NEW | {"password": AS_HEX, "password_encoding": "hex"})
    _, exported = api("GET", "stations/export", secrets="true")
    [entry] = exported["stations"]
    assert (entry["password"], entry["password_encoding"]) == (AS_HEX, "hex")
    Station.objects.all().delete()
    assert api("POST", "stations/import", exported)[0] == 200
    assert kept() == RAW
    _, without = api("GET", "stations/export")
    assert "password_encoding" not in without["stations"][0]
    assert api("POST", "stations/import", without, on_existing="update")[0] == 200
    assert kept() == RAW


def test_a_copy_has_them_too(api):
    api("POST", "stations", NEW | {"password": AS_HEX, "password_encoding": "hex"})
    status, body = api("POST", "stations/CP1/clone")
    assert status == 201, body
    assert kept("CP1-copy") == RAW


def test_the_form_takes_bytes(user, hot):
    admin = Client()
    admin.force_login(user)
    add = reverse("admin:stations_station_add")
    found = errors(admin.post(add, form_data(password="zz", password_encoding="hex")))
    assert "password" in found
    answer = admin.post(add, form_data(password=AS_HEX, password_encoding="hex"))
    assert answer.status_code == 302, errors(answer)
    assert kept() == RAW
    station = Station.objects.get()
    assert b"hex" in admin.get(change_url(station)).content
    admin.post(change_url(station), form_data(name="x", revision_seen="1", password_encoding="hex"))
    assert (kept(), Station.objects.get().name) == (RAW, "x")


def test_many_with_one_key(api, db):
    Template.objects.create(name="AC", csms_url="ws://h/ocpp")
    sent = {"template": "AC", "pattern": "CP{n}", "count": 2, "password": AS_HEX}
    assert api("POST", "stations/bulk", sent | {"password_encoding": "octal"})[0] == 422
    assert api("POST", "stations/bulk", sent | {"password": "\ud800"})[0] == 422
    assert api("POST", "stations/bulk", sent | {"password_encoding": "hex"})[0] == 201
    assert kept("CP2") == RAW


@pytest.mark.parametrize("encoding", passwords.ENCODINGS)
def test_written_and_read_again(encoding):
    for raw in (b"abc", "ü".encode(), *([] if encoding == "text" else [RAW, bytes(range(64))])):
        password = raw.decode(errors="surrogateescape")
        assert passwords.read(passwords.written(password, encoding), encoding) == password

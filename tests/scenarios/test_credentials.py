"""By what stations of a plan are let in: checked, kept sealed, handed to the command as files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from scenarios.verdicts import credentials
from scenarios.verdicts.credentials import check, moved, options, sealed
from stations.configuration.secrets import SecretUnreadable

NONE = dict.fromkeys(credentials.COLUMNS, "") | {"csms_url": "ws://csms.example/ocpp"}
PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(("values", "field"), [
    ({"secure_csms_url": "ws://csms.example"}, "secure_csms_url"),
    ({"tls_ca_pem": "no certificate"}, "tls_ca_pem"),
    ({"tls_ca_pem": PEM + "x" * credentials.MOST_PEM}, "tls_ca_pem"),
    ({"tls_client_cert_pem": PEM}, "tls_client_cert_pem"),
    ({"tls_client_key_encrypted": "sealed"}, "tls_client_cert_pem"),
])  # fmt: skip
def test_what_cannot_be_used_is_told_by_its_field(values, field):
    assert list(check(NONE | values)) == [field]


def test_what_can_be_used():
    assert check(NONE) == {}
    assert check(NONE | {"secure_csms_url": "wss://csms.example", "tls_ca_pem": PEM}) == {}


@pytest.mark.parametrize("password", ["a\nb", "a\tb", "\ud800"])
def test_a_password_is_one_line_of_text(password):
    with pytest.raises(ValidationError):
        sealed("password", password)


@pytest.mark.parametrize(("change", "fields"), [
    ({}, []),
    ({"csms_url": "ws://csms.example/other"}, []),
    ({"csms_url": "ws://other.example/ocpp"}, ["password"]),
    ({"csms_url": "ws://csms.example:81/ocpp"}, ["password"]),
    ({"secure_csms_url": "wss://csms.example/ocpp"}, ["password"]),
    ({"csms_url": "ws://other.example/ocpp", "password_encrypted": ""}, []),
    ({"csms_url": "ws://other.example/ocpp", "password_encrypted": "another"}, []),
])  # fmt: skip
def test_a_kept_secret_goes_to_no_other_place(change, fields):
    before = NONE | {"password_encrypted": "kept"}
    assert list(moved(before, before | change)) == fields


def test_the_command_gets_files_that_nobody_else_reads(tmp_path: Path):
    asked = NONE | {
        "secure_csms_url": "wss://csms.example/ocpp", "tls_ca_pem": PEM,
        "password_encrypted": sealed("password", "-s3cret"), "tls_client_cert_pem": PEM,
        "tls_client_key_encrypted": sealed("tls_client_key_pem", "KEY"),
    }  # fmt: skip
    assert options(asked, tmp_path) == [
        "--secure-csms", "wss://csms.example/ocpp", "--password=-s3cret", "--ca", "ca.pem",
        "--cert", "cert.pem", "--key", "key.pem",
    ]  # fmt: skip
    assert (tmp_path / "key.pem").read_text() == "KEY"
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_what_cannot_be_read_is_told():
    with pytest.raises(SecretUnreadable):
        options(NONE | {"password_encrypted": "damaged"}, Path())


def test_runs_of_before_have_none(tmp_path: Path):
    assert options({"csms_url": "ws://csms.example"}, tmp_path) == []

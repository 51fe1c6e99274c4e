"""The rules, as pure functions: no database."""

import pytest

from stations.configuration import passwords, validation
from stations.configuration.connector_rules import check_connectors
from stations.models import Station

GOOD = {"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}


@pytest.mark.parametrize("identity", ["CP1", "a" * 48, "A-b.c_d*e+f=g@h", "RDAM|123", "a:b", "..."])
@pytest.mark.parametrize("version", validation.OCPP_VERSIONS)
def test_identities_of_every_version(identity, version):
    """2.0.1 and 2.1 part 4, 3.1.1: identifierString, 48 characters."""
    assert validation.check_identity(identity, [version]) == []


@pytest.mark.parametrize("identity", ["a b", "a/b", "ä", "a?b", "a#b", "a%20b", "a~b", "充電"])
def test_signs_that_an_identity_has_in_1_6_only(identity):
    """OCPP-J 1.6, 3.1.1: percent-encoded as necessary; part 4 of 2.x knows fewer signs."""
    assert validation.check_identity(identity, ["1.6"]) == []
    for version in ("2.0.1", "2.1"):
        assert validation.check_identity(identity, ["1.6", version])


@pytest.mark.parametrize(
    "identity",
    ["", "a" * 49, ".", "..", "export", "CP1\n", " a", "a\x00b", "\ud800", "a,b", "a\u200bb", None],
)
def test_illegal_identities(identity):
    assert validation.check_identity(identity, ["1.6"])


@pytest.mark.parametrize(
    ("identity", "username", "has_password", "fields"),
    [("a:b", "", True, {"username"}), ("a:b", "ab", True, set()), ("a:b", "", False, set()),
     ("ab", "", True, set())],
)  # fmt: skip
def test_an_identity_that_no_basic_authentication_can_carry(
    identity, username, has_password, fields
):
    """RFC 7617, 2: a user-id with a colon is invalid."""
    assert set(validation.check_basic_name(identity, username, has_password)) == fields


@pytest.mark.parametrize(
    "url",
    ["ws://h", "wss://csms.example.com:443/a/b", "ws://[::1]:9000/x", "ws://h/{identity}/ocpp",
     "ws://h/x?tenant=1"],
)  # fmt: skip
def test_legal_addresses(url):
    assert validation.check_csms_url(url) == []


@pytest.mark.parametrize(
    ("url", "word"),
    [("", "address"), ("http://h/x", "ws://"), ("ws:///x", "host"), ("ws://u:p@h/x", "password"),
     ("ws://h/x#y", "#"), ("ws://h:99999/x", "port"), ("ws://h/a b", "spaces"), ("h:9000", "ws://"),
     ("ws://h/{station}", "{identity}"), ("ws://{identity}.h/x", "behind"),
     ("ws://[::1/x", "ws://")],
)  # fmt: skip
def test_illegal_addresses_say_what_to_do(url, word):
    assert any(word in sentence for sentence in validation.check_csms_url(url))


@pytest.mark.parametrize(
    ("change", "word"),
    [({"kind": "Type9"}, "kind"), ({"phases": 0}, "phases"), ({"phases": 2}, "phases"),
     ({"max_power_w": 0}, "above 0"), ({"max_power_w": -1}, "above 0"),
     ({"max_power_w": 50000}, "44000"), ({"kind": "CCS2"}, "phases"), ({"id": 2}, "1 to 1"),
     ({"evse": 2}, "EVSE"), ({"id": "1"}, "whole number"), ({"id": True}, "whole number"),
     ({"colour": "red"}, "colour"), ({"evse": 10**12}, "EVSE"), ({"kind": None}, "kind"),
     ({"kind": ["Type2"]}, "kind")],
)  # fmt: skip
def test_a_bad_connector_is_refused(change, word):
    errors = check_connectors("1.6", [GOOD | change])
    assert errors and any(word in sentence for sentence in errors)


def test_connectors_are_numbered_without_gaps():
    second = GOOD | {"id": 2, "evse": 2}
    assert check_connectors("1.6", [GOOD, second]) == []
    assert check_connectors("1.6", [second, GOOD])
    assert check_connectors("1.6", [GOOD, GOOD | {"id": 3, "evse": 2}])
    assert check_connectors("1.6", [])
    assert check_connectors("1.6", "no list")


def test_only_ocpp_2_shares_an_evse():
    pair = [GOOD, GOOD | {"id": 2}]
    assert check_connectors("2.0.1", pair) == []
    assert any("1.6" in sentence for sentence in check_connectors("1.6", pair))


def test_measurands_differ_by_version():
    assert validation.check_measurands(["1.6"], ["Temperature"]) == []
    assert "Temperature" in validation.check_measurands(["2.0.1"], ["Temperature"])[0]
    assert validation.check_measurands(["1.6"], ["SoC", "SoC"])


def test_configuration_keys_differ_by_version():
    assert validation.check_configuration("1.6", {"HeartbeatInterval": "60"}) == []
    assert validation.check_configuration("2.0.1", {"HeartbeatInterval": "60"})
    assert validation.check_configuration("2.0.1", {"OCPPCommCtrlr.HeartbeatInterval": "60"}) == []
    assert validation.check_configuration("1.6", {"HeartbeatInterval": 60})


def test_credentials():
    assert not validation.check_username("cp") and not passwords.check("secret", "text")
    assert validation.check_username("c:p")
    assert set(passwords.check("a\nb", "text")) == {"password"}


def test_a_station_collects_all_its_problems():
    station = Station(
        identity="a,b", csms_url="http://h", vendor="", meter_variance=9, tags=["x,y"],
        default_id_tag="x" * 21, connectors=[],
    )  # fmt: skip
    assert set(station.problems()) == {
        "identity", "csms_url", "vendor", "meter_variance", "tags", "default_id_tag", "connectors",
    }  # fmt: skip


def test_texts_may_be_longer_in_ocpp_2():
    station = Station(identity="a", csms_url="ws://h", vendor="v" * 30)
    assert "vendor" in station.problems()
    station.ocpp_version = "2.0.1"
    assert station.problems() == {}


def test_tls_options_need_wss():
    station = Station(identity="a", csms_url="ws://h", tls_verify=False)
    assert "wss://" in station.problems()["tls_verify"][0]
    station.csms_url = "wss://h"
    assert station.problems() == {}
    station.tls_ca_pem = "not PEM"
    assert "PEM" in station.problems()["tls_ca_pem"][0]


def test_a_list_of_revoked_certificates_may_be_longer_than_a_value_of_a_key():
    long = "x" * 5000
    assert validation.check_configuration("1.6", {"EmulatorRevocationList": long}) == []
    assert validation.check_configuration("2.1", {"EmulatorCtrlr.RevocationList": long}) == []
    assert validation.check_configuration("1.6", {"CpoName": long}) != []


@pytest.mark.parametrize("tags", [[], ["a"], ["a" * 50], ["two words", "b"]])
def test_good_tags(tags):
    assert validation.check_tags(tags) == []


@pytest.mark.parametrize("tags", ["a", None, [1], [""], [" "], ["a" * 51], ["a,b"], ["a", "a"]])
def test_tags_that_cannot_be(tags):
    assert validation.check_tags(tags) != []

"""UpdateFirmware without a signature beside the signed one (whitepaper L01.FR.20)."""

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.files import FilePeer


def asked(profile, served=None):
    keys = {"SecurityProfile": profile}
    if served:
        keys["EmulatorPlainFirmware"] = served
    peer = FilePeer(configuration=keys).connect()
    payload = {"location": "http://files.example/fw-2.1.bin", "retrieveDate": iso(peer.now)}
    return peer, peer.call("UpdateFirmware", payload)


@pytest.mark.parametrize(
    ("profile", "served"),
    [("0", None), ("1", None), ("1", "Unsecured"), ("3", "Always"), ("2", "Always"), ("0", "?")],
)
def test_it_is_served(profile, served):
    peer, answer = asked(profile, served)
    assert answer == [3, "c1", {}]
    assert peer.told() == ["Downloading"]


@pytest.mark.parametrize(
    ("profile", "served"), [("2", None), ("3", None), ("3", "Unsecured"), ("0", "Never")]
)
@pytest.mark.proves("EmulatorPlainFirmware")
def test_it_is_refused_and_nothing_is_fetched(profile, served):
    peer, answer = asked(profile, served)
    assert answer[0] == 4 and answer[2] == "NotSupported"
    peer.pass_time(60)
    assert peer.downloads == [] and peer.told() == []


def test_the_csms_sees_the_rule_and_cannot_lift_it():
    peer, _ = asked("2")
    key = "EmulatorPlainFirmware"
    answer = peer.call("ChangeConfiguration", {"key": key, "value": "Always"})[2]
    assert answer == {"status": "Rejected"}
    [entry] = peer.call("GetConfiguration", {"key": [key]})[2]["configurationKey"]
    assert entry == {"key": key, "readonly": True, "value": "Unsecured"}

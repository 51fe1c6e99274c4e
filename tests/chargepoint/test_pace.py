"""A station takes a real one's time to reboot, install and connect anew (timekeeping.py)."""

import json

import pytest
from msgspec.structs import replace

from chargepoint.effects import Close
from chargepoint.versions import make_station
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms, config_of

DELAYS = {"reset": (3.0, 7.0), "restart": (8.0, 12.0), "firmware": (20.0, 40.0),
          "relink": (1.0, 3.0), "reconnect": (2.0, 5.0)}  # fmt: skip
RESUMES = {"TxCtrlr.ResumptionTimeout": "600"}
VERSIONS = ["1.6", "2.0.1", "2.1"]


def up(version: str, seed: int = 0, **more):
    """A station that is in service, and the CSMS at the other end."""
    if version == "1.6":
        peer = Peer(delays=DELAYS, **more)
    else:
        peer = Csms(config_of(version, delays=DELAYS, **more))
    for _ in range(seed):
        peer.station.rng.random()
    return peer.connect()


def ask_reset(peer, version: str, when: str = "") -> None:
    kind = when or ("Hard" if version == "1.6" else "Immediate")
    answer = peer.call("Reset", {"type": kind})
    status = answer[2]["status"] if version == "1.6" else answer["status"]
    assert status == "Accepted"


def seconds_to_close(peer, most: float = 60.0) -> float:
    """Until the station ends its link."""
    began = peer.now
    while not peer.closes:
        assert peer.now - began < most
        peer.pass_time(0.05)
    return peer.now - began


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reset_ends_the_link_some_seconds_after_its_answer_each_time_others(version):
    taken = set()
    for seed in range(5):
        peer = up(version, seed)
        ask_reset(peer, version)
        taken.add(round(seconds_to_close(peer), 1))
        [close] = peer.closes
        assert 8 <= close.reconnect_after <= 12
    assert all(3 <= seconds <= 7.1 for seconds in taken)
    assert len(taken) > 1


@pytest.mark.parametrize("version", VERSIONS)
def test_who_asks_again_puts_it_off_no_further(version):
    peer = up(version)
    for _ in range(4):
        ask_reset(peer, version)
        peer.pass_time(1.9)
    assert len(peer.closes) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_begins_to_charge_meanwhile(version):
    peer = up(version)
    ask_reset(peer, version)
    if version == "1.6":
        answer = peer.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})[2]
    else:
        token = {"idToken": "A", "type": "Central"}
        start = {"remoteStartId": 1, "idToken": token, "evseId": 1}
        answer = peer.call("RequestStartTransaction", start)
    assert answer["status"] == "Rejected"
    assert not peer.closes


@pytest.mark.parametrize("version", VERSIONS)
def test_a_transaction_ends_and_its_end_is_told_before_the_reboot(version):
    peer = up(version)
    do = peer.do if version == "1.6" else peer.command
    do("plug", connector=1)
    do("start-transaction", connector=1)
    peer.pass_time(5)
    ask_reset(peer, version)
    if version == "1.6":
        assert [stop["reason"] for stop in peer.calls("StopTransaction")] == ["HardReset"]
    else:
        ended = [p for a, p in peer.calls if a == "TransactionEvent" and p["eventType"] == "Ended"]
        assert [p["transactionInfo"]["stoppedReason"] for p in ended] == ["ImmediateReset"]
    assert not peer.closes
    assert 3 <= seconds_to_close(peer) <= 7.1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dies_after", [0.0, 2.0])
def test_a_worker_that_dies_meanwhile_leaves_the_reset_to_the_next(version, dies_after):
    peer = up(version)
    ask_reset(peer, version)
    peer.pass_time(dies_after)
    assert not peer.closes
    saved = json.loads(json.dumps(peer.station.snapshot()["saved"]))
    peer = Peer(saved=saved, begin=peer.now, delays=DELAYS) if version == "1.6" else Csms(
        config_of(version, delays=DELAYS), saved, peer.now
    )  # fmt: skip
    peer.connect()
    assert not peer.closes
    seconds_to_close(peer, 8)
    boots = len(calls_of(peer, "BootNotification"))
    peer.connect()
    assert len(calls_of(peer, "BootNotification")) == boots + 1


def calls_of(peer, action: str) -> list:
    if isinstance(peer, Peer):
        return peer.calls(action)
    return [payload for name, payload in peer.calls if name == action]


def test_a_saved_reset_of_before_is_carried_out():
    saved = Peer().connect().station.snapshot()["saved"] | {"resetting": True}
    peer = Peer(saved=saved, delays=DELAYS).connect()
    peer.pass_time(0.1)
    assert [close.reason for close in peer.closes] == ["rebooting"]


def test_a_reset_that_resumes_leaves_its_transaction_running_until_it_reboots():
    settings = {"TxCtrlr.ResumptionTimeout": "60"}
    csms = up("2.1", configuration=settings)
    csms.command("plug", connector=1)
    csms.command("start-transaction", connector=1)
    ask_reset(csms, "2.1", "ImmediateAndResume")
    csms.pass_time(1)
    assert csms.station.snapshot()["connectors"][0]["transaction"]
    saved = json.loads(json.dumps(csms.station.snapshot()["saved"]))
    for each in (csms, Csms(config_of("2.1", delays=DELAYS, configuration=settings), saved,
                            csms.now).connect()):  # fmt: skip
        seconds_to_close(each, 8)
        each.connect()
        each.pass_time(15)
        assert each.station.snapshot()["connectors"][0]["transaction"]


KEYS = {
    "1.6": ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "a-new-password-of-16"}),
    "2.0.1": ("SetVariables", {"setVariableData": [{
        "component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"},
        "attributeValue": "a-new-password-of-16"}]}),
}  # fmt: skip
PROFILE = {"1.6": {"SecurityProfile": "1"}, "2.0.1": {"SecurityCtrlr.SecurityProfile": "1"}}


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_changed_password_ends_the_link_some_seconds_later(version):
    peer = up(version, configuration=PROFILE[version])
    peer.call(*KEYS[version])
    assert not peer.closes
    assert 1 <= seconds_to_close(peer) <= 3.1
    [close] = peer.closes
    assert (close.code, 2 <= close.reconnect_after <= 5) == (1000, True)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_link_that_was_made_anew_meanwhile_is_not_ended_again(version):
    peer = up(version, configuration=PROFILE[version])
    peer.call(*KEYS[version])
    (peer.drop if version == "1.6" else peer.disconnect)()
    peer.connect()
    peer.pass_time(10)
    assert not peer.closes


def test_the_power_fails_before_the_reset_is_due_and_it_boots_once():
    peer = up("1.6")
    ask_reset(peer, "1.6")
    peer.do("power-cut", seconds=1)
    peer.pass_time(2)
    peer.connect()
    peer.pass_time(30)
    assert len(peer.calls("BootNotification")) == 2
    assert not peer.closes


def test_without_ranges_it_takes_no_time():
    peer = Peer().connect()
    peer.call("Reset", {"type": "Hard"})
    assert [close.reconnect_after for close in peer.closes] == [3.0]


def test_ranges_that_change_count_from_the_next_time():
    peer = up("1.6")
    config = replace(peer.config, delays=DELAYS | {"reset": (0.0, 0.0)})
    peer.take(peer.station.reconfigure(config, peer.now))
    ask_reset(peer, "1.6")
    assert [type(close) for close in peer.closes] == [Close]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("after", [0.0, 1.0, 2.5])
def test_another_worker_goes_on_with_the_delay_that_was_drawn(version, after):
    """Amid the delay of a Reset: it ends the link when the first worker would have."""
    peer, other = up(version), up(version)
    for each in (peer, other):
        ask_reset(each, version)
    expected = seconds_to_close(peer)
    other.pass_time(after)
    saved = json.loads(json.dumps(other.station.snapshot()["saved"]))
    other.station = make_station(other.config, saved, other.now, rng_seed=99)
    other.connect()
    assert after + seconds_to_close(other) == pytest.approx(expected, abs=0.11)


def test_a_reset_that_resumes_goes_on_as_well():
    peer, other = up("2.1", configuration=RESUMES), up("2.1", configuration=RESUMES)
    for each in (peer, other):
        ask_reset(each, "2.1", "ImmediateAndResume")
    expected = seconds_to_close(peer)
    other.pass_time(1.0)
    other.restart().connect()
    assert 1.0 + seconds_to_close(other) == pytest.approx(expected, abs=0.11)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_an_evse_takes_as_long_as_the_station(version):
    """From the answer on, each time otherwise; also over another worker's takeover."""
    taken = set()
    for seed in range(5):
        csms = up(version, seed)
        asked = {"type": "Immediate", "evseId": 1}
        assert csms.call("Reset", asked)["status"] == "Accepted"
        began = csms.now
        while csms.station.snapshot()["connectors"][0]["status"] != "Available":
            csms.pass_time(0.1)
            if seed == 0 and csms.now - began < 2:
                csms.restart().connect()
            assert csms.now - began < 60
        taken.add(round(csms.now - began, 1))
        assert not csms.closes
    assert all(3 + 8 <= seconds <= 7 + 12.2 for seconds in taken)
    assert len(taken) > 1

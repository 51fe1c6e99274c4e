"""A station that runs on and is led to another CSMS by its operator.

The other one has to accept it first (1.6 section 4.2; 2.0.1 part 2, B10.FR.10): it knows
neither the station nor what the one before has said of it.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from chargepoint.versions import make_station
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms, booted

HERE, THERE = "ws://here.example/ocpp", "ws://there.example/ocpp"


def lead(peer: Peer | Csms, address: str = THERE) -> None:
    """What the operator's edit does to a running station; the link closes and is made anew."""
    peer.config = replace(peer.config, csms_url=address)
    effects = peer.station.reconfigure(peer.config, peer.now)
    (peer.take if isinstance(peer, Peer) else peer.perform)(effects)


def moved_16(**config: Any) -> Peer:
    peer = Peer(csms_url=HERE, **config).connect()
    peer.sent.clear()
    lead(peer)
    return peer


# --- OCPP 1.6 ----------------------------------------------------------------------------------


def test_another_central_system_hears_a_boot_and_every_status_first():
    peer = moved_16()
    assert peer.sent == [] and [c.reason for c in peer.closes] == ["address changed"]
    assert peer.station.snapshot()["registration"] == ""
    peer.connect()
    assert peer.actions() == ["BootNotification", *["StatusNotification"] * 3]
    peer.sent.clear()
    peer.drop()
    peer.connect()  # it is known there by now
    assert peer.actions() == []


def test_it_starts_up_no_second_time():
    peer = Peer(csms_url=HERE, configuration={"EmulatorSecurityEvents": "true"})
    peer.answers["SecurityEventNotification"] = {}
    peer.connect()
    lead(peer)
    peer.connect()
    assert len(peer.calls("BootNotification")) == 2
    told = [event["type"] for event in peer.calls("SecurityEventNotification")]
    assert told.count("StartupOfTheDevice") == 1


def test_back_before_the_other_was_reached_it_is_known():
    peer = moved_16()
    lead(peer, HERE)
    peer.connect()
    assert peer.actions() == []


def test_what_the_old_one_said_of_a_boot_is_not_waited_for():
    peer = Peer(csms_url=HERE)
    peer.answers["BootNotification"] = {
        "status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 86_400,
    }  # fmt: skip
    peer.connect()
    lead(peer)
    assert len(peer.calls("BootNotification")) == 1  # none on the link that closes
    peer.connect()
    assert len(peer.calls("BootNotification")) == 2


def test_an_answer_that_crosses_the_change_accepts_nothing():
    peer = Peer(csms_url=HERE)
    answer, peer.answers["BootNotification"] = peer.answers["BootNotification"], None
    peer.connect()
    lead(peer)
    [crossed] = peer.unanswered
    peer.feed([3, crossed[1], answer({})])
    peer.answers["BootNotification"] = answer
    assert peer.station.snapshot()["registration"] == ""
    peer.connect()
    assert len(peer.calls("BootNotification")) == 2


def test_a_transaction_goes_on_without_the_number_of_the_old_one():
    """Errata 4.0, 3.18: -1 for a transaction that the Central System has given no number."""
    peer = Peer(csms_url=HERE, configuration={"MeterValueSampleInterval": "60"}).connect()
    peer.do("start-transaction", connector=1)
    known = peer.next_transaction
    peer.pass_time(61)
    assert peer.calls("MeterValues")[-1]["transactionId"] == known
    lead(peer)
    peer.do("stop-transaction", connector=1)
    peer.sent.clear()
    peer.connect()
    assert peer.actions()[0] == "BootNotification"
    assert [p["transactionId"] for p in peer.calls("StopTransaction")] == [-1]


def test_nor_is_the_old_number_told_after_a_stop_in_between():
    peer = Peer(csms_url=HERE).connect()
    peer.do("start-transaction", connector=1)
    peer.drop()
    peer.do("stop-transaction", connector=1)
    peer.take(peer.station.power_off(peer.now))
    peer.config = replace(peer.config, csms_url=THERE)
    peer.restart()
    peer.connect()
    assert [p["transactionId"] for p in peer.calls("StopTransaction")] == [-1]


def test_a_start_that_was_not_answered_gets_its_number_from_the_new_one():
    peer = Peer(csms_url=HERE).connect()
    answer, peer.answers["StartTransaction"] = peer.answers["StartTransaction"], None
    peer.do("start-transaction", connector=1)
    lead(peer)
    peer.answers["StartTransaction"] = answer
    peer.connect()
    peer.do("stop-transaction", connector=1)
    assert peer.calls("StopTransaction")[0]["transactionId"] == peer.next_transaction > 0


def test_what_the_old_one_had_refused_goes_to_the_new_one_at_once():
    configuration = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "3600"}
    peer = Peer(csms_url=HERE, configuration=configuration).connect()
    answer = peer.answers["StartTransaction"]
    peer.answers["StartTransaction"] = ["InternalError", "no", {}]
    peer.do("start-transaction", connector=1)
    lead(peer)
    peer.answers["StartTransaction"] = answer
    peer.connect()
    assert len(peer.calls("StartTransaction")) == 2


# --- OCPP 2.x ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_another_csms_hears_a_boot_and_every_status_first(version):
    telling = {"EmulatorCtrlr.SecurityEvents": "true"}
    csms = booted(version=version, csms_url=HERE, configuration=telling)
    assert csms.sent("SecurityEventNotification")
    csms.command("start-transaction", connector=1)
    identity = csms.events[-1]["transactionInfo"]["transactionId"]
    csms.calls.clear()
    lead(csms)
    assert [c.reason for c in csms.closes] == ["address changed"]
    csms.perform(csms.station.disconnected(csms.now))
    csms.connect()
    assert [action for action, _ in csms.calls][:3] == [
        "BootNotification", "StatusNotification", "StatusNotification"]  # fmt: skip
    # BootReasonEnumType (2.0.1 part 2, 3.6) has no word for it: there was no boot.
    assert csms.sent("BootNotification")[0]["reason"] == "Unknown"
    assert not csms.sent("SecurityEventNotification")
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["eventType"] == "Ended"  # the number is the station's own: it goes on
    assert csms.events[-1]["transactionInfo"]["transactionId"] == identity


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_credentials_that_take_it_back_from_a_network_profile_lead_it_elsewhere(version):
    csms = booted(version=version, csms_url=HERE, credentials="a")
    profile = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": THERE,
        "messageTimeout": 30, "securityProfile": 0, "ocppInterface": "Wired0",
    }  # fmt: skip
    asked = {"configurationSlot": 2, "connectionData": profile}
    assert csms.call("SetNetworkProfile", asked) == {"status": "Accepted"}
    assert csms.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2") != "Rejected"
    csms.call("Reset", {"type": "Immediate"})
    csms.pass_time(60)
    csms.connect()
    assert csms.station.snapshot()["network"]["url"] == THERE
    csms.calls.clear()
    csms.config = replace(csms.config, credentials="b")
    csms.perform(csms.station.reconfigure(csms.config, csms.now))
    assert csms.closes[-1].reason == "address changed"
    csms.connect()
    assert [p["reason"] for p in csms.sent("BootNotification")] == ["Unknown"]


# --- what is saved -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Peer, Csms])
def test_a_worker_that_resumes_it_with_another_address_knows_who_had_accepted_it(make):
    peer = Peer(csms_url=HERE) if make is Peer else Csms(booted(csms_url=HERE).config)
    saved = peer.connect().station.snapshot()["saved"]

    def boots(address: str, saved: dict) -> int:
        config = replace(peer.config, csms_url=address)
        peer.station = make_station(config, saved, peer.now, rng_seed=7)
        said = peer.calls if make is Csms else peer.sent
        said.clear()
        peer.connect()
        actions = [a for a, _ in said] if make is Csms else peer.actions()
        return actions.count("BootNotification")

    assert boots(HERE, saved) == 0
    assert boots(THERE, saved) == 1
    # A state that earlier code has saved does not tell: it is taken for the same.
    assert boots(THERE, {name: kept for name, kept in saved.items() if name != "csms"}) == 0


def test_still_unknown_there_after_a_crash_in_between():
    peer = moved_16()
    assert "accepted" not in str(peer.station.snapshot()["registration"])
    resumed = peer.crash().connect()
    assert resumed.actions()[0] == "BootNotification"

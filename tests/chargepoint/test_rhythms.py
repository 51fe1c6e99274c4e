"""What goes by an interval goes on in its rhythm where another worker resumes the station."""

import json

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.files import FilePeer
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import booted

EVERY = "60"


def seconds_of(stamps: list[str]) -> set[str]:
    return {stamp[17:19] for stamp in stamps}


def test_sampled_values_of_1_6_go_on_in_step_with_the_transaction():
    peer = Peer(configuration={"MeterValueSampleInterval": EVERY}).connect()
    peer.pass_time(7)
    peer.do("start-transaction", connector=1)
    peer.pass_time(60 + 25)
    peer = peer.crash().connect()
    peer.pass_time(130)
    told = [p["meterValue"][0]["timestamp"] for p in peer.calls("MeterValues")]
    assert len(told) == 3 and seconds_of(told) == {"27"}


def test_clock_aligned_values_of_1_6_go_on_at_the_marks():
    peer = Peer(configuration={"ClockAlignedDataInterval": EVERY}).connect()
    peer.pass_time(85)
    peer = peer.crash().connect()
    peer.pass_time(100)
    told = [p["meterValue"][0]["timestamp"] for p in peer.calls("MeterValues")]
    assert len(told) == 2 * 3 and seconds_of(told) == {"00"}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_sampled_values_of_2_go_on_in_step_with_the_transaction(version):
    csms = booted(version=version, configuration={"SampledDataCtrlr.TxUpdatedInterval": EVERY})
    csms.pass_time(7)
    csms.command("start-transaction", connector=1)
    csms.pass_time(10)
    begun = csms.sessions[-1]["started"]
    csms.pass_time(75)
    csms.restart().connect()
    csms.calls.clear()
    csms.pass_time(130)
    told = [e for e in csms.events if e["triggerReason"] == "MeterValuePeriodic"]
    assert len(told) == 2
    assert all((s["sample"]["t"] - begun) % 60 < 0.01 for s in csms.sessions[-2:])


def test_a_card_waits_for_its_car_no_longer_than_it_would_have():
    """9.1.6 ConnectionTimeOut."""
    peer = Peer(configuration={"ConnectionTimeOut": EVERY}).connect()
    peer.do("authorize", connector=1, id_tag="TAG1")
    peer.pass_time(40)
    peer = peer.crash().connect()
    peer.sent.clear()
    peer.pass_time(19)
    assert peer.statuses() == []
    peer.pass_time(2)
    assert peer.statuses() == ["Available"]


def test_a_dynamic_profile_is_pulled_in_its_rhythm():
    """2.1, K28: every dynUpdateInterval seconds."""
    csms = booted(version="2.1")
    schedule = {
        "id": 1, "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}],
    }  # fmt: skip
    profile = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Dynamic", "dynUpdateInterval": 60, "chargingSchedule": [schedule],
    }  # fmt: skip
    asked = {"evseId": 1, "chargingProfile": profile}
    assert csms.call("SetChargingProfile", asked)["status"] == "Accepted"
    csms.pass_time(40)
    csms.restart(json.loads(json.dumps(csms.saved()))).connect()
    csms.pass_time(19)
    assert not csms.sent("PullDynamicScheduleUpdate")
    csms.pass_time(2)
    assert len(csms.sent("PullDynamicScheduleUpdate")) == 1


def test_an_installation_takes_no_longer_for_a_restart_in_its_midst():
    peer = FilePeer(delays={"firmware": (60.0, 60.0)}).connect()
    payload = {"location": "http://files.example/fw.bin", "retrieveDate": iso(peer.now)}
    peer.call("UpdateFirmware", payload)
    peer.fetched()
    peer.pass_time(40)
    peer.restart()
    peer.pass_time(19)
    assert block(peer.station, "files").jobs["firmware"].phase == "installing"
    peer.pass_time(2)
    assert block(peer.station, "files").jobs["firmware"].phase != "installing"

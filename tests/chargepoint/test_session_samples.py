"""A session's series has the same of every version: energy, power, current, voltage, SoC."""

import pytest

from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.charging import profile, set_profile
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.profiles import profile as profile_of_2
from tests.chargepoint.v201.profiles import set_profile as set_profile_of_2


def test_a_sample_of_1_6():
    peer = Peer().connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(130)
    full(peer.sessions[-1]["sample"])


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_sample_of_2(version):
    csms = booted(version=version, configuration={"SampledDataCtrlr.TxUpdatedInterval": "60"})
    csms.command("start-transaction", connector=1)
    csms.pass_time(130)
    full(csms.sessions[-1]["sample"])


def test_a_sample_tells_the_limit_that_holds():
    """What a page draws over the curve, of the time before it was opened, too."""
    peer = Peer().connect()
    assert set_profile(peer, 0, profile(9000)) == "Accepted"
    peer.do("start-transaction", connector=1)
    peer.pass_time(130)
    assert peer.sessions[-1]["sample"]["limit_w"] == 9000
    peer.call("ClearChargingProfile", {})
    peer.pass_time(130)
    assert peer.sessions[-1]["sample"]["limit_w"] == 22_000  # what the outlet itself can


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_sample_of_2_tells_the_limit_that_holds(version):
    csms = booted(version=version, configuration={"SampledDataCtrlr.TxUpdatedInterval": "60"})
    assert set_profile_of_2(csms, 1, profile_of_2([(0, 6000)])) == "Accepted"
    csms.command("start-transaction", connector=1)
    csms.pass_time(130)
    assert csms.sessions[-1]["sample"]["limit_w"] == 6000


def full(sample: dict) -> None:
    assert {"t", "energy_wh", "power_w", "current_a", "voltage_v", "soc"} == set(sample)
    assert 200 < sample["voltage_v"] < 260 and sample["soc"] > 0
    assert sample["current_a"] > 1 and sample["energy_wh"] > 100
    phases = sample["power_w"] / (sample["voltage_v"] * sample["current_a"])
    assert 0.9 < phases < 3.1

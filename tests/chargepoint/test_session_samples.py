"""A session's series has the same of every version: energy, power, current, voltage, SoC."""

import pytest

from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import booted


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


def full(sample: dict) -> None:
    assert {"t", "energy_wh", "power_w", "current_a", "voltage_v", "soc"} == set(sample)
    assert 200 < sample["voltage_v"] < 260 and sample["soc"] > 0
    assert sample["current_a"] > 1 and sample["energy_wh"] > 100
    phases = sample["power_w"] / (sample["voltage_v"] * sample["current_a"])
    assert 0.9 < phases < 3.1

"""Phases of meter values: asked for one by one, and as the connector is wired (1.6, 9.1)."""

import pytest

from chargepoint.config import ConnectorConfig
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.test_measurands import meter


def currents(rotation, phases, **keys):
    """phase -> amperes of a car on so many phases."""
    keys |= {"ConnectorPhaseRotation": rotation} if rotation else {}
    keys |= {"MeterValuesSampledData": "Current.Import", "MeterValueSampleInterval": "20"}
    peer = Peer(configuration=keys).connect()
    peer.do("plug", connector=1, ev={"soc": 10, "phases": phases, "max_power_kw": 3.6 * phases})
    peer.do("start-transaction", connector=1)
    peer.pass_time(20)
    [payload] = peer.calls("MeterValues")
    entries = payload["meterValue"][0]["sampledValue"]
    return {entry["phase"]: float(entry["value"]) for entry in entries}


@pytest.mark.parametrize(
    ("rotation", "line"),
    [("", "L1"), ("1.RST", "L1"), ("1.STR", "L2"), ("1.SRT", "L2"), ("1.TRS", "L3"),
     ("1.TSR", "L3"), ("1.RTS", "L1"), ("0.STR,1.TSR,2.SRT", "L3"), ("2.STR", "L1"),
     ("STR", "L2"), ("1.Unknown", "L1"), ("1.NotApplicable", "L1")],
)  # fmt: skip
def test_a_car_on_one_phase_draws_from_the_line_that_it_is_wired_to(rotation, line):
    amps = currents(rotation, 1)
    assert [phase for phase, value in amps.items() if value > 10] == [line]
    assert sum(value > 0 for value in amps.values()) == 1


@pytest.mark.parametrize(
    ("rotation", "idle"), [("1.RST", "L3"), ("1.STR", "L1"), ("1.TRS", "L2"), ("1.RTS", "L2")]
)
def test_the_line_that_a_car_on_two_phases_leaves_out(rotation, idle):
    assert [phase for phase, value in currents(rotation, 2).items() if value == 0] == [idle]


def test_a_rotation_that_the_csms_sets_counts_from_the_next_sample_on():
    keys = {"MeterValuesSampledData": "Current.Import.L2", "MeterValueSampleInterval": "20"}
    peer = Peer(configuration=keys).connect()
    peer.do("plug", connector=1, ev={"soc": 10, "phases": 1, "max_power_kw": 3.6})
    peer.do("start-transaction", connector=1)
    peer.pass_time(20)
    change = {"key": "ConnectorPhaseRotation", "value": "1.STR"}
    assert peer.call("ChangeConfiguration", change)[2] == {"status": "Accepted"}
    peer.pass_time(20)
    read = [p["meterValue"][0]["sampledValue"][0]["value"] for p in peer.calls("MeterValues")]
    assert float(read[0]) == 0 and float(read[1]) > 10


@pytest.mark.parametrize(
    ("name", "phase", "least"),
    [("Voltage.L1", "L1", 200), ("Voltage.L2-N", "L2-N", 200), ("Current.Import.L3", "L3", 10),
     ("Power.Active.Import.L2", "L2", 2000), ("Current.Export.L1", "L1", 0)],
)  # fmt: skip
def test_a_measurand_of_one_phase(name, phase, least):
    for entries in meter([name]):
        [entry] = entries
        assert entry["phase"] == phase and name == f"{entry['measurand']}.{phase}"
        assert float(entry["value"]) >= least


def test_the_powers_of_the_phases_add_up():
    names = [f"Power.Active.Import.L{n}" for n in (1, 2, 3)]
    for *parts, whole in meter([*names, "Power.Active.Import"]):
        total = sum(float(entry["value"]) for entry in parts)
        assert total == pytest.approx(float(whole["value"]), abs=0.2)


@pytest.mark.parametrize("phases", [0, 1])
def test_a_connector_without_the_phase_has_no_value_of_it(phases):
    outlet = ConnectorConfig(1, 1, phases=phases, max_power_w=7_000)
    names = ["Energy.Active.Import.Register", "Current.Import.L2"]
    for entries in meter(names, outlet):
        assert [entry["measurand"] for entry in entries] == names[:1]


@pytest.mark.parametrize("name", ["Voltage.L4", "SoC.L1", "Energy.Active.Import.Register.L1", "L1"])
def test_what_is_no_phase_of_a_measurand_is_rejected(name):
    payload = {"key": "MeterValuesSampledData", "value": name}
    assert Peer().connect().call("ChangeConfiguration", payload)[2] == {"status": "Rejected"}

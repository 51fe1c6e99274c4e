"""Each measurand of 1.6 (section 7.31): the right phases, a value that a meter could show."""

import json
from pathlib import Path

import ocpp
import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.v16.measurands import MEASURANDS
from tests.chargepoint.peer import Peer

CAR = {"soc": 10, "battery_kwh": 100, "max_power_kw": 22}
SCHEMA = Path(ocpp.__file__).parent / "v16" / "schemas" / "MeterValues.json"


AC = ConnectorConfig(1, 1)
# Direct current has no frequency.
ASKED = [(n, p) for n in sorted(MEASURANDS) for p in (0, 1, 3) if (n, p) != ("Frequency", 0)]


def meter(names, outlet=AC, seconds=60.0, **keys):
    """sampledValue entries of the MeterValues of a charging session, one list for each."""
    configuration = {"MeterValuesSampledData": ",".join(names), "MeterValueSampleInterval": "20"}
    peer = Peer(connectors=(outlet,), configuration=configuration | keys).connect()
    dc = outlet.phases == 0
    peer.do("plug", connector=1, ev=CAR | ({"phases": 0} if dc else {}))
    peer.do("start-transaction", connector=1)
    peer.pass_time(seconds)
    return [call["meterValue"][0]["sampledValue"] for call in peer.calls("MeterValues")]


def values(entries, measurand):
    return [float(entry["value"]) for entry in entries if entry["measurand"] == measurand]


def test_every_measurand_of_the_schema_is_there():
    named = json.loads(SCHEMA.read_text())["properties"]["meterValue"]["items"]["properties"]
    known = named["sampledValue"]["items"]["properties"]["measurand"]["enum"]
    assert set(known) == MEASURANDS


@pytest.mark.proves("MeterValuesSampledData")
@pytest.mark.parametrize(("measurand", "phases"), ASKED)
def test_each_can_be_asked_for_alone(measurand, phases):
    outlet = ConnectorConfig(1, 1, phases=phases, max_power_w=22_000)
    for entries in meter([measurand], outlet):
        assert {entry["measurand"] for entry in entries} == {measurand}
        by_phase = measurand in ("Current.Import", "Current.Export", "Voltage")
        assert len(entries) == (3 if by_phase and phases == 3 else 1)


def test_intervals_add_up_to_the_register():
    rounds = meter(["Energy.Active.Import.Interval", "Energy.Active.Import.Register"], seconds=200)
    intervals = [values(entries, "Energy.Active.Import.Interval")[0] for entries in rounds]
    registers = [values(entries, "Energy.Active.Import.Register")[0] for entries in rounds]
    assert intervals[0] == registers[0] > 100
    assert sum(intervals) == registers[-1]


def test_aligned_intervals_are_counted_apart():
    keys = {"ClockAlignedDataInterval": "10",
            "MeterValuesAlignedData": "Energy.Active.Import.Interval"}  # fmt: skip
    rounds = meter(["Energy.Active.Import.Interval"], seconds=61, **keys)
    by_context = {"Sample.Periodic": 0.0, "Sample.Clock": 0.0}
    for entry in (entry for entries in rounds for entry in entries):
        by_context[entry["context"]] += float(entry["value"])
    assert by_context["Sample.Periodic"] == pytest.approx(by_context["Sample.Clock"], abs=1) != 0


def test_reactive_follows_active_and_nothing_flows_back():
    active, reactive = "Power.Active.Import", "Power.Reactive.Import"
    last = meter(sorted(MEASURANDS))[-1]
    assert values(last, reactive)[0] == pytest.approx(values(last, active)[0] * 0.1425, rel=1e-2)
    energy = values(last, "Energy.Reactive.Import.Register")[0]
    register = values(last, "Energy.Active.Import.Register")[0]
    assert energy == pytest.approx(register * 0.1425, abs=1)
    assert not any(value for name in MEASURANDS if "Export" in name for value in values(last, name))
    assert values(last, "RPM")[0] > 0


def test_the_interval_survives_a_crash():
    names = "Energy.Active.Import.Interval,Energy.Active.Import.Register"
    keys = {"MeterValuesSampledData": names, "MeterValueSampleInterval": "20"}
    peer = Peer(configuration=keys).connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(30)
    again = peer.crash()
    again.connect()
    again.pass_time(200)
    rounds = [call["meterValue"][0]["sampledValue"] for call in again.calls("MeterValues")]
    total = sum(values(entries, "Energy.Active.Import.Interval")[0] for entries in rounds)
    assert total == values(rounds[-1], "Energy.Active.Import.Register")[0]

"""How a make's meter tells its values, on the wire of each version."""

import pytest

from tests.chargepoint.make.life import DC, VERSIONS, Life, measuring

REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
VOLTS, AMPS = "Voltage", "Current.Import"

every_version = pytest.mark.parametrize("version", VERSIONS)


def plain(version, *names, seconds=60.0, **config):
    """What a station of a make without quirks tells in the same life."""
    return Life(version, measuring(*names) | config).charge(seconds)


@every_version
def test_kilowatt_hours(version):
    life = Life(version, measuring(REGISTER, POWER), meter__energy_unit="kWh").charge(60)
    usual = plain(version, REGISTER, POWER)
    pairs = list(zip(life.entries(REGISTER), usual.entries(REGISTER), strict=True))
    assert pairs and all(life.unit(told) == "kWh" for told, _ in pairs)
    assert pairs[-1][0]["value"] > 0.1
    for told, before in pairs:
        assert told["value"] == pytest.approx(before["value"] / 1000.0, abs=0.0011)
    assert {life.unit(entry) for entry in life.entries(POWER)} == {"W"}


@every_version
def test_kilowatts(version):
    life = Life(version, measuring(POWER, REGISTER), meter__power_unit="kW").charge(60)
    told = life.entries(POWER)
    assert told and {life.unit(entry) for entry in told} == {"kW"}
    assert told[-1]["value"] == pytest.approx(22, abs=0.01)
    assert {life.unit(entry) for entry in life.entries(REGISTER)} == {"Wh"}


@every_version
def test_digits_behind_the_point(version):
    values = {AMPS: {"decimals": 1}}
    life = Life(
        version, measuring(VOLTS, AMPS, POWER), meter__decimals=0, meter__values=values,
        meter__noise_pct=1,
    ).charge(60)  # fmt: skip
    for name in (VOLTS, POWER):
        assert {one["value"] % 1 for one in life.entries(name)} == {0}
    digits = {len(one["text"].partition(".")[2]) for one in life.entries(AMPS)}
    assert digits == {1}
    if version == "1.6":
        assert not any("." in one["text"] for one in life.entries(VOLTS))


@every_version
def test_a_fixed_value_and_noise(version):
    values = {VOLTS: {"fixed": 231}, AMPS: {"noise_pct": 10}}
    life = Life(version, measuring(VOLTS, AMPS, POWER), meter__values=values).charge(200)
    usual = plain(version, AMPS, seconds=200).entries(AMPS)[-1]["value"]
    assert {one["value"] for one in life.entries(VOLTS)} == {231}
    amps = [one["value"] for one in life.entries(AMPS)]
    assert len(set(amps)) > 5
    assert all(0.9 * usual - 0.01 <= one <= 1.1 * usual + 0.01 for one in amps)
    assert len({one["value"] for one in life.entries(POWER)}) == 1


@every_version
def test_what_is_below_the_meters_starting_current_is_0(version):
    values = {AMPS: {"minimum": 35}, VOLTS: {"minimum": 100}}
    life = Life(version, measuring(VOLTS, AMPS), meter__values=values).charge(60)
    assert {one["value"] for one in life.entries(AMPS)} == {0}
    assert {round(one["value"]) for one in life.entries(VOLTS)} == {230}


@every_version
@pytest.mark.parametrize(
    ("named", "first"), [("L1", "L1"), ("L1-N", "L1-N"), ("L1-L2", "L1-L2")]
)  # fmt: skip
def test_the_names_of_phases(version, named, first):
    life = Life(
        version, measuring(VOLTS, AMPS), meter__voltage_phases=named, meter__line_phases="L1-N"
    ).charge(25)
    told = [one["phase"] for one in life.entries(VOLTS)]
    assert told[0] == first
    assert len(set(told)) == 3 and all(one.startswith("L") for one in told)
    assert {one["phase"] for one in life.entries(AMPS)} == {"L1-N", "L2-N", "L3-N"}


@every_version
def test_the_last_phase_is_told_against_the_first(version):
    life = Life(version, measuring(VOLTS), meter__voltage_phases="L1-L2").charge(25)
    assert {one["phase"] for one in life.entries(VOLTS)} == {"L1-L2", "L2-L3", "L3-L1"}


@every_version
def test_a_register_that_starts_at_0_with_each_transaction(version):
    life = Life(version, measuring(REGISTER), meter__register_per_session=True).charge(60)
    first = life.entries(REGISTER)[-1]["value"]
    life.stop()
    life.csms.sent.clear() if version == "1.6" else life.csms.calls.clear()
    life.charge(60)
    again = [one["value"] for one in life.entries(REGISTER)]
    assert again[-1] == pytest.approx(first, abs=1) and first > 100
    if version == "1.6":
        [start] = life.said("StartTransaction")
        life.stop()
        [stop] = life.said("StopTransaction")
        assert start["meterStart"] == 0
        assert stop["meterStop"] == pytest.approx(first, abs=2)
    else:
        assert again[0] == 0


@every_version
def test_a_register_that_rolls_over_in_a_transaction(version):
    life = Life(
        version, measuring(REGISTER), meter__roll_over_wh=1000, meter__start_wh=900
    ).charge(60)  # fmt: skip
    told = [one["value"] for one in life.entries(REGISTER)]
    assert max(told) < 1000
    assert min(told[-1:]) < 300 < told[0] if version != "1.6" else told[-1] < 300
    life.stop()
    record = life.csms.sessions[-1]
    assert record["energy_wh"] == pytest.approx(366, abs=2)  # what it is told does not change it
    if version == "1.6":
        [start], [stop] = life.said("StartTransaction"), life.said("StopTransaction")
        assert start["meterStart"] == 900
        assert stop["meterStop"] == pytest.approx(266, abs=2)


@every_version
def test_a_register_with_few_digits_never_shows_the_number_where_it_rolls_over(version):
    life = Life(
        version, measuring(REGISTER), meter__roll_over_wh=1000, meter__start_wh=940,
        meter__energy_unit="kWh", meter__decimals=1,
    ).charge(300, max_power_kw=1.4)  # fmt: skip
    told = [one["value"] for one in life.entries(REGISTER)]
    assert {0.9, 0.0, 0.1} == {*told}


@every_version
def test_a_new_meter_shows_what_it_has_counted_in_the_factory(version):
    life = Life(version, measuring(REGISTER), meter__start_wh=1_204_560).charge(20)
    assert life.entries(REGISTER)[-1]["value"] >= 1_204_560 + 100
    before = life.station.connectors[1].meter_wh
    life.restart()
    assert life.station.connectors[1].meter_wh == before


@every_version
def test_a_new_meter_before_the_rectifier_shows_it_as_well(version):
    told = {"meter__start_wh": 1_204_560, "meter__dc_efficiency": 0.9}
    life = Life(version, measuring(REGISTER) | {"connectors": DC}, **told).charge(20)
    first = life.entries(REGISTER)[0]
    assert first["value"] == pytest.approx(1_204_560, abs=3000)


@every_version
def test_a_dc_meter_before_the_rectifier(version):
    names, dc = (REGISTER, POWER, VOLTS), {"connectors": DC}
    life = Life(version, measuring(*names) | dc, meter__dc_efficiency=0.9)
    life.charge(60, max_power_kw=40)
    usual = Life(version, measuring(*names) | dc).charge(60, max_power_kw=40)
    for name in (REGISTER, POWER):
        [*_, told], [*_, before] = life.entries(name), usual.entries(name)
        assert told["value"] == pytest.approx(before["value"] / 0.9, rel=1e-3)
        assert told["location"] == "Inlet" and "location" not in before
    assert "location" not in life.entries(VOLTS)[-1]
    assert life.csms.sessions[-1]["energy_wh"] == usual.csms.sessions[-1]["energy_wh"]
    if version == "1.6":
        life.stop()
        usual.stop()
        [told], [before] = life.said("StopTransaction"), usual.said("StopTransaction")
        assert told["meterStop"] == pytest.approx(before["meterStop"] / 0.9, abs=1)


def test_an_ac_meter_has_no_rectifier():
    life = Life("1.6", measuring(POWER), meter__dc_efficiency=0.9).charge(25)
    told = life.entries(POWER)[-1]
    assert told["value"] == pytest.approx(22_000, rel=0.01) and "location" not in told


@pytest.mark.parametrize("fields", [
    {"meter__register_per_session": True},
    {"meter__roll_over_wh": 1000, "meter__start_wh": 900},
    {"meter__register_per_session": True, "meter__roll_over_wh": 1000},
])  # fmt: skip
@every_version
def test_a_register_goes_on_after_a_restart(version, fields):
    """The next value is what it would have been; what was told is not taken for what was counted.
    """
    life = Life(version, measuring(REGISTER), **fields).charge(60)
    other = Life(version, measuring(REGISTER), **fields).charge(60)
    life.restart()
    life.pass_time(60)
    other.pass_time(60)
    assert life.entries(REGISTER)[-1]["value"] == other.entries(REGISTER)[-1]["value"]
    counted = life.station.connectors[1].meter_wh
    assert counted == pytest.approx(other.station.connectors[1].meter_wh)


@pytest.mark.parametrize("fields", [
    {"meter__roll_over_wh": 1000, "meter__start_wh": 900},
    {"meter__register_per_session": True},
    {"meter__dc_efficiency": 0.9, "config": {"connectors": DC}},
])  # fmt: skip
@every_version
def test_what_was_told_since_the_snapshot_raises_the_register_to_what_was_counted(version, fields):
    from chargepoint.wire.said import Said

    config = measuring(REGISTER) | fields.get("config", {})
    more = {name: value for name, value in fields.items() if name != "config"}
    life = Life(version, config, **more).charge(20, max_power_kw=20)
    saved = life.station.snapshot()["saved"]
    life.pass_time(60)
    told, counted = life.entries(REGISTER)[-1]["value"], life.station.connectors[1].meter_wh
    said = Said()
    place = 1 if version == "1.6" else (1, 1)
    said.registers[place] = [told, 0.0]
    from chargepoint.versions import make_station

    again = make_station(life.station.config, saved, life.csms.now - 60, rng_seed=3)
    again.recall(said, None, life.csms.now - 60)
    assert again.connectors[1].meter_wh == pytest.approx(counted, abs=1)


@every_version
def test_a_measurand_that_the_meter_lacks_is_refused_and_not_among_the_defaults(version):
    life = Life(version, meter__measurands=[REGISTER, VOLTS])
    if version == "1.6":
        def change(value):
            asked = {"key": "MeterValuesSampledData", "value": value}
            return life.ask("ChangeConfiguration", asked)["status"]

        answer = life.ask("GetConfiguration", {"key": ["MeterValuesSampledData"]})
        assert answer["configurationKey"][0]["value"] == f"{REGISTER},{VOLTS}"
        good, bad = "Accepted", "Rejected"
        assert change("Voltage.L1-N") == good
    else:
        def change(value):
            return life.csms.set("SampledDataCtrlr.TxUpdatedMeasurands", value)

        assert life.station.model.value("SampledDataCtrlr.TxUpdatedMeasurands") == (
            f"{REGISTER},{VOLTS}"
        )
        good, bad = "Accepted", "Rejected"
    assert change(f"{VOLTS},{REGISTER}") == good
    assert change("Power.Active.Import") == bad
    assert change(f"{VOLTS},SoC") == bad

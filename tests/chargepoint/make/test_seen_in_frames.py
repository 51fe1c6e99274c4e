"""Faults of connector 0, limits, free charging, noise and delays of a make, in the frames."""

from itertools import pairwise
from statistics import correlation, fmean

import pytest

from tests.chargepoint.make.life import AC, CAR, DC, OTHERS, VERSIONS, Life, measuring

every_version = pytest.mark.parametrize("version", VERSIONS)
POWER, AMPS, VOLTS = "Power.Active.Import", "Current.Import", "Voltage"
REGISTER = "Energy.Active.Import.Register"
BROKEN, WELL = (0, "Faulted", "GroundFailure"), (0, "Available", "NoError")


# --- connector 0 ---------------------------------------------------------------------------------


def notes(life, since=0):
    told = life.said("StatusNotification")[since:]
    return [(one["connectorId"], one["status"], one["errorCode"]) for one in told]


def fault(life, code, connector=1):
    """What is told of it."""
    before = len(notes(life))
    life.do("fault", connector=connector, error_code=code)
    return notes(life, before)


def test_a_fault_is_told_of_connector_0_and_of_its_own():
    life = Life("1.6", faults__connector_0=True)
    assert fault(life, "GroundFailure") == [BROKEN, (1, "Faulted", "GroundFailure")]
    assert fault(life, "NoError") == [WELL, (1, "Available", "NoError")]


def test_without_the_habit_it_is_told_of_its_own_connector_alone():
    life = Life("1.6", faults__warnings=["HighTemperature"])
    assert fault(life, "GroundFailure") == [(1, "Faulted", "GroundFailure")]
    before = len(notes(life))
    life.ask("Reset", {"type": "Hard"})
    life.pass_time(60)
    life.csms.connect()
    life.ask("TriggerMessage", {"requestedMessage": "StatusNotification"})
    assert {one for one in notes(life, before) if one[0] == 0} == {WELL}


def test_connector_0_is_faulted_until_the_last_fault_is_over():
    life = Life("1.6", faults__connector_0=True)
    fault(life, "GroundFailure")
    assert fault(life, "ReaderFailure", 2)[0] == BROKEN
    assert fault(life, "NoError", 1)[0] == (0, "Faulted", "ReaderFailure")
    assert fault(life, "NoError", 2)[0] == WELL


def test_who_asks_for_connector_0_hears_of_the_fault():
    life = Life("1.6", faults__connector_0=True)
    fault(life, "GroundFailure")
    before = len(notes(life))
    life.ask("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0})
    assert notes(life, before) == [BROKEN]
    life.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    assert [one for one in notes(life, before) if one[0] == 0] == [BROKEN, BROKEN]


@pytest.mark.parametrize("worker", ["stays", "dies"])
def test_what_happened_to_connector_0_without_a_link_is_told_on_the_next(worker):
    life = Life("1.6", faults__connector_0=True)

    def back():
        before = len(notes(life))
        if worker == "dies":
            life.restart()
        else:
            life.csms.connect()
        return [one for one in notes(life, before) if one[0] == 0]

    life.csms.drop()
    assert fault(life, "GroundFailure") == []
    assert back() == [BROKEN]
    life.csms.drop()
    assert back() == []
    life.csms.drop()
    fault(life, "NoError")
    assert back() == [WELL]


OWN = {"vendor_error_code": "E-42", "vendor_id": "com.acme", "info": "RCD type B"}


def details(life, connector=1):
    notes = [one for one in life.said("StatusNotification") if one["connectorId"] == connector]
    return {name: notes[-1].get(name) for name in ("vendorErrorCode", "vendorId", "info")}


def test_what_a_make_says_of_an_error_code_goes_along_until_the_fault_is_over():
    codes = {"GroundFailure": OWN, "HighTemperature": {"vendor_error_code": "W-7"}}
    life = Life("1.6", faults={"codes": codes, "warnings": ["HighTemperature"],
                               "connector_0": True})  # fmt: skip
    fault(life, "GroundFailure")
    full = {"vendorErrorCode": "E-42", "vendorId": "com.acme", "info": "RCD type B"}
    assert details(life) == details(life, 0) == full
    life.restart()
    life.ask("TriggerMessage", {"requestedMessage": "StatusNotification"})
    assert details(life) == details(life, 0) == full
    fault(life, "NoError")
    assert {*details(life).values(), *details(life, 0).values()} == {None}
    fault(life, "HighTemperature")
    assert details(life) == {"vendorErrorCode": "W-7", "vendorId": "V", "info": None}
    fault(life, "NoError")
    fault(life, "OtherError")
    assert {*details(life).values()} == {None}


def test_what_a_command_says_of_a_fault_goes_before_the_make():
    life = Life("1.6", faults__codes={"GroundFailure": OWN})
    life.do("fault", error_code="GroundFailure", vendor_id="org.other", vendor_error_code="X")
    assert details(life) == {"vendorErrorCode": "X", "vendorId": "org.other", "info": "RCD type B"}
    life.do("fault", error_code="GroundFailure", info="wet")
    assert details(life) == {"vendorErrorCode": "E-42", "vendorId": "com.acme", "info": "wet"}


# --- limits --------------------------------------------------------------------------------------

AMPS_KEY = {"type": "integer", "value": "10", "effect": "max_current"}


def limited(version, **config):
    name = "keys" if version == "1.6" else "variables"
    made = {name: {"Acme.Amps": AMPS_KEY}}
    return Life(version, measuring(POWER, AMPS, "Power.Offered") | config, **made)


def set_amps(life, amps):
    if life.version == "1.6":
        asked = {"key": "Acme.Amps", "value": str(amps)}
        return life.ask("ChangeConfiguration", asked)["status"]
    return life.csms.set("Acme.Amps", str(amps))


def composite(life, unit):
    place = "connectorId" if life.version == "1.6" else "evseId"
    asked = {"duration": 60, place: 1, "chargingRateUnit": unit}
    answer = life.ask("GetCompositeSchedule", asked)
    schedule = answer.get("chargingSchedule") or answer["schedule"]
    return schedule["chargingSchedulePeriod"][0]["limit"]


@every_version
def test_the_current_of_outlets_limits_what_the_meter_tells_and_the_schedule(version):
    life = limited(version).charge(25)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(10 * 690, rel=0.01)
    assert life.entries("Power.Offered")[-1]["value"] == pytest.approx(10 * 690, rel=0.01)
    phases = life.entries(AMPS)[-3:]
    assert [one["phase"] for one in phases] == ["L1", "L2", "L3"]
    assert all(one["value"] <= 10 / 0.99 + 0.01 for one in phases)  # of apparent power
    assert composite(life, "A") == pytest.approx(10, rel=0.01)
    assert composite(life, "W") == pytest.approx(6900, rel=0.01)
    assert set_amps(life, 16) == "Accepted"
    life.pass_time(20)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(16 * 690, rel=0.01)
    assert composite(life, "A") == pytest.approx(16, rel=0.01)


@every_version
def test_the_current_of_outlets_of_dc_and_what_an_outlet_can_carry(version):
    life = limited(version, connectors=DC).charge(25, max_power_kw=100)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(10 * 400, rel=0.01)
    assert set_amps(life, 1000) == "Accepted"  # more than the outlet: its own limit stays
    life.pass_time(20)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(50_000, rel=0.01)


# --- whoever plugs in charges --------------------------------------------------------------------


def test_free_charging_starts_and_stops_by_the_plug_without_an_idtag_of_the_driver():
    keys = {
        "AcmeFree": {"type": "boolean", "value": "true", "effect": "free_charging"},
        "AcmeTag": {"type": "text", "value": "F" * 25, "effect": "free_charging_tag"},
    }
    life = Life("1.6", {"configuration": {"LocalPreAuthorize": "false"}}, keys=keys)
    for connector in (1, 2):
        life.do("plug", connector=connector, ev=CAR)
    starts = life.said("StartTransaction")
    assert [(one["connectorId"], one["idTag"]) for one in starts] == [(1, "F" * 20), (2, "F" * 20)]
    assert not life.said("Authorize")
    life.do("unplug", connector=1)
    [stop] = life.said("StopTransaction")
    assert stop["reason"] == "EVDisconnected" and stop["transactionId"] == 101


@pytest.mark.parametrize(("free", "tag"), [("false", "FREE"), ("true", "")])
def test_nobody_charges_freely_where_it_is_off_or_no_idtag_is_set(free, tag):
    keys = {
        "AcmeFree": {"type": "boolean", "value": free, "effect": "free_charging"},
        "AcmeTag": {"type": "text", "value": tag, "effect": "free_charging_tag"},
    }
    life = Life("1.6", keys=keys)
    life.do("plug", connector=1, ev=CAR)
    life.pass_time(300)
    assert not life.said("StartTransaction")


# C03, 2.0.1 AuthCtrlr.Enabled: a make of 2.x has no key of its own for it.
@pytest.mark.parametrize("version", OTHERS)
def test_a_make_of_2x_charges_freely_by_the_standards_variable(version):
    life = Life(version, variables={"AuthCtrlr.Enabled": {"value": "false"}})
    life.do("plug", connector=1, ev=CAR)
    life.pass_time(20)
    tokens = [one["idToken"] for one in life.said("TransactionEvent") if "idToken" in one]
    assert tokens == [{"idToken": "", "type": "NoAuthorization"}]
    assert not life.said("Authorize")
    assert life.csms.story()[-1][2] == "Charging"


# --- noise ---------------------------------------------------------------------------------------

NOISY = {  # measurand -> (what it is without, percent that it varies by) of AC, with 4 %
    POWER: (22_000, 4), AMPS: (32.2, 5.1), VOLTS: (230, 1),
}  # fmt: skip


def told(life, name, connector=1, phase=None):
    """Values of a measurand of one outlet, in their order."""
    if life.version == "1.6":
        calls = [one for one in life.said("MeterValues") if one["connectorId"] == connector]
    else:
        of = {one["transactionInfo"]["transactionId"]: one["evse"]["id"]
              for one in life.said("TransactionEvent") if "evse" in one}  # fmt: skip
        calls = [one for one in life.said("TransactionEvent")
                 if of[one["transactionInfo"]["transactionId"]] == connector]  # fmt: skip
    rows = [row for call in calls for value in call.get("meterValue", ())
            for row in value["sampledValue"]]  # fmt: skip
    return [float(row["value"]) for row in rows if row["measurand"] == name
            and phase in (None, row.get("phase"))]  # fmt: skip


@every_version
def test_noise_stays_within_its_bounds_around_the_mean(version):
    config = measuring(POWER, AMPS, VOLTS, REGISTER, "SoC")
    life = Life(version, config, meter__noise_pct=4).charge(20 * 200, battery_kwh=1000)
    for name, (mean, percent) in NOISY.items():
        values = told(life, name, phase={AMPS: "L2", VOLTS: "L2-N"}.get(name))
        assert len(set(values)) > 15, name
        assert fmean(values) == pytest.approx(mean, rel=percent / 900), name
        rest = max(abs(one / mean - 1) for one in values) * 100
        assert percent * 0.8 < rest <= percent + 0.1, name
    register = told(life, REGISTER)
    steps = {round(after - before, 1) for before, after in pairwise(register)}
    assert max(steps) - min(steps) < 1.1  # exact to the Wh


@every_version
@pytest.mark.parametrize("fields", [
    {"meter__noise_pct": 4}, {"meter__values": {POWER: {"noise_pct": 4}}},
])  # fmt: skip
def test_outlets_vary_each_by_itself(version, fields):
    config = measuring(POWER) | {"connectors": AC, "ticks": 20.0}
    life = Life(version, config, **fields).charge(battery_kwh=1000)
    life.charge(20 * 200, connector=2, battery_kwh=1000)
    one, two = told(life, POWER)[-190:], told(life, POWER, 2)[-190:]
    assert len(one) == len(two) == 190
    assert abs(correlation(one, two)) < 0.25


@every_version
def test_values_of_one_moment_vary_each_by_itself(version):
    config = measuring(POWER, VOLTS)
    life = Life(version, config, meter__noise_pct=4).charge(20 * 200, battery_kwh=1000)
    volts = told(life, VOLTS, phase="L1-N")
    assert abs(correlation(told(life, POWER), volts)) < 0.25


@every_version
def test_noise_leads_no_percentage_beyond_its_end(version):
    values = {"SoC": {"noise_pct": 20}, "Power.Factor": {"noise_pct": 20}}
    life = Life(version, measuring(*values), meter__values=values).charge(4000, soc=95)
    for name, most in (("SoC", 100), ("Power.Factor", 1)):
        seen = told(life, name)
        assert len(set(seen)) > 3 and max(seen) == most, name
        assert min(seen) >= 0.79 * min(most, 95 if name == "SoC" else 0.99)


# --- delays --------------------------------------------------------------------------------------

SPANS = {"reset": [3, 4], "restart": [20, 25]}
USUAL = {"reset": (0, 0.1), "restart": (3, 3)}


def boot_after_reset(life):
    """(seconds from the answer to the end of the link, from there to the BootNotification)."""
    kind = "Hard" if life.version == "1.6" else "Immediate"
    asked, boots, ends = life.csms.now, len(life.said("BootNotification")), len(life.csms.closes)
    assert life.ask("Reset", {"type": kind})["status"] == "Accepted"
    while len(life.csms.closes) == ends:
        assert life.csms.now < asked + 60
        life.pass_time(0.1)
    closed = life.csms.now
    life.pass_time(life.csms.closes[-1].reconnect_after)
    assert len(life.said("BootNotification")) == boots
    life.csms.connect()
    assert len(life.said("BootNotification")) == boots + 1
    return closed - asked, life.csms.now - closed


@every_version
@pytest.mark.parametrize("delays", [{}, SPANS, {"reset": [2, 2]}, {"restart": [9, 9]}])
def test_the_boot_comes_when_the_make_has_restarted(version, delays):
    life = Life(version, delays=delays)
    spans = {**USUAL, **delays}
    seen = [boot_after_reset(life) for _ in range(3)]
    for number, name in enumerate(("reset", "restart")):
        least, most = spans[name]
        assert all(least - 0.01 <= one[number] <= most + 0.11 for one in seen), (name, seen)
    if delays == SPANS:
        assert len({round(back, 3) for _, back in seen}) == 3


@every_version
@pytest.mark.parametrize("delays", [{}, {"boot": 42.0}])
def test_the_first_boot_comes_when_the_make_is_up(version, delays):
    """Each time that the power comes back, as at the first start (stations/worker/fleet.py)."""
    from chargepoint.effects import Dial

    life = Life(version, delays=delays)
    life.do("power-cut")
    life.pass_time(100)
    _, effects = life.station.command("power-on", {}, life.csms.now)
    [dial] = [one for one in effects if type(one) is Dial]
    assert dial.pause == delays.get("boot", 0)
    boots = len(life.said("BootNotification"))
    life.pass_time(dial.pause)
    life.csms.connect()
    assert len(life.said("BootNotification")) == boots + 1

"""One class for a make and version; none of it for a station without; a make may be changed while
a station runs."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.make.configured import drawn, with_make
from chargepoint.make.reading import read_make
from chargepoint.versions import make_station, station_class
from tests.chargepoint.make.documents import VALUES, document
from tests.chargepoint.make.life import DC, OTHERS, VERSIONS, Life, measuring

REGISTER = "Energy.Active.Import.Register"

every_version = pytest.mark.parametrize("version", VERSIONS)


def station(version, make, number=1):
    return make_station(StationConfig(f"CP{number}", version, make=make), None, 0.0, rng_seed=1)


@every_version
def test_a_station_without_a_make_is_of_the_versions_own_class(version):
    plain = station(version, None)
    assert type(plain) is station_class(version)
    assert type(plain).HABITS is type(station(version, None, 2)).HABITS


@every_version
def test_a_make_has_one_class_however_often_it_is_read(version):
    fields = {"meter__energy_unit": "kWh"}
    one, two = (read_make(document([version], **fields)) for _ in range(2))
    assert type(station(version, one)) is type(station(version, two, 2))
    other = read_make(document([version], meter__energy_unit="Wh"))
    assert type(station(version, one)) is not type(station(version, other))
    assert not hasattr(station(version, one), "__dict__")


def test_a_version_that_the_make_does_not_speak_is_refused_in_words():
    make = read_make(document(["1.6"]))
    with pytest.raises(ValueError, match=r"speaks OCPP 1\.6, not 2\.1"):
        station("2.1", make)


def test_what_the_station_says_of_itself_goes_before_the_make():
    fields = {path: VALUES[path] for path in ("firmware", "meter_type", "outlets", "rules")}
    more = {
        "delays": {"boot": 5, "reset": [1, 2], "restart": [3, 4]}, "serial": "A##?",
        "meter__noise_pct": 2,
    }  # fmt: skip
    make = read_make(document(["1.6"], **fields, **more))
    plain = with_make(StationConfig("CP1", "1.6"), make)
    assert (plain.vendor, plain.model, plain.firmware) == ("V", "M", "1.2.3")
    assert (plain.meter_type, plain.boot_delay, plain.meter_variance) == ("MT1", 5, 0.02)
    assert plain.delays == {"reset": (1, 2), "restart": (3, 4)}
    assert [(c.kind, c.phases, c.max_power_w) for c in plain.connectors] == [("CCS2", 0, 50_000)]
    assert plain.rules == make.rules and plain.make is make
    own = StationConfig(
        "CP1", "1.6", vendor="Mine", serial="S1", connectors=DC, delays={"reset": (9, 9)},
        rules=({"action": "Reset", "status": "Rejected"},),
    )  # fmt: skip
    mine = with_make(own, make)
    assert (mine.vendor, mine.model, mine.serial, mine.connectors) == ("Mine", "M", "S1", DC)
    assert mine.delays == {"reset": (9, 9), "restart": (3, 4)}
    assert mine.rules == (*own.rules, *make.rules)


def test_a_serial_number_is_drawn_by_the_identity():
    assert drawn("AC-{identity}", "CP9") == "AC-CP9"
    one, two = (drawn("##-????-##", identity) for identity in ("CP1", "CP2"))
    assert one == drawn("##-????-##", "CP1") != two
    assert [sign.isdigit() for sign in one[:2] + one[-2:]] == [True] * 4
    assert one[3:7].isalpha() and one[3:7].isupper()
    assert all("{" not in drawn(pattern, "CP1") for pattern in ("#{identity}", "?{identity}"))


def test_the_boot_tells_the_make():
    fields = {"serial": "SN{identity}", "meter_type": "MT1", "firmware": "9.1"}
    [boot] = Life("1.6", **fields).said("BootNotification")
    assert boot == {
        "chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "SNCP1",
        "firmwareVersion": "9.1", "meterType": "MT1",
    }  # fmt: skip


@every_version
def test_a_make_is_changed_while_its_station_charges(version):
    life = Life(version, measuring(REGISTER), meter__energy_unit="kWh").charge(25)
    assert life.unit(life.entries(REGISTER)[-1]) == "kWh"
    life.become(meter__energy_unit="Wh", status__repeat_s=30, features__off=["ClearCache"])
    life.pass_time(20)
    assert life.unit(life.entries(REGISTER)[-1]) == "Wh"
    assert life.ask("ClearCache", {}) == "NotSupported"
    before = len(life.said("StatusNotification"))
    life.csms.drop() if version == "1.6" else life.csms.disconnect()
    life.csms.connect()
    life.pass_time(31)
    assert len(life.said("StatusNotification")) > before
    life.become(power__shared_w=11_000)
    assert life.ask("ClearCache", {}) == {"status": "Accepted"}
    life.pass_time(5)
    assert life.station.connectors[1].power_w == pytest.approx(11_000, rel=0.02)
    life.become()
    life.pass_time(60)
    life.stop()
    assert life.csms.sessions[-1]["state"] == "ended"
    stops = life.said("StopTransaction") if version == "1.6" else [
        e for e in life.csms.events if e["eventType"] == "Ended"
    ]  # fmt: skip
    assert len(stops) == 1


@every_version
def test_guests_stay_with_their_state_when_the_make_is_changed(version):
    life = Life(version, meter__energy_unit="kWh")
    if version == "1.6":
        entry = {"idTag": "A", "idTagInfo": {"status": "Accepted"}}
        wanted = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": [entry]}
    else:
        token = {"idToken": "A", "type": "Central"}
        entry = {"idToken": token, "idTokenInfo": {"status": "Accepted"}}
        wanted = {"versionNumber": 5, "updateType": "Full", "localAuthorizationList": [entry]}
    assert life.ask("SendLocalList", wanted) == {"status": "Accepted"}
    life.become(power__shared_w=11_000, status__repeat_s=60)
    answer = life.ask("GetLocalListVersion", {})
    assert 5 in answer.values()


@every_version
def test_what_a_make_has_held_back_is_on_offer_with_another(version):
    made = {"type": "integer", "value": "0", "effect": "max_current"}
    name = "keys" if version == "1.6" else "variables"
    life = Life(version, **{name: {"Acme.Amps": made}}).charge(5)
    assert life.station.connectors[1].power_w == 0
    life.become(power__shared_w=11_000)
    assert life.station.connectors[1].power_w == pytest.approx(11_000, rel=0.02)
    life.become()
    assert life.station.connectors[1].power_w == pytest.approx(22_000, rel=0.02)


def test_the_keys_of_another_make():
    life = Life("1.6", keys={"AcmeOne": {"type": "text", "value": "1"}})
    asked = {"key": "AcmeOne", "value": "2"}
    assert life.ask("ChangeConfiguration", asked) == {"status": "Accepted"}
    life.become(keys={"AcmeTwo": {"type": "text"}, "LightIntensity": {"absent": True}})
    told = life.ask("GetConfiguration", {"key": ["AcmeOne", "AcmeTwo", "LightIntensity"]})
    assert [entry["key"] for entry in told["configurationKey"]] == ["AcmeTwo"]
    assert told["unknownKey"] == ["AcmeOne", "LightIntensity"]
    life.restart()
    assert life.ask("ChangeConfiguration", asked) == {"status": "NotSupported"}


@pytest.mark.parametrize("version", OTHERS)
def test_the_variables_of_another_make(version):
    life = Life(version, variables={"Acme.One": {"type": "string", "value": "1"}})
    assert life.csms.set("Acme.One", "2") == "Accepted"
    assert life.csms.set("TxCtrlr.EVConnectionTimeOut", "33") == "Accepted"
    life.become(variables={"Acme.Two": {"type": "string"}})
    assert life.csms.set("Acme.One", "2") == "UnknownVariable"
    assert life.csms.set("Acme.Two", "2") == "Accepted"
    assert life.station.model.value("TxCtrlr.EVConnectionTimeOut") == "33"
    life.restart()
    assert life.station.model.value("Acme.Two") == "2"

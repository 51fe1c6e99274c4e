"""Looks at who a station of a make is, its outlets, features, power, statuses and faults."""

from __future__ import annotations

from typing import Any

import pytest

from chargepoint.config import StationConfig
from tests.chargepoint.make.life import AC, CAR, Life, measuring
from tests.chargepoint.make.looks import AMPS, POWER, MakeLife, look


def boot_of(life: Life) -> dict:
    """What the last BootNotification says of the station; as flat as 1.6 has it."""
    boot = life.said("BootNotification")[-1]
    if life.version == "1.6":
        return boot
    station = boot["chargingStation"]
    names = {"vendorName": "chargePointVendor", "model": "chargePointModel",
             "serialNumber": "chargePointSerialNumber"}  # fmt: skip
    return {names.get(name, name): value for name, value in station.items()}


# --- who it is -----------------------------------------------------------------------------------


@look("vendor", "model", "firmware", "serial")
def told_at_the_boot(version: str, make: MakeLife) -> None:
    life = make(vendor="Volt & Co", model="W11", firmware="9.8", serial="S-{identity}")
    boot = boot_of(life)
    told = [boot[n] for n in ("chargePointVendor", "chargePointModel", "chargePointSerialNumber",
                              "firmwareVersion")]  # fmt: skip
    assert told == ["Volt & Co", "W11", "S-CP1", "9.8"]


@look("meter_type", "meter_serial")
def meter_told_at_the_boot(version: str, make: MakeLife) -> None:
    boot = boot_of(make(meter_type="MT-7", meter_serial="M-{identity}"))
    assert (boot["meterType"], boot["meterSerialNumber"]) == ("MT-7", "M-CP1")


@look("versions")
def other_versions_are_refused(version: str, make: MakeLife) -> None:
    others = [each for each in ("1.6", "2.0.1", "2.1") if each != version]
    with pytest.raises(ValueError, match="speaks OCPP"):
        make(versions=others)


# --- outlets -------------------------------------------------------------------------------------


OUTLET = {"id": 1, "evse": 1}


def outlets(make: MakeLife, *rows: dict, **config: Any) -> Life:
    """A life of the make's outlets: the station says nothing of its own."""
    return make({"connectors": StationConfig("", "").connectors, **config}, outlets=[*rows])


@look("outlets.id")
def numbers_of_outlets(version: str, make: MakeLife) -> None:
    life = outlets(make, {"id": 1, "evse": 1}, {"id": 2, "evse": 2})
    place = "connectorId" if version == "1.6" else "evseId"
    assert {1, 2} <= {one[place] for one in life.said("StatusNotification")}


@look("outlets.evse")
def outlets_of_one_evse(version: str, make: MakeLife) -> None:
    signs = {"configuration": {"SampledDataSignReadings": "true"}}
    life = outlets(make, {"id": 1, "evse": 1}, {"id": 2, "evse": 1}, **signs)
    if version != "1.6":
        notes = life.said("StatusNotification")
        assert {one["evseId"] for one in notes} == {1} and len(notes) == 2
        return
    asked = {"key": ["MeterPublicKey1", "MeterPublicKey2"]}  # they share a meter
    one, two = life.ask("GetConfiguration", asked)["configurationKey"]
    assert one["value"] == two["value"] != ""


@look("outlets.kind")
def plugs(version: str, make: MakeLife) -> None:
    life = outlets(make, OUTLET | {"kind": "CCS2"})
    if version == "1.6":  # 9.1.24: only a socket keeps a cable
        asked = {"key": "UnlockConnectorOnEVSideDisconnect", "value": "false"}
        assert life.ask("ChangeConfiguration", asked)["status"] == "Accepted"
        life.charge(20)
        life.do("unplug", connector=1)
        assert life.csms.statuses()[-1] == "Available"
    else:
        token = {"idToken": "A", "type": "Central"}
        asked = {"id": 1, "idToken": token, "connectorType": "cCCS2",
                 "expiryDateTime": "2030-01-01T00:00:00Z"}  # fmt: skip
        assert life.ask("ReserveNow", asked)["status"] == "Accepted"


@look("outlets.phases")
def phases_of_outlets(version: str, make: MakeLife) -> None:
    life = outlets(make, OUTLET | {"phases": 1}, **measuring(AMPS)).charge(25)
    assert {one.get("phase", "L1") for one in life.entries(AMPS)} == {"L1"}


@look("outlets.max_power_w")
def power_of_outlets(version: str, make: MakeLife) -> None:
    life = outlets(make, OUTLET | {"max_power_w": 5000}, **measuring(POWER)).charge(25)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(5000, rel=0.01)


# --- features, rules, power ----------------------------------------------------------------------


@look("features.profiles")
def profiles_of_features(version: str, make: MakeLife) -> None:
    assert make(features__profiles=["SmartCharging"]).ask("GetLocalListVersion", {}) == (
        "NotSupported"
    )


@look("features.off", "features.answer")
def what_is_off(version: str, make: MakeLife) -> None:
    life = make(features__off=["ClearCache"], features__answer="NotImplemented")
    assert life.ask("ClearCache", {}) == "NotImplemented"


@look("rules")
def rules_of_answers(version: str, make: MakeLife) -> None:
    life = make(rules=[{"action": "ClearCache", "status": "Rejected"}])
    assert life.ask("ClearCache", {}) == {"status": "Rejected"}


@look("power.shared_w")
def shared_power(version: str, make: MakeLife) -> None:
    life = make({"connectors": AC, **measuring(POWER)}, power__shared_w=9000).charge(25)
    assert life.entries(POWER)[-1]["value"] == pytest.approx(9000, rel=0.01)


# --- statuses and faults -------------------------------------------------------------------------


@look("status.told_as")
def statuses_told_as_others(version: str, make: MakeLife) -> None:
    life = make(status__told_as={"Preparing": "Reserved"})
    life.do("plug", connector=1, ev=CAR)
    assert life.csms.statuses()[-1] == "Reserved"


@look("status.charging_states")
def charging_states_told_as_others(version: str, make: MakeLife) -> None:
    life = make(status__charging_states={"Charging": "SuspendedEVSE"}).charge(5)
    assert life.csms.story()[-1][2] == "SuspendedEVSE"


@look("status.connector_0")
def connector_0_is_silent(version: str, make: MakeLife) -> None:
    life = make(status__connector_0=False)
    assert {one["connectorId"] for one in life.said("StatusNotification")} == {1, 2}


@look("status.repeat_s")
def statuses_again(version: str, make: MakeLife) -> None:
    life = make(status__repeat_s=60)
    before = len(life.said("StatusNotification"))
    life.pass_time(61)
    assert len(life.said("StatusNotification")) == before + 2


@look("faults.connector_0")
def faults_of_connector_0(version: str, make: MakeLife) -> None:
    life = make(faults__connector_0=True)
    life.do("fault", connector=1, error_code="GroundFailure")
    told = {(one["connectorId"], one["errorCode"]) for one in life.said("StatusNotification")}
    assert {(0, "GroundFailure"), (1, "GroundFailure")} <= told


@look("faults.warnings")
def warnings_of_errors(version: str, make: MakeLife) -> None:
    life = make(faults__warnings=["HighTemperature"]).charge(5)
    life.do("fault", connector=1, error_code="HighTemperature")
    note = life.said("StatusNotification")[-1]
    assert (note["status"], note["errorCode"]) == ("Charging", "HighTemperature")


@look("faults.codes.vendor_error_code", "faults.codes.vendor_id", "faults.codes.info")
def codes_of_the_vendor(version: str, make: MakeLife) -> None:
    own = {"vendor_error_code": "E-42", "vendor_id": "com.acme", "info": "RCD type B"}
    life = make(faults__codes={"GroundFailure": own})
    life.do("fault", connector=1, error_code="GroundFailure")
    note = life.said("StatusNotification")[-1]
    told = (note["vendorErrorCode"], note["vendorId"], note["info"])
    assert told == ("E-42", "com.acme", "RCD type B")

"""DER controls as a CSMS writes them, and a station with a car that can give back."""

from typing import Any

from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.profiles import profile, set_profile

QUIET = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "SampledDataCtrlr.TxEndedMeasurands":
        "Energy.Active.Import.Register,Energy.Active.Export.Register,Power.Active.Export",
}  # fmt: skip
# 10 kW either way, within an AC outlet of 22 kW on three phases.
CAR = {
    "soc": 60, "battery_kwh": 100, "max_power_kw": 10, "max_discharge_kw": 10, "iso15118": True,
    "min_soc": 10,
}  # fmt: skip
FIELDS = {
    "EnterService": "enterService", "FixedPFAbsorb": "fixedPFAbsorb", "Gradients": "gradient",
    "FixedPFInject": "fixedPFInject", "FixedVar": "fixedVar", "FreqDroop": "freqDroop",
    "LimitMaxDischarge": "limitMaxDischarge",
}  # fmt: skip


def station(**configuration: str) -> Csms:
    csms = Csms(config_of("2.1", configuration=QUIET | configuration)).connect()
    csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    return csms


def charge(csms: Csms, connector: int = 1, **car: Any) -> str:
    csms.command("plug", connector=connector, ev=CAR | car)
    csms.command("start-transaction", connector=connector)
    return csms.station.outlets[connector].transaction.id


def period(mode: str = "CentralSetpoint", identity: int = 1, limit: float = 22_000, **more) -> dict:
    """A TxDefaultProfile of one period."""
    made = profile(limit, identity)
    made["chargingSchedule"][0]["chargingSchedulePeriod"][0] |= {"operationMode": mode, **more}
    return made


def giving(watts: float = 8000, csms: Csms | None = None, **car: Any) -> Csms:
    """A station whose car gives so many watts."""
    csms = csms or station()
    charge(csms, **car)
    assert set_profile(csms, 1, period(setpoint=-watts)) == "Accepted"
    return csms


def curve(*points: tuple[float, float], unit: str = "Not_Applicable", **more: Any) -> dict:
    return {"curveData": [{"x": x, "y": y} for x, y in points], "yUnit": unit, **more}


def control(csms: Csms, kind: str, settings: dict, identity: str = "", **more: Any) -> dict:
    """Set a default control, or one from `start` seconds on for `duration`."""
    start, duration = more.pop("start", None), more.pop("duration", None)
    settings = {"priority": more.pop("priority", 0), **settings}
    if start is not None:
        settings |= {"startTime": iso(csms.now + start), "duration": duration}
    payload = {
        "isDefault": start is None, "controlId": identity or kind, "controlType": kind,
        FIELDS.get(kind, "curve"): settings, **more,
    }  # fmt: skip
    return csms.call("SetDERControl", payload)


def accepted(csms: Csms, kind: str, settings: dict, **more: Any) -> None:
    answer = control(csms, kind, settings, **more)
    assert answer["status"] == "Accepted", answer


def sample(csms: Csms, connector: int = 1):
    return block(csms.station, "metering").sample(csms.station.outlets[connector], csms.now)


def given(csms: Csms) -> float:
    """Watts that flow to the grid; below 0 they are taken."""
    seen = sample(csms)
    return round(seen.export_w - seen.power_w, 3)


def alarms(csms: Csms) -> list[tuple[str, str, bool]]:
    return [
        (a["controlType"], a["gridEventFault"], a.get("alarmEnded", False))
        for a in csms.sent("NotifyDERAlarm")
    ]

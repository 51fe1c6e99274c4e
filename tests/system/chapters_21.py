"""What a 2.1 station lives through beside: energy that flows back, the grid, priority."""

from __future__ import annotations

from typing import Any

from .chapters_2x import (
    STEADY_CAR,
    covers,
    hears_power,
    profile,
    set_profile,
    set_variable,
    started,
    stop,
)
from .conversation import Conversation, at

EXPORT = "Power.Active.Export"
EMAID = "DEABCC123456799"
GIVING_CAR = {**STEADY_CAR, "soc": 80, "max_discharge_kw": 10, "iso15118": True}


def setpoint(watts: float, mode: str = "CentralSetpoint", **more: Any) -> dict[str, Any]:
    period = {"limit": 22_000.0, "operationMode": mode, **more}
    if mode == "CentralSetpoint":
        period["setpoint"] = watts
    return profile(41, unit="W", period=period)


@covers("GetCertificateChainStatus")
def ask_about_a_chain(talk: Conversation) -> None:
    """A car of ISO 15118-20 whose contract the CSMS is asked about."""
    car = {**STEADY_CAR, "emaid": EMAID, "contract": "made", "iso15118_20": True}
    talk.csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    talk.do("plug", connector=1, ev=car)
    assert len(talk.hears("GetCertificateChainStatus")["certificateStatusRequests"]) == 2
    assert talk.hears("Authorize")["idToken"]["idToken"] == EMAID
    started(talk)
    stop(talk)


@covers("AFRRSignal", "NotifyAllowedEnergyTransfer")
def give_back(talk: Conversation) -> None:
    wanted = f"Energy.Active.Import.Register,Power.Active.Import,{EXPORT}"
    set_variable(talk, "SampledDataCtrlr.TxUpdatedMeasurands", wanted)
    talk.csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    talk.do("plug", connector=1, ev=GIVING_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    transaction = started(talk)
    set_profile(talk, setpoint(-6000))
    hears_power(talk, 5900, 6100, EXPORT)
    for modes, least, most in ((["AC_three_phase"], -1, 1), (["AC_BPT"], 5900, 6100)):
        allowed = {"transactionId": transaction, "allowedEnergyTransfer": modes}
        assert talk.call("NotifyAllowedEnergyTransfer", **allowed) == {"status": "Accepted"}
        hears_power(talk, least, most, EXPORT)
    curve = [{"signal": -100, "power": -8000.0}, {"signal": 100, "power": 8000.0}]
    made = setpoint(0, "CentralFrequency", v2xBaseline=1000.0, v2xSignalWattCurve=curve)
    set_profile(talk, made)
    assert talk.call("AFRRSignal", timestamp=at(), signal=50) == {"status": "Accepted"}
    hears_power(talk, 4900, 5100)
    talk.call("ClearChargingProfile", chargingProfileId=41)
    stop(talk)


@covers(
    "NotifyPriorityCharging", "PullDynamicScheduleUpdate", "UpdateDynamicSchedule",
    "UsePriorityCharging",
)  # fmt: skip
def follow(talk: Conversation) -> None:
    """A limit that the CSMS moves, and a driver in a hurry."""
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    transaction = started(talk)
    moving = {"chargingProfileKind": "Dynamic", "dynUpdateInterval": 3, "unit": "W"}
    set_profile(talk, profile(42, period={"limit": 9000.0}, **moving))
    hears_power(talk, 8900, 9100)
    assert talk.hears("PullDynamicScheduleUpdate") == {"chargingProfileId": 42}
    hears_power(talk, 4900, 5100)  # as csms_2x.py answers
    talk.csms.answers["PullDynamicScheduleUpdate"] = {"status": "Rejected"}
    update = {"chargingProfileId": 42, "scheduleUpdate": {"limit": 7000.0}}
    assert talk.call("UpdateDynamicSchedule", **update) == {"status": "Accepted"}
    hears_power(talk, 6900, 7100)
    set_profile(talk, profile(43, "PriorityCharging", unit="W", period={"limit": 20_000.0}))
    hurry = {"transactionId": transaction, "activate": True}
    assert talk.call("UsePriorityCharging", **hurry) == {"status": "Accepted"}
    hears_power(talk, 19_900, 20_100)
    talk.do("priority-charging", connector=1, operative=False)
    assert talk.hears("NotifyPriorityCharging") == {
        "transactionId": transaction, "activated": False,
    }  # fmt: skip
    hears_power(talk, 6900, 7100)
    for identity in (42, 43):
        answer = talk.call("ClearChargingProfile", chargingProfileId=identity)
        assert answer == {"status": "Accepted"}
    stop(talk)


@covers(
    "ClearDERControl", "GetDERControl", "NotifyDERAlarm", "NotifyDERStartStop",
    "ReportDERControl", "SetDERControl",
)  # fmt: skip
def serve_the_grid(talk: Conversation) -> None:
    kind = "LimitMaxDischarge"
    settings = {
        "priority": 1, "pctMaxDischargePower": 50.0, "startTime": at(seconds=2), "duration": 600,
    }  # fmt: skip
    control = {
        "isDefault": False, "controlId": "noon", "controlType": kind,
        "limitMaxDischarge": settings,
    }  # fmt: skip
    assert talk.call("SetDERControl", **control)["status"] == "Accepted"
    talk.hears("NotifyDERStartStop", controlId="noon", started=True)
    assert talk.call("GetDERControl", requestId=44)["status"] == "Accepted"
    [told] = talk.hears("ReportDERControl", requestId=44)["limitMaxDischarge"]
    assert told["id"] == "noon"
    talk.do("der-alarm", kind=kind, fault="OverVoltage")
    assert talk.hears("NotifyDERAlarm", controlType=kind)["gridEventFault"] == "OverVoltage"
    cleared = talk.call("ClearDERControl", isDefault=False, controlId="noon")
    assert cleared["status"] == "Accepted"
    talk.hears("NotifyDERStartStop", controlId="noon", started=False)


GRID = (ask_about_a_chain, give_back, follow, serve_the_grid)

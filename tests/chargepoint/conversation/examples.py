"""Requests that a station can heed, by their action: what few requests made at random would hit."""

import hashlib
from functools import cache
from typing import Any

from chargepoint.timing.times import iso
from chargepoint.trust.certificates import hash_data
from tests.chargepoint.authority import Authority
from tests.chargepoint.files import FIRMWARE
from tests.chargepoint.peer import START
from tests.chargepoint.v21.controls import curve
from tests.chargepoint.v201.profiles import DEFAULT, profile

CHECKSUM = hashlib.md5(FIRMWARE).hexdigest()
_LIMIT = {"priority": 0, "pctMaxDischargePower": 50.0}
_VARS = {"priority": 1, "setpoint": 20.0, "unit": "PctMaxVar"}
_VOLTAGES = {"priority": 0, **curve((90.0, 30.0), (110.0, -30.0), unit="PctMaxVar")}
_SOON = {"startTime": iso(START + 60), "duration": 600.0}


@cache
def certificates() -> tuple[str, str]:
    """(a root, one below it), PEM."""
    root = Authority("Root", START)
    return root.pem, Authority("Below", START, root).pem


@cache
def dynamic() -> dict[str, Any]:
    """A profile whose limit the CSMS changes while it runs (2.1, K28)."""
    made = profile(6000.0, 5, DEFAULT, kind="Dynamic", dynUpdateInterval=30)
    return made


@cache
def signalled() -> dict[str, Any]:
    """A profile by which the grid's frequency control moves the setpoint (2.1, Q11)."""
    made = profile(22_000.0, 4, DEFAULT)
    [period] = made["chargingSchedule"][0]["chargingSchedulePeriod"]
    points = [{"signal": -100, "power": -8000.0}, {"signal": 100, "power": 8000.0}]
    period |= {"operationMode": "CentralFrequency", "v2xBaseline": 1000.0,
               "v2xSignalWattCurve": points}  # fmt: skip
    return made


def control(identity: str, kind: str, field: str, settings: dict, later: bool) -> dict[str, Any]:
    return {
        "isDefault": not later, "controlId": identity, "controlType": kind,
        field: settings | (_SOON if later else {}),
    }  # fmt: skip


def controls() -> list[dict[str, Any]]:
    return [
        control("C0", "LimitMaxDischarge", "limitMaxDischarge", _LIMIT, False),
        control("C1", "LimitMaxDischarge", "limitMaxDischarge", _LIMIT, True),
        control("C0", "FixedVar", "fixedVar", _VARS, True),
        control("C2", "VoltVar", "curve", _VOLTAGES, False),
    ]


@cache
def examples(version: str) -> dict[str, list[dict[str, Any]]]:
    root, below = certificates()
    delete = [{"certificateHashData": hash_data(pem, root)} for pem in (root, below)]
    if version == "1.6":
        kinds = ("CentralSystemRootCertificate", "ManufacturerRootCertificate")
        install = [{"certificateType": kind, "certificate": root} for kind in kinds]
        return {"DeleteCertificate": delete, "InstallCertificate": install}
    network = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "messageTimeout": 20,
        "ocppCsmsUrl": "ws://elsewhere.test/ocpp", "securityProfile": 0, "ocppInterface": "Wired0",
    }  # fmt: skip
    kinds = ("CSMSRootCertificate", "V2GRootCertificate", "ManufacturerRootCertificate")
    made: dict[str, list[dict[str, Any]]] = {
        "DeleteCertificate": delete,
        "InstallCertificate": [{"certificateType": k, "certificate": root} for k in kinds],
        "SetNetworkProfile": [
            {"configurationSlot": slot, "connectionData": network} for slot in (1, 2)
        ],
        "PublishFirmware": [{
            "location": "http://files.test/fw.bin", "checksum": CHECKSUM, "requestId": 9,
        }],
        "UnpublishFirmware": [{"checksum": CHECKSUM}],
        "CustomerInformation": [{
            "requestId": 4, "report": True, "clear": clear,
            "idToken": {"idToken": "TAG1", "type": "Central"},
        } for clear in (True, False)],
        "RequestStopTransaction": [{"transactionId": "@1"}],
        "UnlockConnector": [{"evseId": 1, "connectorId": 1}],
        "GetReport": [{"requestId": 5, "componentCriteria": ["Problem", "Active"]}],
    }  # fmt: skip
    return made if version == "2.0.1" else made | _of_21()


def _of_21() -> dict[str, list[dict[str, Any]]]:
    update = {"chargingProfileId": 5, "scheduleUpdate": {"limit": 4000.0}}
    return {
        "SetDERControl": controls(),
        "AFRRSignal": [{"timestamp": iso(START), "signal": signal} for signal in (50, -50)],
        "UpdateDynamicSchedule": [update],
        "NotifyAllowedEnergyTransfer": [
            {"transactionId": "@1", "allowedEnergyTransfer": [kind]}
            for kind in ("AC_three_phase", "AC_BPT", "DC")
        ],
        "AdjustPeriodicEventStream": [{"id": n, "params": {"interval": 9}} for n in range(1, 4)],
        "UsePriorityCharging": [{"transactionId": "@1", "activate": True}],
        "RequestBatterySwap": [
            {"requestId": 6, "idToken": {"idToken": "TAG1", "type": "Central"}}
        ],
        "ClearTariffs": [{"tariffIds": ["T0"]}, {"evseId": 1}],
        "GetTariffs": [{"evseId": 0}, {"evseId": 1}],
    }  # fmt: skip

"""Values that mean something to a station of these tests, by the name of their field."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from chargepoint.timing.times import iso
from tests.chargepoint.bounds.inputs import Hints
from tests.chargepoint.conversation.examples import certificates, dynamic, examples, signalled
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16 import charging as charging_16
from tests.chargepoint.v201 import profiles as charging_2
from tests.chargepoint.v201.csms import Csms, config_of

_TIMES = [iso(START + later) for later in (-86_400, -60, 0, 60, 600, 3600, 90_000, 9e6)]
_TIME_FIELDS = (
    "startSchedule", "validFrom", "validTo", "expiryDate", "expiryDateTime", "retrieveDate",
    "retrieveDateTime", "installDateTime", "startTime", "stopTime", "startDateTime", "endDateTime",
    "cacheExpiryDateTime",
)  # fmt: skip
_SETTINGS = ("0", "1", "true", "false", "60", "-1", "", "Power.Active.Import", "3", "900")


def _one_of(values: Sequence[Any]) -> Callable[[int], Any]:
    return lambda n: values[n % len(values)]


def _half(values: Sequence[Any]) -> Callable[[int], Any]:
    """Every second one as the schema has it."""
    return lambda n: values[n // 2 % len(values)] if n % 2 else None


_COMMON: Hints = {
    "connectorId": _one_of((1, 2, 0, 1, 2, 1, 3)), "evseId": _one_of((1, 2, 0, 1, 3)),
    "startPeriod": _one_of(range(0, 480, 60)), "limit": _one_of((0.0, 6.0, 10.0, 16.0, 32.0)),
    "numberPhases": _one_of((1, 3, 2)), "duration": _one_of((60, 600, 86_400)),
    "stackLevel": _one_of((0, 1, 2)), "idTag": _one_of(("TAG0", "TAG1", "TAG2")),
    "reservationId": _one_of((0, 1, 2)), "id": _one_of(range(4)),
    "chargingProfileId": _one_of(range(6)), "requestId": _one_of(range(8)),
    "listVersion": _one_of(range(8)), "versionNumber": _one_of(range(8)),
    "retries": _one_of((0, 1, 2)), "retryInterval": _one_of((1, 5, 60)),
    "location": _one_of(("http://files.test/fw.bin", "ftp://files.test/in")),
    "remoteLocation": _one_of(("http://files.test/in",)),
    **dict.fromkeys(_TIME_FIELDS, _one_of(_TIMES)),
}  # fmt: skip


@cache
def hints_for(version: str) -> Hints:
    """By the name of a field; the name of an action stands for its whole request."""
    certificate = _half(certificates())
    more = {"certificate": certificate, "certificateChain": certificate}
    more |= {action: _half(requests) for action, requests in examples(version).items()}
    return {**_COMMON, **more, **(_hints_16() if version == "1.6" else _hints_2(version))}


@cache
def _hints_16() -> Hints:
    made = [
        charging_16.profile([(0, limit), (300, 16.0)], n, purpose, unit="A")
        for n, limit in enumerate((0.0, 6.0, 10.0))
        for purpose in ("TxProfile", "TxDefaultProfile", "ChargePointMaxProfile")
    ]
    return {
        "key": _one_of(block(Peer().station, "keys").names()), "value": _one_of(_SETTINGS),
        "transactionId": _one_of((101, 102, 103, 104)), "parentIdTag": _one_of(("TAG1",)),
        "csChargingProfiles": _half(made), "chargingProfile": _half(made),
    }  # fmt: skip


@cache
def _hints_2(version: str) -> Hints:
    items = [_item(v) for v in Csms(config_of(version)).station.model.CATALOGUE.variables]
    kinds = ("UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned")
    evse = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    monitored = [{"value": 60.0, "type": kind, "severity": 5, **evse} for kind in kinds]
    settings = [
        {**item, "attributeValue": _SETTINGS[n % len(_SETTINGS)]} for n, item in enumerate(items)
    ]
    made = [
        charging_2.profile([(0, limit), (300, 16.0)], n, purpose, unit="A")
        | ({"transactionId": "@1"} if purpose == charging_2.TX else {})
        for n, limit in enumerate((0.0, 6.0, 10.0))
        for purpose in (charging_2.TX, charging_2.DEFAULT, charging_2.MAX)
    ]
    if version == "2.1":
        made += [dynamic(), signalled()]
    return {
        "connectorId": _one_of((1, 1, 1, 2, 0)),
        "getVariableData": _half(items), "setVariableData": _half(settings),
        "componentVariable": _half(items), "setMonitoringData": _half(monitored),
        "chargingProfile": _half(made), "transactionId": _one_of(("@1", "@2", "none")),
        "currency": _one_of(("EUR",)), "tariffId": _one_of(("T0", "T1", "T2")),
        "evse": _half([{"id": 1}, {"id": 2}, {"id": 1, "connectorId": 1}]),
        "severity": _one_of((0, 5, 9)), "controlId": _one_of(("C0", "C1")),
    }  # fmt: skip


def _item(variable: Any) -> dict[str, Any]:
    name, _, instance = variable.component.partition("[")
    component: dict[str, Any] = {"name": name}
    if instance:
        component["instance"] = instance.rstrip("]")
    if name in ("EVSE", "Connector"):
        component["evse"] = {"id": 1, **({"connectorId": 1} if name == "Connector" else {})}
    more = {"instance": variable.instance} if variable.instance else {}
    return {"component": component, "variable": {"name": variable.name, **more}}

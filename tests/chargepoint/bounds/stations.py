"""Stations with as much in them as a CSMS can bring about, wired to a CSMS in memory."""

from collections.abc import Callable
from typing import Any

from chargepoint.config import ConnectorConfig
from chargepoint.effects import Effect
from chargepoint.timing.times import iso
from chargepoint.wire import schemas
from tests.chargepoint.bounds.inputs import Hints
from tests.chargepoint.bounds.steps import Steps
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16 import charging as charging_16
from tests.chargepoint.v201 import profiles as charging_2
from tests.chargepoint.v201.csms import Csms, config_of

OUTLETS = 32  # the most that a station may have
RUNNING = 8  # transactions
CONNECTORS = tuple(
    ConnectorConfig(n, n, "CCS2" if n % 2 else "Type2", 0 if n % 2 else 3, 22_000)
    for n in range(1, OUTLETS + 1)
)
QUARTERS = [(900 * n, 6.0 + n % 10) for n in range(96)]
CAR = {"soc": 10, "battery_kwh": 100, "max_power_kw": 11, "iso15118": True}


class Counted:
    """A station whose events are counted, each for itself.

    most: lines that one event may take; worst: (lines, what) of the greatest so far
    """

    def __init__(self, station: Any, most: int) -> None:
        self._station, self.most = station, most
        self.worst = (0, "")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._station, name)

    def _counted(self, name: str, *args: Any) -> list[Effect]:
        with Steps(self.most) as steps:
            effects = getattr(self._station, name)(*args)
        self.worst = max(self.worst, (steps.count, name))
        return effects

    def received(self, data: str | bytes, now: float) -> list[Effect]:
        return self._counted("received", data, now)

    def wake(self, now: float) -> list[Effect]:
        return self._counted("wake", now)

    def snapshot(self) -> dict:
        with Steps(self.most) as steps:
            made = self._station.snapshot()
        self.worst = max(self.worst, (steps.count, "snapshot"))
        return made


def loaded_16() -> Peer:
    config = {"EmulatorAutoPlug": "false", "MeterValueSampleInterval": "60"}
    peer = Peer(connectors=CONNECTORS, configuration=config).connect()
    for number in range(1, RUNNING + 1):
        peer.do("plug", connector=number, ev=CAR | {"iso15118": False})
        peer.do("start-transaction", connector=number, id_tag=f"TAG{number}")
    for first in range(0, 1000, 250):
        entries = [
            {"idTag": f"TAG{n}", "idTagInfo": {"status": "Accepted"}}
            for n in range(first, first + 250)
        ]
        kind = "Differential" if first else "Full"
        peer.call("SendLocalList", {
            "listVersion": first + 1, "updateType": kind, "localAuthorizationList": entries,
        })  # fmt: skip
    for identity in range(99):
        purpose = ("TxDefaultProfile", "TxProfile", "ChargePointMaxProfile")[identity % 3]
        connector = {"TxProfile": 1 + identity % RUNNING, "ChargePointMaxProfile": 0}.get(
            purpose, identity % OUTLETS
        )
        made = charging_16.profile(
            QUARTERS, identity, purpose, identity % 20, "Recurring", "A", recurrencyKind="Daily",
            startSchedule=peer.now - 86_400 + identity * 7,
        )  # fmt: skip
        charging_16.set_profile(peer, connector, made)
    for number in range(RUNNING + 1, OUTLETS - 8):
        peer.call("ReserveNow", {
            "connectorId": number, "expiryDate": iso(peer.now + 9e6), "idTag": f"TAG{number}",
            "reservationId": number,
        })  # fmt: skip
    return peer


def loaded_2(version: str) -> Csms:
    connectors = tuple(CONNECTORS)
    configuration = {"EmulatorCtrlr.AutoPlug": "false"}
    csms = Csms(config_of(version, connectors=connectors, configuration=configuration)).connect()
    csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    for number in range(1, RUNNING + 1):
        csms.command("plug", connector=number, ev=CAR)
        csms.command("start-transaction", connector=number)
    entries = [
        {"idToken": {"idToken": f"T{n}", "type": "Central"}, "idTokenInfo": {"status": "Accepted"}}
        for n in range(1000)
    ]
    for first in range(0, 1000, 100):
        csms.call("SendLocalList", {
            "versionNumber": first + 1, "updateType": "Differential" if first else "Full",
            "localAuthorizationList": entries[first:first + 100],
        })  # fmt: skip
    running = [o.transaction.id for o in csms.station.outlets.values() if o.transaction]
    for identity in range(1, 101):
        purpose = (charging_2.DEFAULT, charging_2.TX, charging_2.MAX)[identity % 3]
        evse = {charging_2.TX: 1 + identity % RUNNING, charging_2.MAX: 0}.get(
            purpose, identity % OUTLETS
        )
        made = charging_2.profile(
            QUARTERS, identity, purpose, identity % 20, "Recurring", "A", recurrencyKind="Daily",
            startSchedule=csms.now - 86_400 + identity * 7,
        )  # fmt: skip
        if purpose == charging_2.TX:
            made["transactionId"] = running[evse - 1]
        charging_2.set_profile(csms, evse, made)
    for number in range(RUNNING + 1, OUTLETS - 8):
        csms.call("ReserveNow", {
            "id": number, "expiryDateTime": iso(csms.now + 9e6), "evseId": number,
            "idToken": {"idToken": f"T{number}", "type": "Central"},
        })  # fmt: skip
    _fill_monitors(csms)
    for identity in range(50):
        message = {"format": "UTF8", "content": "x" * 500}
        csms.call("SetDisplayMessage", {
            "message": {"id": identity, "priority": "NormalCycle", "message": message},
        })  # fmt: skip
    if version == "2.1":
        _fill_21(csms)
    return csms


def _fill_monitors(csms: Csms) -> None:
    kinds = ("Periodic", "PeriodicClockAligned", "UpperThreshold", "LowerThreshold", "Delta")
    for severity in range(10):
        items = [
            {
                "value": 1, "type": kind, "severity": severity, "variable": {"name": "Power"},
                "component": {"name": "EVSE", "evse": {"id": number}},
            }
            for number in range(1, 21) for kind in kinds
        ]  # fmt: skip
        csms.call("SetVariableMonitoring", {"setMonitoringData": items})


def _fill_21(csms: Csms) -> None:
    prices = [{"priceKwh": 0.1 + n, "conditions": {"minEnergy": n}} for n in range(10)]
    for number in range(20):
        tariff = {
            "tariffId": f"T{number}", "currency": "EUR", "energy": {"prices": prices},
            "validFrom": iso(csms.now + 9e5 + number),
        }  # fmt: skip
        csms.call("SetDefaultTariff", {"evseId": 0, "tariff": tariff})


def hints(bench: Peer | Csms) -> Hints:
    """Fields that mean something to the station."""
    station = bench.station
    place = lambda n: n % OUTLETS + 1  # noqa: E731
    common: dict[str, Callable[[int], Any]] = {
        "connectorId": place if station.VERSION == "1.6" else lambda n: 1, "evseId": place,
        "startPeriod": lambda n: n * 900, "limit": lambda n: 6.0 + n % 7,
        "numberPhases": lambda n: 3, "duration": lambda n: 2**31 - 1,
        "startSchedule": lambda n: iso(bench.now - 86_400), "stackLevel": lambda n: n % 20,
        "validFrom": lambda n: "2000-01-01T00:00:00Z", "validTo": lambda n: "2100-01-01T00:00:00Z",
        "expiryDate": lambda n: "2100-01-01T00:00:00Z", "idTag": lambda n: f"TAG{n}",
        "expiryDateTime": lambda n: "2100-01-01T00:00:00Z", "requestId": lambda n: 7,
        "retrieveDateTime": lambda n: iso(bench.now), "installDateTime": lambda n: iso(bench.now),
        "listVersion": lambda n: 2**31 - 1, "versionNumber": lambda n: 2**31 - 1,
    }  # fmt: skip
    if station.VERSION == "1.6":
        known = block(station, "keys").names()
        running = [session.transaction_id for session in block(station, "sessions").open.values()]
        return common | {
            "key": lambda n: known[n % len(known)],
            "transactionId": lambda n: running[n % len(running)] if running else 1,
        }  # fmt: skip
    known = list(station.model.CATALOGUE.variables)
    running = [o.transaction.id for o in station.outlets.values() if o.transaction] or ["none"]
    return common | {
        "component": lambda n: {"name": known[n % len(known)].component.partition("[")[0]},
        "variable": lambda n: {"name": known[n % len(known)].name},
        "transactionId": lambda n: running[n % len(running)],
        "currency": lambda n: "EUR", "tariffId": lambda n: f"T{n % 20}",
        "severity": lambda n: n % 10,
    }  # fmt: skip


def sends(version: str) -> set[str]:
    """The actions that the CSMS may send."""
    from chargepoint.versions import station_class

    return set(station_class(version).HANDLERS) & set(schemas.actions(version))

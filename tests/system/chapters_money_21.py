"""Tariffs, payment, streams of values and swapped batteries: what 2.1 knows beside."""

from __future__ import annotations

from typing import Any

from .chapters_2x import (
    ANNA,
    STEADY_CAR,
    covers,
    hears_power,
    named,
    started,
    stop,
)
from .conversation import Conversation

TARIFF = {
    "tariffId": "day", "currency": "EUR", "energy": {"prices": [{"priceKwh": 0.5}]},
}  # fmt: skip


def charging(talk: Conversation) -> str:
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    return started(talk)


@covers("ChangeTransactionTariff", "ClearTariffs", "GetTariffs", "SetDefaultTariff")
def price(talk: Conversation) -> None:
    given = {"evseId": 1, "tariff": TARIFF}
    assert talk.call("SetDefaultTariff", **given)["status"] == "Accepted"
    found = talk.call("GetTariffs", evseId=1)
    assert found["status"] == "Accepted"
    [line] = found["tariffAssignments"]
    assert (line["tariffId"], line["tariffKind"]) == ("day", "DefaultTariff")
    transaction = charging(talk)
    dear = {**TARIFF, "tariffId": "dear", "energy": {"prices": [{"priceKwh": 5.0}]}}
    answer = talk.call("ChangeTransactionTariff", transactionId=transaction, tariff=dear)
    assert answer["status"] == "Accepted"
    stop(talk)
    cleared = talk.call("ClearTariffs", tariffIds=["day"])["clearTariffsResult"]
    assert [(line["tariffId"], line["status"]) for line in cleared] == [("day", "Accepted")]
    assert talk.call("GetTariffs", evseId=1)["status"] == "NoTariff"


@covers(
    "AdjustPeriodicEventStream", "ClosePeriodicEventStream", "GetPeriodicEventStream",
    "OpenPeriodicEventStream",
)  # fmt: skip
def stream(talk: Conversation) -> None:
    """Its values come in NotifyPeriodicEventStream, a Send: nobody answers it."""
    monitor: dict[str, Any] = {
        **named("OCPPCommCtrlr.HeartbeatInterval"), "type": "Periodic", "value": 1.0,
        "severity": 8, "periodicEventStream": {"interval": 2, "values": 5},
    }  # fmt: skip
    answer = talk.call("SetVariableMonitoring", setMonitoringData=[monitor])
    [result] = answer["setMonitoringResult"]
    assert result["status"] == "Accepted"
    opened = talk.hears("OpenPeriodicEventStream")["constantStreamData"]
    assert opened["variableMonitoringId"] == result["id"]
    number = opened["id"]
    assert talk.hears("NotifyPeriodicEventStream", id=number)["data"]
    params = {"interval": 1, "values": 2}
    answer = talk.call("AdjustPeriodicEventStream", id=number, params=params)
    assert answer["status"] == "Accepted"
    [found] = talk.call("GetPeriodicEventStream")["constantStreamData"]
    assert (found["id"], found["params"]) == (number, params)
    talk.call("ClearVariableMonitoring", id=[result["id"]])
    assert talk.hears("ClosePeriodicEventStream") == {"id": number}


@covers("NotifyWebPaymentStarted")
def pay_on_the_web(talk: Conversation) -> None:
    """Somebody is paying for the EVSE: it is kept for so long, and then given back."""
    for seconds in (60, 0):
        assert talk.call("NotifyWebPaymentStarted", evseId=1, timeout=seconds) == {}


@covers("NotifySettlement", "SetDefaultTariff", "VatNumberValidation")
def settle(talk: Conversation) -> None:
    """A bank card at the station's terminal, and a price that is soon worth something."""
    dear = {**TARIFF, "tariffId": "very dear", "energy": {"prices": [{"priceKwh": 1000.0}]}}
    assert talk.call("SetDefaultTariff", evseId=1, tariff=dear)["status"] == "Accepted"
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("pay-terminal", connector=1, amount=20.0)
    transaction = started(talk)
    talk.do("vat-number", connector=1, vat_number="DE123456789")
    assert talk.hears("VatNumberValidation")["vatNumber"] == "DE123456789"
    hears_power(talk, 21_000, 22_100)
    stop(talk)
    told = talk.hears("NotifySettlement", transactionId=transaction)
    assert told["status"] == "Settled" and 0 < float(told["settlementAmount"]) <= 20.0
    talk.call("ClearTariffs", tariffIds=["very dear"])


@covers("BatterySwap", "RequestBatterySwap")
def swap(talk: Conversation) -> None:
    """In the slots, see SLOTS. The last chapter: a battery goes on charging in its slot."""
    talk.do("battery-swap", kind="stock", connector=3, serial="FULL", soc=95)
    answer = talk.call("RequestBatterySwap", requestId=51, idToken=ANNA)
    assert answer == {"status": "Accepted"}
    talk.do("battery-swap", kind="insert", connector=2, serial="EMPTY", soc=20)
    talk.do("battery-swap", kind="take", connector=3)
    for kind, serial in (("BatteryIn", "EMPTY"), ("BatteryOut", "FULL")):
        told = talk.hears("BatterySwap", eventType=kind, requestId=51)["batteryData"]
        assert [battery["serialNumber"] for battery in told] == [serial]


MONEY = (price, stream, pay_on_the_web, settle)
SWAP = (swap,)
# A station that has two slots for batteries beside its outlet.
SLOTS = {
    "connectors": [
        {"id": n, "evse": n, "kind": "Type2", "phases": 3, "max_power_w": watts}
        for n, watts in ((1, 22_000), (2, 3000), (3, 3000))
    ],
    "configuration": {"BatterySwapCtrlr.Available": "true"},
}

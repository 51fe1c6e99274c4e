"""Tariffs, payment, streams of values and swapped batteries: what 2.1 knows beside.

The operator's commands that some need are named as their blocks may come to name them.
"""

from __future__ import annotations

from typing import Any

from .chapters_2x import (
    ANNA,
    STEADY_CAR,
    covers,
    named,
    set_variable,
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
    assert talk.call("NotifyWebPaymentStarted", evseId=1, timeout=2) == {}


@covers("NotifySettlement", "VatNumberValidation")
def settle(talk: Conversation) -> None:
    set_variable(talk, "PaymentCtrlr.Enabled", "true")
    talk.do("vat-number", vat_number="DE123456789")
    assert talk.hears("VatNumberValidation")["vatNumber"] == "DE123456789"
    transaction = charging(talk)
    stop(talk)
    talk.do("settlement", transaction=transaction, amount=4.2)
    told = talk.hears("NotifySettlement", transactionId=transaction)
    assert float(told["settlementAmount"]) == 4.2


@covers("BatterySwap", "RequestBatterySwap")
def swap(talk: Conversation) -> None:
    answer = talk.call("RequestBatterySwap", requestId=51, idToken=ANNA)
    assert answer == {"status": "Accepted"}
    for kind in ("BatteryIn", "BatteryOut"):
        assert talk.hears("BatterySwap", 30, eventType=kind, requestId=51)["batteryData"]


MONEY = (price, stream, pay_on_the_web, settle, swap)

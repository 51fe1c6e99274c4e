"""The CSMS's side of one 2.0.1 or 2.1 station, on PyPI `ocpp`: what it answers, by a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp import v21, v201
from ocpp.charge_point import camel_to_snake_case
from ocpp.messages import Call, MessageType, validate_payload
from ocpp.routing import on

ACCEPTED = {"status": "Accepted"}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _boot(side: Any, _: dict) -> dict:
    return {"currentTime": now(), "interval": side.interval, "status": "Accepted"}


def _transaction(_: Any, event: dict) -> dict:
    # idTokenInfo is for events that carry an idToken (2.0.1, E05, C01).
    return {"idTokenInfo": ACCEPTED} if event.get("id_token") else {}


def _chain_status(_: Any, asked: dict) -> dict:
    soon = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"certificateStatus": [
        {**_hashes_and_source(request), "status": "Good", "nextUpdate": soon}
        for request in asked["certificate_status_requests"]
    ]}  # fmt: skip


def _hashes_and_source(request: dict) -> dict:
    return {name: request[name] for name in ("certificate_hash_data", "source")}


Answer = dict | Callable[[Any, dict], dict]
# Calls of a station -> the answer, or what makes it of (side, payload in snake case).
ANSWERS_201: dict[str, Answer] = {
    "Authorize": {"idTokenInfo": ACCEPTED},
    "BootNotification": _boot,
    "ClearedChargingLimit": {},
    "DataTransfer": ACCEPTED,
    "FirmwareStatusNotification": {},
    "Get15118EVCertificate": {"status": "Accepted", "exiResponse": "gJgC"},
    "GetCertificateStatus": {"status": "Failed"},
    "Heartbeat": lambda *_: {"currentTime": now()},
    "LogStatusNotification": {},
    "MeterValues": {},
    "NotifyChargingLimit": {},
    "NotifyCustomerInformation": {},
    "NotifyDisplayMessages": {},
    "NotifyEVChargingNeeds": ACCEPTED,
    "NotifyEVChargingSchedule": ACCEPTED,
    "NotifyEvent": {},
    "NotifyMonitoringReport": {},
    "NotifyReport": {},
    "PublishFirmwareStatusNotification": {},
    "ReportChargingProfiles": {},
    "ReservationStatusUpdate": {},
    "SecurityEventNotification": {},
    "SignCertificate": ACCEPTED,
    "StatusNotification": {},
    "TransactionEvent": _transaction,
}
ANSWERS_21: dict[str, Answer] = {
    **ANSWERS_201,
    "BatterySwap": {},
    "ClosePeriodicEventStream": {},
    "GetCertificateChainStatus": _chain_status,
    "NotifyDERAlarm": {},
    "NotifyDERStartStop": {},
    "NotifyPriorityCharging": {},
    "NotifySettlement": {},
    "OpenPeriodicEventStream": ACCEPTED,
    "PullDynamicScheduleUpdate": {"status": "Accepted", "scheduleUpdate": {"limit": 5000.0}},
    "ReportDERControl": {},
    "VatNumberValidation": lambda _, asked: {**ACCEPTED, "vatNumber": asked["vat_number"]},
}


def _handler(action: str, answer: Answer, results: Any) -> Callable:
    def handle(self: Any, **payload: Any) -> Any:
        own = self.answers.get(action, answer)
        made = own(self, payload) if callable(own) else own
        return getattr(results, action)(**camel_to_snake_case(made))

    handle.__name__ = f"on_{action}"  # by which the library finds it
    return on(action)(handle)


# A side's `answers` go before the table's: PythonCsms.answers.
def _side(name: str, library: Any, answers: dict[str, Answer]) -> type:
    made = {
        f"on_{action}": _handler(action, answer, library.call_result)
        for action, answer in answers.items()
    }
    return type(name, (library.ChargePoint,), {**made, "interval": 30, "answers": {}})


Csms201 = _side("Csms201", v201, ANSWERS_201)
Csms21 = _side("Csms21", v21, ANSWERS_21)


async def call_verbatim(side: Any, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A Call of the library, checked by its schemas, whose names it does not turn to and fro.

    That way it loses some: "evMinV2XEnergyRequest", "ocppCsmsUrl", "soC".
    """
    call = Call(str(side._unique_id_generator()), action, payload)
    await validate_payload(call, side._ocpp_version)
    async with side._call_lock:
        await side._send(call.to_json())
        answer = await side._get_specific_response(call.unique_id, 30)
    if answer.message_type_id == MessageType.CallError:
        raise answer.to_exception()
    answer.action = action
    await validate_payload(answer, side._ocpp_version)
    return answer.payload

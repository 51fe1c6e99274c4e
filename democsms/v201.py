"""OCPP 2.0.1 and 2.1: the class of a version is made from the package's for it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ocpp import v201
from ocpp.charge_point import ChargePoint, snake_to_camel_case
from ocpp.exceptions import OCPPError, SecurityError
from ocpp.routing import after, on
from websockets.exceptions import ConnectionClosed

from democsms import ocsp
from democsms.contracts import INSTALLATION, contract_status, token_status
from democsms.device_model import Limits, reported_limits, was_accepted
from democsms.ev_schedules import EvSchedules
from democsms.metered import Metered
from democsms.office import Transaction, now
from democsms.point import Point, Refused
from democsms.tokens import ACCEPTED, Token

PRICE = 0.30  # of a kWh
TOLD_RUNNING_COSTS = "TAG-TARIFF"  # the token whose driver wants to read them (I02)
# Messages whose answer has no field; those that a version does not have are left out.
ACKNOWLEDGED = (
    "BatterySwap", "ClearedChargingLimit", "ClosePeriodicEventStream",
    "FirmwareStatusNotification", "LogStatusNotification", "MeterValues", "NotifyChargingLimit",
    "NotifyCustomerInformation", "NotifyDERAlarm", "NotifyDERStartStop", "NotifyDisplayMessages",
    "NotifyEvent", "NotifyMonitoringReport", "NotifyPriorityCharging", "NotifySettlement",
    "NotifyWebPaymentStarted", "PublishFirmwareStatusNotification", "ReportChargingProfiles",
    "ReportDERControl", "ReservationStatusUpdate", "SecurityEventNotification",
    "StatusNotification",
)  # fmt: skip
# Messages that are taken, with the field `status`.
TAKEN = ("OpenPeriodicEventStream",)
# Numbers by which a Call and what follows it are told together: the CSMS gives them out.
NUMBERED = {
    "CustomerInformation": "requestId", "GetBaseReport": "requestId",
    "GetChargingProfiles": "requestId", "GetDisplayMessages": "requestId", "GetLog": "requestId",
    "GetMonitoringReport": "requestId", "GetReport": "requestId", "PublishFirmware": "requestId",
    "RequestStartTransaction": "remoteStartId", "ReserveNow": "id", "UpdateFirmware": "requestId",
}  # fmt: skip
# B02.FR.09: what a station that is not accepted may send, where it was asked for it.
ASKED_BY = {
    "GetBaseReport": "NotifyReport", "GetReport": "NotifyReport",
    "TriggerMessage": "requestedMessage",
}  # fmt: skip


def info_of(token: Token, status: str = "") -> dict[str, Any]:
    """IdTokenInfoType in the package's names."""
    info: dict[str, Any] = {"status": status or token.status}
    if token.expiry:
        info["cache_expiry_date_time"] = token.expiry
    if token.group:
        info["group_id_token"] = {"id_token": token.group, "type": "Central"}
    if token.language:
        info["language1"] = token.language
    if token.evses:
        info["evse_id"] = list(token.evses)
    return info


def point_2x(base: type[ChargePoint], result: ModuleType) -> type[Point]:
    """From the package's class of a 2.x version and its results."""

    class Point2x(Point, base):
        """`self.office` has the tables; transactions stand there under the station's own ids."""

        # --- A, B: who may speak ---------------------------------------------------------------

        async def _handle_call(self, msg: Any) -> Any:
            if self._is_barred(msg.action):  # B02.FR.09, B03.FR.07
                error = SecurityError(details={"cause": "The station is not accepted yet."})
                await self._send(msg.create_call_error(error).to_json())
                return None
            return await super()._handle_call(msg)

        def _is_barred(self, action: str) -> bool:
            known = self.office.of(self.id)
            if known.get("registration", ACCEPTED) == ACCEPTED or action == "BootNotification":
                return False
            return action not in known.get("asked for", ())

        @on("BootNotification")
        def on_boot_notification(self, **_):
            known = self.office.of(self.id)
            planned = known.get("boots") or []
            status, interval = planned.pop(0) if planned else (ACCEPTED, self.office.interval)
            known["registration"] = status
            known["asked for"] = set()
            return result.BootNotification(now(), interval, status)

        @on("Heartbeat")
        def on_heartbeat(self, **_):
            return result.Heartbeat(now())

        @on("NotifyReport")
        def on_notify_report(self, report_data=None, **_):
            self._limits().learn(reported_limits(report_data or []))
            return result.NotifyReport()

        @on("SignCertificate")
        def on_sign_certificate(self, csr: str, **_):
            try:
                self.office.authority.sign(csr)
            except ValueError:
                info = {"reason_code": "InvalidCSR"}
                return result.SignCertificate("Rejected", status_info=info)
            return result.SignCertificate("Accepted")

        @after("SignCertificate")
        async def after_sign_certificate(
            self, csr: str, certificate_type: str = "", request_id: int | None = None, **_
        ):
            try:
                payload = {"certificateChain": self.office.authority.sign(csr)}
            except ValueError:
                return
            if certificate_type:  # A02.FR.14
                payload["certificateType"] = certificate_type
            if request_id is not None:
                payload["requestId"] = request_id
            await self._ask_for_itself("CertificateSigned", payload)

        @on("GetCertificateStatus")
        def on_get_certificate_status(self, ocsp_request_data: dict, **_):
            answer = self.office.authority.status_of(ocsp.question_of(ocsp_request_data))
            return result.GetCertificateStatus("Accepted", ocsp_result=answer)

        @on("Get15118EVCertificate")
        def on_get_15118_ev_certificate(self, **_):
            return result.Get15118EVCertificate("Accepted", exi_response=INSTALLATION)

        # --- C, E: who may charge, and what is charged -----------------------------------------

        def _judged(self, id_token: dict, key: str = "") -> dict[str, Any]:
            """`key`: the transaction that the token is to begin."""
            text, kind = id_token["id_token"], id_token["type"]
            if kind == "NoAuthorization":
                return {"status": ACCEPTED}
            if kind == "eMAID" and (status := token_status(text)):
                return {"status": status}
            token = self.office.tokens.find(text)
            return info_of(token, self.office.status_of(text, (self.id, key)) if key else "")

        @on("Authorize")
        def on_authorize(
            self, id_token: dict, certificate=None, iso15118_certificate_hash_data=None, **_
        ):
            status = None
            if certificate or iso15118_certificate_hash_data:
                status = contract_status(id_token["id_token"])
            return result.Authorize(self._judged(id_token), certificate_status=status)

        @on("TransactionEvent")
        def on_transaction_event(
            self, event_type: str, transaction_info: dict, evse=None, id_token=None,
            meter_value=None, **_,
        ):  # fmt: skip
            transaction = self._transaction(transaction_info["transaction_id"], evse)
            info = None
            if id_token:
                own = id_token["id_token"] if not transaction.token else ""
                info = self._judged(id_token, str(transaction.key) if own else "")
                transaction.token = transaction.token or own
            metered: Metered = transaction.notes["metered"]
            metered.take(meter_value or [])
            if event_type != "Ended":
                return result.TransactionEvent(id_token_info=info)
            self.office.end(self.id, transaction.key)
            return result.TransactionEvent(total_cost=_cost(transaction), id_token_info=info)

        @after("TransactionEvent")
        async def after_transaction_event(self, transaction_info: dict, meter_value=None, **_):
            transaction = self._transaction(transaction_info["transaction_id"], None)
            if transaction.open and self._schedules().is_owed(transaction.place):
                await self._offer_schedule(transaction.place)
            if transaction.open and meter_value and transaction.token == TOLD_RUNNING_COSTS:
                told = {"transactionId": transaction.key, "totalCost": _cost(transaction)}
                await self._ask_for_itself("CostUpdated", told)

        def _transaction(self, key: str, evse: dict | None) -> Transaction:
            """As it is known, also of an event that is late; a new one otherwise."""
            found = self.office.transactions.get((self.id, key))
            if found is None:
                place = evse["id"] if evse else 0
                found = self.office.begin(Transaction(key, self.id, place, ""))
                found.notes["metered"] = Metered()
            return found

        # --- K: what cars of ISO 15118 need ----------------------------------------------------

        def _schedules(self) -> EvSchedules:
            return self.office.of(self.id).setdefault("schedules", EvSchedules())

        @on("NotifyEVChargingNeeds")
        def on_notify_ev_charging_needs(self, evse_id: int, **_):
            self._schedules().asks(evse_id)
            return result.NotifyEVChargingNeeds(ACCEPTED)

        @after("NotifyEVChargingNeeds")
        async def after_notify_ev_charging_needs(self, evse_id: int, **_):
            await self._offer_schedule(evse_id)

        @on("NotifyEVChargingSchedule")
        def on_notify_ev_charging_schedule(self, evse_id: int, charging_schedule: dict, **_):
            kept = self._schedules().keeps(evse_id, snake_to_camel_case(charging_schedule))
            if not kept:  # K15.FR.13: it is renegotiated
                self._schedules().asks(evse_id)
            return result.NotifyEVChargingSchedule(ACCEPTED if kept else "Rejected")

        @after("NotifyEVChargingSchedule")
        async def after_notify_ev_charging_schedule(self, evse_id: int, **_):
            if self._schedules().is_owed(evse_id):
                await self._offer_schedule(evse_id)

        async def _offer_schedule(self, evse: int) -> None:
            """Nothing while the transaction there is not known: its event may come after."""
            there = [each for each in self.office.open_at(self.id) if each.place == evse]
            if not there:
                return
            transaction = there[-1]
            number = transaction.notes.setdefault("profile", self.office.number() % 2**31)
            offer = self._schedules().offer(evse, str(transaction.key), number, now())
            await self._ask_for_itself("SetChargingProfile", offer)

        # --- P ---------------------------------------------------------------------------------

        @on("DataTransfer")
        def on_data_transfer(self, **_):
            return result.DataTransfer("UnknownVendorId" if self.office.strict else ACCEPTED)

        # --- what goes -------------------------------------------------------------------------

        def _limits(self) -> Limits:
            return self.office.of(self.id).setdefault("limits", Limits())

        async def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
            """As Point.ask; more than a station takes in one message goes in several."""
            name = NUMBERED.get(action)
            if name and name not in payload:
                payload = {**payload, name: self.office.number() % 2**31}
            awaited = ASKED_BY.get(action)
            if awaited:
                asked_for = self.office.of(self.id).setdefault("asked for", set())
                asked_for.add(payload.get(awaited, awaited))
            if action == "SetChargingProfile":
                self._schedules().propose(payload)
            answers = [
                await super(Point2x, self).ask(action, part)
                for part in self._limits().parts(action, payload)
            ]
            return answers[0] if len(answers) == 1 else self._limits().joined(answers)

        async def _ask_for_itself(self, action: str, payload: dict[str, Any]) -> None:
            """What nobody waits for: a refusal is a line."""
            try:
                await self.ask(action, payload)
            except (OCPPError, Refused, TimeoutError, ConnectionClosed) as why:
                self.show("**", f"{action}: {why}")

        def on_answer(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
            if action == "GetVariables":
                self._limits().learn(answer.get("getVariableResult", []))
            if action == "SetVariables":
                self._learn_password(payload, answer)
            if action == "SetChargingProfile":
                self._schedules().settle(payload, answer.get("status") == ACCEPTED)

        def _learn_password(self, payload: dict, answer: dict) -> None:
            """A01.FR.03 and 04: the new one holds from when the station has taken it."""
            for data in payload["setVariableData"]:
                name = (data["component"]["name"], data["variable"]["name"])
                if name == ("SecurityCtrlr", "BasicAuthPassword") and was_accepted(data, answer):
                    self.office.passwords[self.id] = data["attributeValue"]

        async def start_charging(self, tag: str) -> None:
            token = {"idToken": tag, "type": "Central"}
            await self.ask("RequestStartTransaction", {"idToken": token, "evseId": 1})

        async def stop_charging(self) -> None:
            for transaction in self.office.open_at(self.id):
                await self.ask("RequestStopTransaction", {"transactionId": transaction.key})

    for action in ACKNOWLEDGED:
        if made := getattr(result, action, None):
            _answer(Point2x, action, made)
    for action in TAKEN:
        if made := getattr(result, action, None):
            _answer(Point2x, action, made, status=ACCEPTED)
    return Point2x


def _answer(point: type[Point], action: str, made: type, **fields: str) -> None:
    """Have the class answer `action` by the same, always."""

    def answer(self, **_):
        return made(**fields)

    answer.__name__ = f"on_{action.lower()}"  # `ocpp` finds handlers by their functions' names
    setattr(point, answer.__name__, on(action)(answer))


def _cost(transaction: Transaction) -> float:
    """So far, in EUR."""
    return round(transaction.notes["metered"].used_wh / 1000 * PRICE, 2)


Point201 = point_2x(v201.ChargePoint, v201.call_result)

"""OCPP 2.0.1 and 2.1: the class of a version is made from the package's for it."""

from __future__ import annotations

from types import ModuleType

from ocpp import v21, v201
from ocpp.charge_point import ChargePoint
from ocpp.routing import on

from democsms.office import Transaction, now
from democsms.point import Point


def point_2x(base: type[ChargePoint], result: ModuleType) -> type[Point]:
    """From the package's class of a 2.x version and its results."""

    class Point2x(Point, base):
        """`self.office` has the tables; transactions stand there under the station's own ids."""

        @on("BootNotification")
        def on_boot_notification(self, **_):
            return result.BootNotification(now(), self.office.interval, "Accepted")

        @on("Heartbeat")
        def on_heartbeat(self, **_):
            return result.Heartbeat(now())

        @on("StatusNotification")
        def on_status_notification(self, **_):
            return result.StatusNotification()

        @on("Authorize")
        def on_authorize(self, id_token: dict, **_):
            token = self.office.tokens.find(id_token["id_token"])
            return result.Authorize({"status": token.status})

        @on("TransactionEvent")
        def on_transaction_event(
            self, event_type: str, transaction_info: dict, evse=None, id_token=None, **_
        ):
            number = transaction_info["transaction_id"]
            if event_type == "Ended":
                self.office.end(self.id, number)
            elif (self.id, number) not in self.office.transactions and evse:
                text = (id_token or {}).get("id_token", "")
                self.office.begin(Transaction(number, self.id, evse["id"], text))
            if id_token:
                token = self.office.tokens.find(id_token["id_token"])
                return result.TransactionEvent(id_token_info={"status": token.status})
            return result.TransactionEvent()

        @on("MeterValues")
        def on_meter_values(self, **_):
            return result.MeterValues()

        @on("NotifyReport")
        def on_notify_report(self, **_):
            return result.NotifyReport()

        @on("NotifyEvent")
        def on_notify_event(self, **_):
            return result.NotifyEvent()

        @on("SecurityEventNotification")
        def on_security_event(self, **_):
            return result.SecurityEventNotification()

        @on("DataTransfer")
        def on_data_transfer(self, **_):
            return result.DataTransfer("UnknownVendorId" if self.office.strict else "Accepted")

        async def start_charging(self, tag: str) -> None:
            await self.ask("RequestStartTransaction", {
                "idToken": {"idToken": tag, "type": "Central"},
                "remoteStartId": self.office.number(), "evseId": 1,
            })  # fmt: skip

        async def stop_charging(self) -> None:
            for transaction in self.office.open_at(self.id):
                await self.ask("RequestStopTransaction", {"transactionId": transaction.key})

    return Point2x


Point201 = point_2x(v201.ChargePoint, v201.call_result)
Point21 = point_2x(v21.ChargePoint, v21.call_result)

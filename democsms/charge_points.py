"""The CSMS's side of a connection, one class a version: everything is accepted.

The package `ocpp` checks each message with the schemas of its version, both ways.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from types import ModuleType

from ocpp import v21, v201
from ocpp.charge_point import ChargePoint
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16

transaction_ids = itertools.count(int(datetime.now(UTC).timestamp()) % 1_000_000_000)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Printing(ChargePoint):
    """Prints a line for each message that goes through it."""

    printing = True
    interval = 60

    def show(self, arrow: str, text: str) -> None:
        if self.printing:
            print(f"{now()} {self.id} {arrow} {text}", flush=True)

    async def route_message(self, raw_msg: str) -> None:
        self.show("->", raw_msg)
        await super().route_message(raw_msg)

    async def _send(self, message: str) -> None:
        self.show("<-", message)
        await super()._send(message)


class DemoChargePoint16(Printing, ChargePoint16):
    """OCPP 1.6. `sessions` maps a connector to its open transaction."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sessions: dict[int, int] = {}

    @on("BootNotification")
    def on_boot_notification(self, **_) -> result16.BootNotification:
        return result16.BootNotification(now(), self.interval, "Accepted")

    @on("Heartbeat")
    def on_heartbeat(self, **_) -> result16.Heartbeat:
        return result16.Heartbeat(now())

    @on("StatusNotification")
    def on_status_notification(self, **_) -> result16.StatusNotification:
        return result16.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_) -> result16.Authorize:
        return result16.Authorize({"status": "Accepted"})

    @on("StartTransaction")
    def on_start_transaction(self, connector_id: int, **_) -> result16.StartTransaction:
        number = next(transaction_ids)
        self.sessions[connector_id] = number
        return result16.StartTransaction(number, {"status": "Accepted"})

    @on("MeterValues")
    def on_meter_values(self, **_) -> result16.MeterValues:
        return result16.MeterValues()

    @on("StopTransaction")
    def on_stop_transaction(self, transaction_id: int, **_) -> result16.StopTransaction:
        self.sessions = {c: t for c, t in self.sessions.items() if t != transaction_id}
        return result16.StopTransaction({"status": "Accepted"})

    @on("DataTransfer")
    def on_data_transfer(self, **_) -> result16.DataTransfer:
        return result16.DataTransfer("Accepted")

    @on("FirmwareStatusNotification")
    def on_firmware_status(self, **_) -> result16.FirmwareStatusNotification:
        return result16.FirmwareStatusNotification()

    @on("DiagnosticsStatusNotification")
    def on_diagnostics_status(self, **_) -> result16.DiagnosticsStatusNotification:
        return result16.DiagnosticsStatusNotification()

    async def start_charging(self, tag: str) -> None:
        await self.call(call16.RemoteStartTransaction(id_tag=tag, connector_id=1))

    async def stop_charging(self) -> None:
        for number in list(self.sessions.values()):
            await self.call(call16.RemoteStopTransaction(transaction_id=number))


def charge_point_2x(base: type[ChargePoint], call: ModuleType, result: ModuleType) -> type:
    """The class of a 2.x version, from the package's for it and its calls and results."""

    class Demo(Printing, base):
        """`sessions` maps an EVSE to its open transaction."""

        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.sessions: dict[int, str] = {}

        @on("BootNotification")
        def on_boot_notification(self, **_):
            return result.BootNotification(now(), self.interval, "Accepted")

        @on("Heartbeat")
        def on_heartbeat(self, **_):
            return result.Heartbeat(now())

        @on("StatusNotification")
        def on_status_notification(self, **_):
            return result.StatusNotification()

        @on("Authorize")
        def on_authorize(self, **_):
            return result.Authorize({"status": "Accepted"})

        @on("TransactionEvent")
        def on_transaction_event(
            self, event_type: str, transaction_info: dict, evse=None, id_token=None, **_
        ):
            number = transaction_info["transaction_id"]
            if event_type == "Ended":
                self.sessions = {e: t for e, t in self.sessions.items() if t != number}
            elif evse:
                self.sessions[evse["id"]] = number
            if id_token:
                return result.TransactionEvent(id_token_info={"status": "Accepted"})
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
            return result.DataTransfer("Accepted")

        async def start_charging(self, tag: str) -> None:
            token = {"id_token": tag, "type": "Central"}
            start = call.RequestStartTransaction(
                id_token=token, remote_start_id=next(transaction_ids), evse_id=1
            )
            await self.call(start)

        async def stop_charging(self) -> None:
            for number in list(self.sessions.values()):
                await self.call(call.RequestStopTransaction(transaction_id=number))

    return Demo


VERSIONS = {
    "ocpp1.6": DemoChargePoint16,
    "ocpp2.0.1": charge_point_2x(v201.ChargePoint, v201.call, v201.call_result),
    "ocpp2.1": charge_point_2x(v21.ChargePoint, v21.call, v21.call_result),
}

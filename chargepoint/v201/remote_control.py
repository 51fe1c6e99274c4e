"""Functional block F, remote control, with GetTransactionStatus (E14) and DataTransfer (P)."""

import orjson

from chargepoint.core.block import Block, action
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.charging.charging_profiles import WAITING, read
from chargepoint.v201.custom_data import plain
from chargepoint.v201.outlet import Outlet

TOKEN_BYTES_AT_MOST = 5000  # additionalInfo has no bound; each event would carry it


def _rejected(code: str, text: str) -> dict:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": text}}


class RemoteControl(Block):
    __slots__ = ()

    KEEPS = False

    # --- start and stop (F01-F03) ------------------------------------------------------------

    @action("RequestStartTransaction")
    def on_request_start_transaction(self, payload: dict, now: float) -> dict:
        """RequestStartTransaction (F01, F02)."""
        if self.core.registration != "Accepted":  # B02.FR.05
            return _rejected("NotEnabled", "the station is not accepted yet")
        if self.core.calls.queue_is_full():
            return _rejected("OutOfStorage", "too many transaction messages wait for their answer")
        token, group = plain(payload["idToken"]), payload.get("groupIdToken")
        group = token_key(group) if group else ""
        if len(orjson.dumps(token)) > TOKEN_BYTES_AT_MOST:
            words = f"idToken has more than {TOKEN_BYTES_AT_MOST} bytes"
            return _rejected("TooLargeElement", words)
        outlet = self._wanted(payload.get("evseId"), token, group)
        if isinstance(outlet, dict):
            return outlet
        profile = payload.get("chargingProfile")
        if profile is not None:
            why = self.core.block("profiles").cannot_start_with(profile, outlet.evse)
            if why is not None:
                return why
            self._keep_profile(outlet, profile, now)
        self.core.answers.later(
            self._start_remotely, outlet.number, token, payload["remoteStartId"], group
        )
        if outlet.transaction is not None:  # F01.FR.13: begun when the cable was plugged in
            return {"status": "Accepted", "transactionId": outlet.transaction.id}
        return {"status": "Accepted"}

    def _keep_profile(self, outlet: Outlet, profile: dict, now: float) -> None:
        running = outlet.transaction
        self.core.block("charging").install(
            read(profile, outlet.evse, running.id if running else WAITING), now
        )

    def _wanted(self, evse: int | None, token: dict, group: str) -> Outlet | dict:
        """The outlet to start on, or the answer that refuses."""
        outlets = self.core.outlets_of(None if evse is None else {"id": evse})
        if not outlets:
            return _rejected("UnknownEvse", f"there is no EVSE {evse}")
        free = [outlet for outlet in outlets if self.core.block("authorization").free(outlet)]
        if not free:
            return _rejected("Occupied", "no free connector")
        # F01.FR.21-22: not where a reservation keeps the place for somebody else.
        free = [
            outlet
            for outlet in free
            if not self.core.block("authorization").kept_from(outlet, token, group)
        ]
        if not free:
            return _rejected("Reserved", "reserved for another token")
        # Where a car already waits, if anywhere.
        return next((outlet for outlet in free if outlet.hardware.ev is not None), free[0])

    def _start_remotely(
        self, number: int, token: dict, remote: int, group: str, now: float
    ) -> None:
        outlet = self.core.outlets.get(number)
        if outlet is None:
            return
        if not self.core.block("authorization").free(outlet):
            self.core.block("charging").end_profiles(outlet, WAITING, now)
            return
        # F01.FR.01 and F02.FR.01, AuthorizeRemoteStart.
        if (
            self.core.model.flag("AuthCtrlr.AuthorizeRemoteStart")
            and token["type"] != "NoAuthorization"
        ):
            self.core.block("authorization").present(
                outlet, token, "RemoteStart", now, remote, group
            )
        else:
            self.core.block("transactions").authorized(
                outlet, token, "RemoteStart", now, remote, group
            )
        self.core.block("driver").send_driver(outlet, now)

    @action("RequestStopTransaction")
    def on_request_stop_transaction(self, payload: dict, now: float) -> dict:
        """RequestStopTransaction (F03)."""
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:
            return _rejected("TxNotFound", "no such transaction is running")
        self.core.answers.later(self._stop_remotely, payload["transactionId"])
        return {"status": "Accepted"}

    def _stop_remotely(self, transaction_id: str, now: float) -> None:
        outlet = self.core.running(transaction_id)
        if outlet is not None:
            self.core.block("transactions").stop(outlet, "RemoteStop", "Remote", now)

    # --- unlock, trigger, status -------------------------------------------------------------

    @action("UnlockConnector")
    def on_unlock_connector(self, payload: dict, now: float) -> dict:
        """UnlockConnector (F05)."""
        place = {"id": payload["evseId"], "connectorId": payload["connectorId"]}
        outlets = self.core.outlets_of(place)
        if not outlets:
            return {"status": "UnknownConnector"}  # F05.FR.02
        if outlets[0].transaction is not None and outlets[0].token is not None:
            return {"status": "OngoingAuthorizedTransaction"}  # F05.FR.03
        return {"status": self.core.ask(topics.UNLOCKING, outlets[0]) or "Unlocked"}

    @action("TriggerMessage")
    def on_trigger_message(self, payload: dict, now: float) -> dict:
        """TriggerMessage (F06)."""
        if payload["requestedMessage"] in self.core.HABITS.off:
            return {"status": "NotImplemented"}
        if answer := self.core.ask(topics.TRIGGERED, payload, now):
            return answer
        outlets = self.core.outlets_of(payload.get("evse"))
        if not outlets:
            return _rejected("UnknownEvse", "there is no such EVSE or connector")
        match payload["requestedMessage"]:
            case "BootNotification":
                if self.core.registration == "Accepted":  # F06.FR.17
                    return _rejected("NotEnabled", "already accepted")
                self.core.answers.later(self._boot_again)
            case "Heartbeat":
                self.core.calls.make("Heartbeat", {}, now, "triggered")
            case "StatusNotification":
                if payload.get("evse", {}).get("connectorId") is None:
                    return _rejected("MissingParam", "name a connector")  # F06.FR.12
                self.core.answers.later(self._status_triggered, outlets[0].number)
            case "MeterValues":
                self.core.answers.later(
                    self._meter_triggered, [outlet.number for outlet in outlets]
                )
            case "TransactionEvent":
                if not any(outlet.transaction for outlet in outlets):
                    return _rejected("TxNotFound", "no transaction is running there")
                self.core.answers.later(
                    self._event_triggered, [outlet.number for outlet in outlets]
                )
            case "FirmwareStatusNotification":
                self.core.answers.later(self.core.block("updating").trigger_firmware_status)
            case "SignChargingStationCertificate":
                self.core.answers.later(self.core.block("signing").trigger_signing)
            case "LogStatusNotification":
                self.core.answers.later(self.core.block("uploading").trigger_log_status)
            case "PublishFirmwareStatusNotification":
                self.core.answers.later(self.core.block("publishing").trigger_publication_status)
            case _:
                return {"status": "NotImplemented"}  # F06.FR.08
        return {"status": "Accepted"}

    def _boot_again(self, now: float) -> None:
        self.core.service.boot_as("Triggered")
        self.core.service.boot_anew()

    def _status_triggered(self, number: int, now: float) -> None:
        if number in self.core.connectors:
            self.core.block("availability").send_status(
                self.core.connectors[number], now, "triggered"
            )

    def _meter_triggered(self, numbers: list[int], now: float) -> None:
        seen: set[int] = set()
        for outlet in (self.core.outlets[n] for n in numbers if n in self.core.outlets):
            meter = self.core.block("metering").sampled(
                outlet, "AlignedDataCtrlr.Measurands", "Trigger", now
            )
            if meter and outlet.evse not in seen:
                seen.add(outlet.evse)
                payload = {"evseId": outlet.evse, "meterValue": meter}
                self.core.calls.make("MeterValues", payload, now, "triggered")

    def _event_triggered(self, numbers: list[int], now: float) -> None:
        for outlet in (self.core.outlets[n] for n in numbers if n in self.core.outlets):
            if outlet.transaction is not None:
                key = "SampledDataCtrlr.TxUpdatedMeasurands"
                self.core.block("transactions").updated(
                    outlet,
                    "Trigger",
                    now,
                    self.core.block("metering").sampled(outlet, key, "Trigger", now),
                )

    @action("GetTransactionStatus")
    def on_get_transaction_status(self, payload: dict, now: float) -> dict:
        """GetTransactionStatus (E14)."""
        asked = payload.get("transactionId")
        if asked is None:  # E14.FR.06: no ongoingIndicator without a transaction
            return {"messagesInQueue": bool(self.core.calls.queued)}
        ids = (
            message["payload"]["transactionInfo"]["transactionId"]
            for message in self.core.calls.queued
        )
        return {
            "ongoingIndicator": self.core.running(asked) is not None,
            "messagesInQueue": asked in ids,
        }

    @action("DataTransfer")
    def on_data_transfer(self, payload: dict, now: float) -> dict:
        return self.core.answers.data_transfer(
            payload, now
        )  # P01.FR.05: of a vendor's block, if any

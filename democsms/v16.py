"""OCPP 1.6, with the messages of the security whitepaper: a correct Central System's answers."""

from __future__ import annotations

from typing import Any, ClassVar

from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call_result

from democsms import plug_and_charge
from democsms.contracts import token_status
from democsms.office import Transaction, now
from democsms.point import Point

# AuthorizationStatus of 1.6 (7.2); what 2.x knows besides is Invalid here.
STATUSES = frozenset({"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"})
# DataTransfer (5.2): vendors whose messages are understood, with their message ids.
VENDORS = {"org.openchargealliance.demo": {"", "Echo"}}


class Point16(Point, ChargePoint):
    """Handlers are named for their action; section numbers are those of OCPP 1.6 edition 2."""

    UNREADABLE = "FormationViolation"
    SPELLED: ClassVar[dict[str, str]] = {
        "FormatViolation": "FormationViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    }

    @on("BootNotification")
    def on_boot_notification(self, **_: Any) -> call_result.BootNotification:
        return call_result.BootNotification(now(), self.office.interval, "Accepted")

    @on("Heartbeat")
    def on_heartbeat(self, **_: Any) -> call_result.Heartbeat:
        return call_result.Heartbeat(now())

    @on("StatusNotification")
    def on_status_notification(self, **_: Any) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    # --- who may charge ----------------------------------------------------------------------

    def _info(self, text: str, status: str = "") -> dict[str, str]:
        """IdTagInfo (7.27) by the table."""
        token = self.office.tokens.find(text)
        status = status or token.status
        info = {"status": status if status in STATUSES else "Invalid"}
        if token.expiry:
            info["expiry_date"] = token.expiry
        if token.group:
            info["parent_id_tag"] = token.group
        return info

    @on("Authorize")
    def on_authorize(self, id_tag: str, **_: Any) -> call_result.Authorize:
        return call_result.Authorize(self._info(id_tag))

    @on("StartTransaction")
    def on_start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_: Any
    ) -> call_result.StartTransaction:
        """4.8: an id in any case; the tag is looked at again, for the station may have relied on
        something old. What a station sends again, having got no answer, is the same transaction."""
        told = f"{connector_id} {id_tag} {meter_start} {timestamp}"
        known = self.office.of(self.id).setdefault("started", {})
        if told in known:
            begun = self.office.transactions[self.id, known[told]]
        else:
            group = self.office.tokens.find(id_tag).group
            begun = self.office.begin(
                Transaction(self.office.number(), self.id, connector_id, id_tag, group)
            )
            known[told] = begun.key
        # An eMAID is an idTag here (Using ISO 15118 Plug & Charge with OCPP 1.6, 5).
        status = token_status(id_tag) or self.office.status_of(id_tag, (self.id, begun.key))
        return call_result.StartTransaction(begun.key, self._info(id_tag, status))

    @on("StopTransaction")
    def on_stop_transaction(
        self, transaction_id: int, id_tag: str = "", **_: Any
    ) -> call_result.StopTransaction:
        """4.10: nothing that is said here can keep the transaction from ending."""
        self.office.end(self.id, transaction_id)
        return call_result.StopTransaction(self._info(id_tag) if id_tag else None)

    @on("MeterValues")
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        return call_result.MeterValues()

    # --- the rest ----------------------------------------------------------------------------

    @on("DataTransfer")
    def on_data_transfer(
        self, vendor_id: str, message_id: str = "", data: str | None = None, **_: Any
    ) -> call_result.DataTransfer:
        """4.3: UnknownVendorId and UnknownMessageId, or what the vendor's message says."""
        if vendor_id == plug_and_charge.VENDOR:
            return call_result.DataTransfer(
                *plug_and_charge.answer_to(self.office, message_id, data)
            )
        if not self.office.strict:
            return call_result.DataTransfer("Accepted")
        if vendor_id not in VENDORS:
            return call_result.DataTransfer("UnknownVendorId")
        if message_id not in VENDORS[vendor_id]:
            return call_result.DataTransfer("UnknownMessageId")
        return call_result.DataTransfer("Accepted", data)

    @after("DataTransfer")
    async def after_data_transfer(
        self, vendor_id: str, message_id: str = "", data: str | None = None, **_: Any
    ) -> None:
        if vendor_id == plug_and_charge.VENDOR and (
            told := plug_and_charge.certificate_signed(self.office, message_id, data)
        ):
            await self.try_to_ask("DataTransfer", told)

    @on("FirmwareStatusNotification")
    def on_firmware_status(self, **_: Any) -> call_result.FirmwareStatusNotification:
        return call_result.FirmwareStatusNotification()

    @on("DiagnosticsStatusNotification")
    def on_diagnostics_status(self, **_: Any) -> call_result.DiagnosticsStatusNotification:
        return call_result.DiagnosticsStatusNotification()

    # --- the security whitepaper ---------------------------------------------------------------

    @on("SecurityEventNotification")
    def on_security_event(self, **_: Any) -> call_result.SecurityEventNotification:
        return call_result.SecurityEventNotification()

    @on("LogStatusNotification")
    def on_log_status(self, **_: Any) -> call_result.LogStatusNotification:
        return call_result.LogStatusNotification()

    @on("SignedFirmwareStatusNotification")
    def on_signed_firmware_status(self, **_: Any) -> call_result.SignedFirmwareStatusNotification:
        return call_result.SignedFirmwareStatusNotification()

    @on("SignCertificate")
    def on_sign_certificate(self, csr: str, **_: Any) -> call_result.SignCertificate:
        """A02: Accepted means that the certificate comes by CertificateSigned."""
        try:
            self.office.of(self.id)["signed"] = self.office.authority.sign(csr)
        except ValueError:
            return call_result.SignCertificate("Rejected")
        return call_result.SignCertificate("Accepted")

    @after("SignCertificate")
    async def after_sign_certificate(self, **_: Any) -> None:
        if chain := self.office.of(self.id).pop("signed", ""):
            await self.try_to_ask("CertificateSigned", {"certificateChain": chain})

    def on_answer(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        """A01: from here on the station comes with its new password."""
        is_password = action == "ChangeConfiguration" and payload["key"] == "AuthorizationKey"
        if is_password and answer.get("status") == "Accepted":
            self.office.passwords[self.id] = payload["value"]

    # --- for the demo --------------------------------------------------------------------------

    async def start_charging(self, tag: str) -> None:
        await self.ask("RemoteStartTransaction", {"idTag": tag, "connectorId": 1})

    async def stop_charging(self) -> None:
        for transaction in self.office.open_at(self.id):
            await self.ask("RemoteStopTransaction", {"transactionId": transaction.key})

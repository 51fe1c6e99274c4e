"""What a station of OCPP 1.6 did, told by what it said: the steps that have a station do it."""

from __future__ import annotations

import json
from typing import Any

from chargepoint.v16.plug_and_charge.messages import VENDOR
from scenarios.replay.conversation import Exchange
from scenarios.replay.script import Script

# StopTransaction's reasons that follow from a Call of the CSMS, or from its answer.
_CAUSED = {
    "DeAuthorized": (),
    "Remote": ("RemoteStopTransaction",),
    "UnlockCommand": ("UnlockConnector",),
    "HardReset": ("Reset",),
    "SoftReset": ("Reset",),
}
_AFTER_A_BOOT = ("PowerLoss", "Reboot")
_BY_A_PERSON = ("EmergencyStop", "Local", "Other")
SAMPLING_OFF = {"MeterValueSampleInterval": "0", "ClockAlignedDataInterval": "0"}
PLUG_AND_CHARGE = {"ISO15118PnCEnabled": "true"}


class Acts16:
    """`sent` takes the station's Calls, one after another."""

    def __init__(self, script: Script, exchanges: list[Exchange]) -> None:
        self._script, self._all = script, exchanges
        self._names = script.names
        self._plugged: set[int] = set()
        self._faulted: set[int] = set()
        self._out: set[int] = set()
        self._open: dict[Any, int] = {}  # transaction -> connector
        self._begun: set[int] = set()  # places of StartTransactions that an act has brought about
        self.samples = any(each.is_sent and each.action == "MeterValues" for each in exchanges)
        self.contracts = any(map(_emaid_in, exchanges))

    def sent(self, place: int, each: Exchange) -> None:
        match each.action:
            case "BootNotification":
                self._script.boot(each, bool(self._open))
            case "Authorize":
                self._authorize(place, each, str(each.said("idTag")))
            case "DataTransfer" if emaid := _emaid_in(each):
                self._authorize(place, each, emaid, "eMAID")
            case "StartTransaction":
                self._start(place, each)
            case "StopTransaction":
                self._stop(each)
            case "StatusNotification":
                self._status(each)
            case _ if not self._script.is_own(each):
                self._script.played(each)

    def _authorize(self, place: int, each: Exchange, tag: str, kind: str = "") -> None:
        """kind: eMAID where it goes by Plug & Charge."""
        shown = self._names.tag(tag)
        token = {"id_tag": shown, "token_type": kind} if kind else {"id_tag": shown}
        start = self._start_by(tag, place)
        if start is not None:
            self._begun.add(start)
            number = self._all[start].said("connectorId")
            self._plugged.add(number)
            self._script.act(each.time, "start-transaction", connector=number, **token)
        else:
            self._script.act(each.time, "authorize", **token)
        self._script.expect_sent(each, {"messageId": "Authorize"} if kind else {"idTag": shown})
        self._script.expect_answer(each)

    def _start_by(self, tag: str, place: int) -> int | None:
        """The place of the StartTransaction that this Authorize was for."""
        for number in range(place + 1, len(self._all)):
            each = self._all[number]
            if not each.is_sent or each.said("idTag") != tag:
                continue
            return number if each.action == "StartTransaction" else None
        return None

    def _start(self, place: int, each: Exchange) -> None:
        number, tag = each.said("connectorId"), str(each.said("idTag"))
        shown = self._names.tag(tag)
        if self._script.was_asked("RemoteStartTransaction", idTag=tag):
            if number not in self._plugged:
                self._script.act(each.time, "plug", connector=number)
        elif place not in self._begun:
            self._script.act(each.time, "start-transaction", connector=number, id_tag=shown)
        self._plugged.add(number)
        self._script.expect_sent(each, {"connectorId": number, "idTag": shown})
        transaction = each.answered("transactionId")
        if transaction is None:
            self._script.expect_answer(each)
            return
        self._open[transaction] = number
        capture = {self._names.captured(transaction): "transactionId"}
        self._script.expect_answer(each, capture)

    def _stop(self, each: Exchange) -> None:
        transaction = each.said("transactionId")
        number = self._open.pop(transaction, None)
        if number is None:  # begun before the recording was
            self._script.played(each)
            return
        reason = each.said("reason") or "Local"
        caused = _CAUSED.get(reason)
        if reason == "EVDisconnected":
            self._plugged.discard(number)
            self._script.act(each.time, "unplug", connector=number)
        elif not (
            reason in _AFTER_A_BOOT
            or caused == ()
            or (caused and self._script.was_asked(*caused))
            or number in self._faulted  # which has ended it
        ):
            reason = reason if reason in _BY_A_PERSON else "Local"
            self._script.act(each.time, "stop-transaction", connector=number, reason=reason)
        wanted = {"transactionId": self._names.transaction(transaction)}
        self._script.expect_sent(each, wanted)
        self._script.expect_answer(each)

    def _status(self, each: Exchange) -> None:
        number, status = each.said("connectorId"), each.said("status")
        if not isinstance(number, int) or number < 1:
            return
        charging = number in self._open.values()
        if status == "Faulted" and number not in self._faulted:
            self._faulted.add(number)
            texts = (
                ("error_code", "errorCode"), ("info", "info"),
                ("vendor_error_code", "vendorErrorCode"), ("vendor_id", "vendorId"),
            )  # fmt: skip
            said = {ours: each.said(theirs) for ours, theirs in texts if each.said(theirs)}
            said = {name: self._names.text(str(value)) for name, value in said.items()}
            self._script.act(each.time, "fault", connector=number, **said)
        elif number in self._faulted and status != "Faulted":
            self._faulted.discard(number)
            self._script.act(each.time, "fault", connector=number, error_code="NoError")
        elif status == "Preparing" and number not in self._plugged:
            self._plugged.add(number)
            self._script.act(each.time, "plug", connector=number)
        elif status == "Available" and number in self._plugged and not charging:
            self._plugged.discard(number)
            self._script.act(each.time, "unplug", connector=number)
        elif not self._script.was_asked("ChangeAvailability"):
            self._service(number, status, each)

    def _service(self, number: int, status: Any, each: Exchange) -> None:
        """Taken out of service by hand, and put back."""
        if status == "Unavailable" and number not in self._out:
            self._out.add(number)
            self._script.act(each.time, "availability", connector=number, operative=False)
        elif status == "Available" and number in self._out:
            self._out.discard(number)
            self._script.act(each.time, "availability", connector=number, operative=True)


def _emaid_in(each: Exchange) -> str:
    """Of an Authorize by Plug & Charge, which is in a DataTransfer; "" of anything else."""
    if not (each.is_sent and each.said("vendorId") == VENDOR
            and each.said("messageId") == "Authorize"):  # fmt: skip
        return ""
    try:
        found = json.loads(each.said("data"))["idToken"]["idToken"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""

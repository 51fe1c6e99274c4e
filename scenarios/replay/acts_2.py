"""What a station of OCPP 2.x did, told by what it said: the steps that have a station do it.

An EVSE's connector has the EVSE's number. What belongs to a transaction between its beginning and
its end is the station's own: it samples and changes its state as it is configured.
"""

from __future__ import annotations

from typing import Any

from scenarios.replay.conversation import Exchange
from scenarios.replay.script import Script

_BY_THE_CSMS = {
    "RemoteStop": ("RequestStopTransaction",),
    "UnlockCommand": ("UnlockConnector",),
    "ResetCommand": ("Reset",),
}
_BY_THE_ANSWER = ("Deauthorized",)
_THE_CAR_WENT = ("EVDeparted", "EVCommunicationLost")
_BY_A_PERSON = ("EmergencyStop", "LocalOutOfCredit", "MasterPass", "StoppedByEV", "Other")


class Acts2:
    """`sent` takes the station's Calls, one after another."""

    samples = False
    contracts = False

    def __init__(self, script: Script, exchanges: list[Exchange]) -> None:
        self._script, self._all = script, exchanges
        self._names = script.names
        self._plugged: set[int] = set()
        self._faulted: set[int] = set()
        self._begun: set[str] = set()  # transactions that somebody was authorized for
        self._stopped: set[str] = set()
        self._open: set[str] = set()
        self._places = _places(exchanges)

    def sent(self, place: int, each: Exchange) -> None:
        match each.action:
            case "BootNotification":
                self._script.boot(each, bool(self._open))
            case "Authorize":
                self._authorize(place, each)
            case "TransactionEvent":
                self._event(each)
            case "StatusNotification":
                self._status(each)
            case _ if not self._script.is_own(each):
                self._script.played(each)

    def _authorize(self, place: int, each: Exchange) -> None:
        token = each.said("idToken") or {}
        event = self._event_by(token, place)
        number = self._places.get(event or "")
        wanted = self._token(token)
        if event is None or number is None:
            self._script.act(each.time, "authorize", **wanted)
        else:
            self._begun.add(event)
            self._plugged.add(number)
            self._script.act(each.time, "start-transaction", connector=number, **wanted)
        self._script.expect_sent(each, {"idToken": {"idToken": wanted.get("id_tag")}})
        self._script.expect_answer(each)

    def _token(self, token: dict[str, Any]) -> dict[str, Any]:
        text, kind = token.get("idToken"), token.get("type")
        made: dict[str, Any] = {"id_tag": self._names.tag(text)} if text else {}
        return {**made, "token_type": kind} if kind else made

    def _event_by(self, token: Any, place: int) -> str | None:
        """The transaction that this Authorize was for; None where that has begun already."""
        for each in self._all[place + 1 :]:
            if each.is_sent and each.said("idToken") == token:
                found = each.said("transactionInfo", "transactionId")
                fits = each.action == "TransactionEvent" and found not in self._begun
                return found if fits else None
        return None

    def _event(self, each: Exchange) -> None:
        transaction = each.said("transactionInfo", "transactionId")
        trigger = each.said("triggerReason")
        number = self._places.get(transaction)
        if number is None or transaction is None:
            self._script.played(each)
            return
        match each.said("eventType"):
            case "Started":
                self._open.add(transaction)
                self._enters(each, transaction, trigger, number)
                capture = {self._names.captured(transaction): "transactionInfo.transactionId"}
                self._script.expect_sent(each, {"eventType": "Started"}, capture)
                self._script.expect_answer(each)
            case "Updated":
                self._enters(each, transaction, trigger, number)
                if trigger == "StopAuthorized":
                    self._stop(each, transaction, trigger, number)
                token = each.said("idToken", "idToken")
                if token and each.answered("idTokenInfo"):
                    self._script.expect_sent(each, {"idToken": {"idToken": self._names.tag(token)}})
                    self._script.expect_answer(each)
            case "Ended":
                self._open.discard(transaction)
                self._stop(each, transaction, trigger, number)
                wanted: dict[str, Any] = {"eventType": "Ended"}
                if self._names.is_captured(transaction):
                    shown = self._names.transaction(transaction)
                    wanted["transactionInfo"] = {"transactionId": shown}
                self._script.expect_sent(each, wanted)
                self._script.expect_answer(each)

    def _enters(self, each: Exchange, transaction: str, trigger: Any, number: int) -> None:
        """A car comes, or somebody is authorized."""
        token = each.said("idToken")
        remote = self._script.was_asked("RequestStartTransaction") and (
            trigger == "RemoteStart" or each.said("transactionInfo", "remoteStartId") is not None
        )
        if remote:
            self._begun.add(transaction)
        elif token and transaction not in self._begun and trigger != "StopAuthorized":
            self._begun.add(transaction)
            self._plugged.add(number)
            self._script.act(each.time, "start-transaction", connector=number, **self._token(token))
        if trigger == "EVDetected":
            self._script.act(each.time, "bay", connector=number, occupied=True)
        elif (remote or trigger == "CablePluggedIn") and number not in self._plugged:
            self._plugged.add(number)
            self._script.act(each.time, "plug", connector=number)

    def _stop(self, each: Exchange, transaction: str, trigger: Any, number: int) -> None:
        if transaction in self._stopped and trigger not in _THE_CAR_WENT:
            return
        self._stopped.add(transaction)
        reason = each.said("transactionInfo", "stoppedReason")
        if trigger in _THE_CAR_WENT or reason == "EVDisconnected":
            self._plugged.discard(number)
            self._script.act(each.time, "unplug", connector=number)
        elif trigger in _BY_THE_ANSWER or number in self._faulted:
            return
        elif not (trigger in _BY_THE_CSMS and self._script.was_asked(*_BY_THE_CSMS[trigger])):
            reason = reason if reason in _BY_A_PERSON else "Local"
            self._script.act(each.time, "stop-transaction", connector=number, reason=reason)

    def _status(self, each: Exchange) -> None:
        number, status = each.said("evseId"), each.said("connectorStatus")
        if not isinstance(number, int) or number < 1:
            return
        charging = any(self._places.get(each) == number for each in self._open)
        if status == "Faulted" and number not in self._faulted:
            self._faulted.add(number)
            self._script.act(each.time, "fault", connector=number, error_code="OtherError")
        elif number in self._faulted and status != "Faulted":
            self._faulted.discard(number)
            self._script.act(each.time, "fault", connector=number, error_code="NoError")
        elif status == "Occupied" and number not in self._plugged:
            self._plugged.add(number)
            self._script.act(each.time, "plug", connector=number)
        elif status == "Available" and number in self._plugged and not charging:
            self._plugged.discard(number)
            self._script.act(each.time, "unplug", connector=number)


def _places(exchanges: list[Exchange]) -> dict[str, int]:
    """{transaction: EVSE}: only some of its events tell."""
    found: dict[str, int] = {}
    for each in exchanges:
        if each.is_sent and each.action == "TransactionEvent":
            number = each.said("evse", "id")
            if isinstance(number, int):
                found.setdefault(str(each.said("transactionInfo", "transactionId")), number)
    return found

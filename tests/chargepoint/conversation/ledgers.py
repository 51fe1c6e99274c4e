"""The rules about the order of what a station tells: transactions, statuses, parts of a report.

A message that was not answered, or refused, may be said again as it was; all else comes once.
"""

from typing import Any, ClassVar

from chargepoint.timing.times import seconds_of
from tests.chargepoint.conversation.rules import Violation, require
from tests.chargepoint.v16.statuses import ALLOWED
from tests.chargepoint.v201.books import Books

_UNKNOWN = -1  # 1.6 errata 4.0, 3.18: a transaction whose start the CSMS never took


class Ledger:
    """Of both protocols: what is repeated, and when a status was taken."""

    QUEUED: ClassVar[frozenset[str]]  # actions that are said again until they are answered

    def __init__(self) -> None:
        self.unsettled: list[tuple[str, dict]] = []
        self.stamps: dict[Any, float] = {}
        self.every_status = True  # none is left out or delayed (1.6: MinimumStatusDuration)
        self.shown: dict[tuple[int, ...], str] = {}  # connector -> status that was told last

    def asked(self, action: str, payload: dict) -> None:
        """The CSMS asks what the station will heed."""

    def blur(self) -> None:
        """The station may heed a request of which nobody else knows what it is."""
        self.every_status = False

    def link_lost(self, rebooted: bool) -> None:
        if rebooted:
            self.shown.clear()

    def answered(self, action: str, payload: dict, answer: dict | None) -> None:
        if answer is not None and action in self.QUEUED:
            self.unsettled.remove((action, payload))

    def repeated(self, action: str, payload: dict) -> bool:
        """Whether this was said before; else it is noted."""
        if (action, payload) in self.unsettled:
            return True
        self.unsettled.append((action, payload))
        return False

    def in_order(self, place: Any, stamp: str) -> None:
        at = seconds_of(stamp)
        before = self.stamps.get(place, at)
        require(at >= before - 0.001, "time runs back", f"{place}: {stamp} after {before}")
        self.stamps[place] = at


class Ledger16(Ledger):
    QUEUED = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})

    def __init__(self) -> None:
        super().__init__()
        self.running: dict[int, int] = {}  # transactionId -> connector
        self.ended: set[int] = set()
        self.statuses: dict[int, str] = {}

    def asked(self, action: str, payload: dict) -> None:
        named = payload.get("key") if action == "ChangeConfiguration" else ""
        if str(named).lower() == "minimumstatusduration":
            self.every_status = False

    def link_lost(self, rebooted: bool) -> None:
        super().link_lost(rebooted)
        self.statuses.clear()  # what happens meanwhile is not told step by step

    def answered(self, action: str, payload: dict, answer: dict | None) -> None:
        if action == "BootNotification":
            self.statuses.clear()
        if action == "MeterValues" and (action, payload) not in self.unsettled:
            return
        super().answered(action, payload, answer)
        if action == "StartTransaction" and answer is not None:
            self.running[answer["transactionId"]] = payload["connectorId"]

    def said(self, action: str, payload: dict, accepted: bool) -> None:
        if action == "StatusNotification":
            self.shown[(payload["connectorId"],)] = payload["status"]
        match action:
            case "StatusNotification" if accepted and payload["connectorId"]:
                self._status(payload)
            case "StartTransaction" if not self.repeated(action, payload):
                busy = payload["connectorId"] in self.running.values()
                require(not busy, "two transactions on a connector", payload)
            case "MeterValues" if "transactionId" in payload:
                if not self.repeated(action, payload):
                    self._known(action, payload)
            case "StopTransaction" if not self.repeated(action, payload):
                self._known(action, payload)
                number = payload["transactionId"]
                if number != _UNKNOWN:
                    self.ended.add(number)
                    del self.running[number]

    def _known(self, action: str, payload: dict) -> None:
        number = payload["transactionId"]
        if number == _UNKNOWN:
            never_taken = any(said == "StartTransaction" for said, _ in self.unsettled)
            require(never_taken, "no such transaction", f"{action} {payload}")
            return
        require(number not in self.ended, "after the end", f"{action} {payload}")
        require(number in self.running, "no such transaction", f"{action} {payload}")
        connector = payload.get("connectorId", self.running[number])
        require(connector == self.running[number], "another connector", f"{action} {payload}")

    def _status(self, payload: dict) -> None:
        number, status = payload["connectorId"], payload["status"]
        before = self.statuses.get(number, status)
        fits = before == status or (before, status) in ALLOWED or not self.every_status
        require(fits, "order of statuses", f"connector {number}: {status} after {before}")
        self.statuses[number] = status
        self.in_order(number, payload["timestamp"])


class Ledger2(Ledger):
    QUEUED = frozenset({"TransactionEvent"})

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.parts: dict[tuple[str, int], int] = {}  # (action, requestId) -> next seqNo
        self.under_way: set[int] = set()  # requestIds
        self.mixed: set[int] = set()  # those that the CSMS used again before all was told
        self.blurred = False

    def asked(self, action: str, payload: dict) -> None:
        if "requestId" in payload:
            self.mixed |= {payload["requestId"]} & self.under_way
            self.under_way.add(payload["requestId"])

    def blur(self) -> None:
        super().blur()
        self.blurred = True

    def link_lost(self, rebooted: bool) -> None:
        super().link_lost(rebooted)
        self.parts.clear()

    def said(self, action: str, payload: dict, accepted: bool) -> None:
        if action == "TransactionEvent":
            # `offline` tells of the link by which it is said.
            plain = {name: value for name, value in payload.items() if name != "offline"}
            if not self.repeated(action, plain):
                self._event(plain)
        elif action == "StatusNotification":
            place = payload["evseId"], payload["connectorId"]
            self.in_order(place, payload["timestamp"])
            self.shown[place] = payload["connectorStatus"]
        elif "seqNo" in payload and "tbc" in payload:
            self._part((action, payload["requestId"]), payload)

    def answered(self, action: str, payload: dict, answer: dict | None) -> None:
        plain = {name: value for name, value in payload.items() if name != "offline"}
        super().answered(action, plain, answer)

    def _event(self, payload: dict) -> None:
        try:
            self.books.event(payload)
        except (AssertionError, KeyError) as wrong:
            known = self.books.seqs.get(payload["transactionInfo"]["transactionId"])
            words = f"{wrong} after seqNo {known}: {payload}"
            raise Violation("order of events", words) from None

    def _part(self, report: tuple[str, int], payload: dict) -> None:
        number, wanted = payload["seqNo"], self.parts.get(report, 0)
        if self.blurred or report[1] in self.mixed:
            return
        if not payload["tbc"]:
            self.under_way.discard(report[1])
        require(number == wanted, "order of parts", f"{report}: {number}, not {wanted}")
        self.parts[report] = number + 1 if payload["tbc"] else 0


LEDGERS: dict[str, type[Ledger]] = {"1.6": Ledger16, "2.0.1": Ledger2, "2.1": Ledger2}

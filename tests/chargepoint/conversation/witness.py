"""Hears both sides of a conversation and says what breaks the rules of OCPP-J."""

import json
from typing import Any, NamedTuple

from tests.chargepoint.conversation import oracle
from tests.chargepoint.conversation.ledgers import LEDGERS
from tests.chargepoint.conversation.rules import Violation, require

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6
# What the CSMS may ask for while a station is Pending, by the message that it sends for it
# (1.6 4.2; 2.0.1 B02.FR.02 and .03).
_ASKED_FOR = {
    "CustomerInformation": "NotifyCustomerInformation", "GetBaseReport": "NotifyReport",
    "GetChargingProfiles": "ReportChargingProfiles", "GetDERControl": "ReportDERControl",
    "GetDisplayMessages": "NotifyDisplayMessages", "GetMonitoringReport": "NotifyMonitoringReport",
    "GetReport": "NotifyReport",
}  # fmt: skip
_EVENT = "TransactionEvent"
_ANYTHING = "*"
# What stays refused however kindly it is read (docs/decisions/0020), and what never is.
_NEVER_READ = {oracle.MISSING, oracle.LENGTH, oracle.RANGE}
_ALWAYS_READ = {oracle.EXTRA}
_TRIGGERED = {
    "FirmwareStatusNotification": ("SignedFirmwareStatusNotification",),
    "SignChargePointCertificate": ("SignCertificate",),
    "SignChargingStationCertificate": ("SignCertificate",),
    "SignCombinedCertificate": ("SignCertificate",), "SignV2GCertificate": ("SignCertificate",),
    "SignV2G20Certificate": ("SignCertificate",),
}  # fmt: skip


class _Asked(NamedTuple):
    action: str
    payload: Any
    fault: str
    at: float
    rejected: bool  # whether the station was, when it was asked


class _Flight(NamedTuple):
    unique_id: str
    action: str
    payload: dict
    at: float
    timeout: float


def _triggered(action: str, payload: dict) -> set[str]:
    """The actions by which a trigger is answered; none for another Call."""
    if action not in ("TriggerMessage", "ExtendedTriggerMessage"):
        return set()
    wanted = payload["requestedMessage"]
    return {wanted, *_TRIGGERED.get(wanted, ())}


class Witness:
    """accepted: the station may speak; status: of the last answer since it booted, "" before it."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.lenient = False  # how the station reads what the CSMS gets wrong
        self.words: list[str] = []  # every frame, as it was, for a report
        self.accepted, self.status = False, ""
        self._wait_until = 0.0  # before which an unaccepted station sends no BootNotification
        self._allowed: set[str] = set()  # what it was asked to send while Pending
        self._open: dict[str, _Asked] = {}
        self._ids: set[str] = set()
        self._flight: _Flight | None = None
        self._due: list[tuple[set[str], float]] = []  # what the station has agreed to send, since
        self.ledger = LEDGERS[version]()
        self.answered_kinds: set[tuple[str, str]] = set()

    # --- what the CSMS says ------------------------------------------------------------------

    def asked(self, unique_id: str, action: str, payload: Any, fault: str, now: float) -> None:
        text = json.dumps(payload)
        wrong = fault == oracle.SHAPE or oracle.fault(self.version, action, text, False)
        assert bool(wrong) == bool(fault), f"{action} is {fault or 'legal'}: {wrong} in {text}"
        self.words.append(f"{now:.1f} > {action} {text}")
        rejected = self.status == "Rejected" and not self.accepted
        self._open[unique_id] = _Asked(action, payload, fault, now, rejected)
        if rejected:
            return
        if not fault:
            self._note_asked(action, payload)
        elif self.lenient:  # what it reads in it is not said
            self._allowed.add(_ANYTHING)
            self.ledger.blur()

    def _note_asked(self, action: str, payload: dict) -> None:
        self._allowed |= {_ASKED_FOR.get(action, ""), *_triggered(action, payload)}
        self.ledger.asked(action, payload)

    def answered(self, unique_id: str, payload: dict | None, now: float) -> None:
        """The CSMS answers a Call of the station; None: with a CallError."""
        self.words.append(f"{now:.1f} > answer {json.dumps(payload)}")
        flight = self._flight
        if flight is None or flight.unique_id != unique_id:
            return
        self._flight = None
        if now - flight.at >= flight.timeout:
            return  # too late: nobody waits for it any more
        if payload is not None:
            wrong = oracle.fault(self.version, flight.action, json.dumps(payload), True)
            assert not wrong, f"the test's answer to {flight.action}: {wrong}"
        if flight.action == "BootNotification" and payload is not None:
            self.status = payload["status"]
            self.accepted = self.status == "Accepted"
            self._allowed = set()
            self._wait_until = 0.0 if self.accepted else now + payload["interval"]
        self.ledger.answered(flight.action, flight.payload, payload)

    # --- what the station says ---------------------------------------------------------------

    def said(self, text: str, now: float, timeout: float) -> list:
        """Judge a frame; timeout: how long its station waits for an answer to it."""
        self.words.append(f"{now:.1f} < {text}")
        frame = json.loads(text)
        match frame:
            case [2, str(unique_id), str(action), dict(payload)]:
                self._new_id(unique_id)
                self._one_at_a_time(action, now)
                self._flight = _Flight(unique_id, action, payload, now, timeout)
                self._valid(action, payload, False)
                self._may_say(action, now)
                answers_one = (due for due in self._due if action in due[0])
                if (due := next(answers_one, None)) is not None:
                    self._due.remove(due)
                self.ledger.said(action, payload, self.accepted)
            case [6, str(unique_id), str(action), dict(payload)] if self.version == "2.1":
                self._new_id(unique_id)
                self._valid(action, payload, False)
                self._may_say(action, now)
            case [5, str(), str(code), str(_), dict(_)] if self.version == "2.1":
                require(code in oracle.KNOWN_CODES[self.version], "unknown code", code)
            case [3, str(unique_id), dict(payload)]:
                self._answer(unique_id, payload, "", now)
            case [4, str(unique_id), str(code), str(_), dict(_)]:
                require(code in oracle.KNOWN_CODES[self.version], "unknown code", code)
                self._answer(unique_id, None, code, now)
            case _:
                raise Violation("frame", f"no frame of OCPP {self.version}: {text}")
        return frame

    def _new_id(self, unique_id: str) -> None:
        # OCPP-J 1.6 4.1.4; 2.0.1 part 4, 4.1.4: never used before for a Call of this sender.
        require(unique_id not in self._ids, "id used twice", unique_id)
        require(0 < len(unique_id) <= 36, "length of an id", unique_id)
        self._ids.add(unique_id)

    def _one_at_a_time(self, action: str, now: float) -> None:
        flight = self._flight
        # OCPP-J 1.6 4.1.1; 2.0.1 part 4, 4.1.1: until the answer, or the time-out.
        waited = flight is None or now - flight.at >= flight.timeout - 1e-3
        require(waited, "two Calls at once", f"{action} while {flight} waits")

    def _valid(self, action: str, payload: dict, response: bool) -> None:
        wrong = oracle.fault(self.version, action, json.dumps(payload), response)
        what = "answer" if response else "Call"
        require(not wrong, f"invalid {what}", f"{action}: {wrong} in {json.dumps(payload)}")

    def _may_say(self, action: str, now: float) -> None:
        if action == "BootNotification":
            asked = {action, _ANYTHING} & self._allowed
            if not self.accepted and not asked:
                # 1.6 4.2; 2.0.1 B03.FR.06: not before the interval of the answer.
                early = f"{self._wait_until - now} s too early"
                require(now >= self._wait_until - 1e-3, "boot too early", early)
            self._allowed.discard(action)
            return
        if not self.accepted:
            allowed = self.status == "Pending" and {action, _ANYTHING} & self._allowed
            words = f"{action} after {self.status or 'no boot'}"
            require(bool(allowed), "said before it is accepted", words)

    def _answer(self, unique_id: str, payload: dict | None, code: str, now: float) -> None:
        require(unique_id in self._open, "answer to nothing", f"{unique_id} {code} {payload}")
        asked = self._open.pop(unique_id)
        require(code != "InternalError", "InternalError", asked)
        self.answered_kinds.add((asked.action, asked.fault or code))
        unread = asked.fault == oracle.SHAPE and not (self.lenient and code == "SecurityError")
        if asked.rejected and not unread:
            # 2.0.1 B03.FR.03; for 1.6 see the station's refuses_calls.
            require(code == "SecurityError", "answer while Rejected", f"{asked} {code} {payload}")
        elif asked.fault and not (self.lenient and self._was_read(asked, code)):
            wanted = oracle.CODES[self.version][asked.fault]
            words = f"{code or payload}, not {wanted}, for {asked}"
            require(code == wanted, f"code for {asked.fault}", words)
        elif code:
            known = (asked.action, code) in oracle.REFUSALS[self.version]
            require(known, "legal and refused", f"{code} for {asked}")
        else:
            self._valid(asked.action, payload, True)
            if not asked.fault and payload.get("status") == "Accepted":
                self._agreed(asked, now)

    def _agreed(self, asked: _Asked, now: float) -> None:
        wanted = _triggered(asked.action, asked.payload)
        if action := _ASKED_FOR.get(asked.action):
            wanted = {action}
        if wanted:
            self._due.append((wanted, now))

    def _was_read(self, asked: _Asked, code: str) -> bool:
        """Whether the answer is to what a lenient station has read; else it is to the fault."""
        if asked.fault in _NEVER_READ:
            return False
        read = not code or (asked.action, code) in oracle.REFUSALS[self.version]
        return read or asked.fault in _ALWAYS_READ

    # --- the link ----------------------------------------------------------------------------

    def link_lost(self, rebooted: bool) -> None:
        self.words.append("--- the link is lost" + (", a reboot" if rebooted else ""))
        require(not self._open, "no answer", self._open)
        self._flight = None
        self._allowed, self._due = set(), []
        if rebooted:
            self.accepted, self.status, self._wait_until = False, "", 0.0
        self.ledger.link_lost(rebooted)

    def linked(self) -> None:
        self.words.append("--- connected")

    def look(self, now: float, limit: float) -> None:
        late = [asked for asked in self._open.values() if now - asked.at > limit]
        require(not late, "no answer", late)
        if self._flight is None and (self.accepted or self.status == "Pending"):
            # 1.6 5.17; 2.0.1 F06.FR.04. An event waits for those before it to be taken.
            waits = [due for due in self._due if now - due[1] > (1200 if _EVENT in due[0] else 1)]
            require(not waits, "a trigger without its message", waits)

    def end(self) -> None:
        require(not self._open, "no answer", self._open)

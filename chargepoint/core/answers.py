"""Incoming frames: an answer to every Call, the results of ours, and what cannot be read.

Each frame that comes in yields exactly one Received. Calls are answered at once, also while one
of ours waits for its answer (OCPP-J 1.6 4.1.1: that rule is each side's own).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.config import MAX_FRAME
from chargepoint.core import calls, topics
from chargepoint.core.calls import Calls, Flight, log
from chargepoint.core.laid_down import answer_as_told
from chargepoint.effects import URGENT, Frame, Received, Send, new
from chargepoint.wire import rpc, schemas
from chargepoint.wire.kindly import READ, Reading, read_kindly

if TYPE_CHECKING:
    from chargepoint.core.station import Station

# Calls that change nothing that lasts, in any version; before the answer to another one leaves, the
# state is kept: what a CSMS was told is done is done, whatever dies.
READ_ONLY = frozenset({
    "DataTransfer", "ExtendedTriggerMessage", "GetBaseReport", "GetCertificateChainStatus",
    "GetChargingProfiles", "GetCompositeSchedule", "GetConfiguration", "GetDERControl",
    "GetDisplayMessages", "GetInstalledCertificateIds", "GetLocalListVersion",
    "GetMonitoringReport", "GetPeriodicEventStream", "GetReport", "GetTariffs",
    "GetTransactionStatus", "GetVariables", "TriggerMessage",
})  # fmt: skip
CRAFTED_AT_MOST = 20  # frames of an operator whose answers are waited for
_LONGEST_MARK = 255


class CallFault(Exception):
    """Raised by a handler of an incoming Call: answer with this CallError code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Answers:
    """What comes in from the CSMS, and what an operator crafts."""

    __slots__ = ("_crafted", "_later", "calls", "core")

    def __init__(self, core: Station, own: Calls) -> None:
        self.core = core
        self.calls = own
        self._later: list[tuple] | None = None
        self._crafted: dict[str, tuple[str, float]] | None = None

    def take(self, text: str, now: float) -> None:
        """Read one text frame, note it, and do what it asks."""
        frame = rpc.parse(text, MAX_FRAME, self.core.READERS)
        kind = type(frame)
        if kind is rpc.CallResult:
            self._take_result(frame, text, now)
        elif kind is rpc.Call:
            self._take_call(frame, text, now)
        elif kind is rpc.CallError:
            self._take_error(frame, text, now)
        elif kind is rpc.BadFrame:
            self._take_bad(frame, text, now)
        else:
            self.core.tell(topics.UNANSWERED, frame, text, now)

    def note(
        self, kind: str, text: str, now: float, error: str = "", action: str = "",
        unique_id: str = "", latency: float | None = None, mark: str = "",
    ) -> None:  # fmt: skip
        """Record a frame from the CSMS, cut at MAX_FRAME characters. `latency` is in seconds."""
        text = text if len(text) <= MAX_FRAME else text[:MAX_FRAME]
        frame = new(
            Frame, ("received", kind, action, unique_id, text, now, latency, error, mark, "")
        )
        self.core.out.append(new(Received, (frame,)))

    def _note_kindly(
        self, kind: str, text: str, now: float, fault: schemas.SchemaFault, reading: Reading,
        action: str, unique_id: str, latency: float | None = None,
    ) -> None:  # fmt: skip
        """Note a frame that breaks the specification and was read all the same."""
        notes = _notes_of(fault, reading)
        error = f"{self.core.CODES[fault.kind]}: {fault.message}"
        mark = f"{READ}{'; '.join(notes)}"[:_LONGEST_MARK]
        self.note(kind, text, now, error, action, unique_id, latency, mark)
        self._breached(kind, action, fault, reading, now)

    def _breached(
        self, kind: str, action: str, fault: schemas.SchemaFault, reading: Reading | None,
        now: float,
    ) -> None:  # fmt: skip
        """Count what the CSMS got wrong; of a reading each thing by itself."""
        if reading is not None:
            for note in _notes_of(fault, reading):
                self.core.tell(topics.BREACHED, kind, action, note, fault.message, True, now)
            return
        what = self.core.CODES.get(fault.kind, fault.kind)
        what += f" at {fault.place}" if fault.place else ""
        self.core.tell(topics.BREACHED, kind, action, what, fault.message, False, now)

    def _take_call(
        self, call: rpc.Call, text: str, now: float, spoilt: schemas.SchemaFault | None = None
    ) -> None:
        """`spoilt`: what was wrong with the frame that the Call was read from all the same."""
        unique_id, action, payload = call
        entry = self.core.TABLES.actions.get(action)
        if entry is None:
            known = action in schemas.actions(self.core.VERSION)
            kind = rpc.UNSUPPORTED if known else rpc.UNKNOWN_ACTION
            what = "not supported" if known else "unknown"
            why = f"action {action[:60]!r} is {what}"
            self._refuse(call, text, self.core.CODES[kind], why, now)
            return
        refusal = self.core.ask(topics.REFUSES_CALLS)
        if refusal is not None:
            self._refuse(call, text, *refusal, now)
            return
        fault = spoilt or schemas.check(self.core.VERSION, action, payload, False)
        if fault is None:
            self.note("Call", text, now, "", action, unique_id)
        else:
            reading = self.read_kindly(action, payload, False)
            if reading is None:
                self._refuse(call, text, self.core.CODES[fault.kind], fault.message, now)
                self._breached("Call", action, fault, None, now)
                return
            payload = reading.payload
            self._note_kindly("Call", text, now, fault, reading, action, unique_id)
        tap = self.core.tap
        script = None if tap is None else tap.script_for(action, payload, now)
        if script is not None:
            answer_as_told(self.core, call._replace(payload=payload), script, now)
            return
        try:
            answer = entry[1](self.core.at(entry[0]), payload, now)
        except CallFault as refused:
            self._later = None
            self._answer_error(unique_id, action, refused.code, refused.description, now)
            return
        except Exception:
            if calls.STRICT:
                raise
            # A bug of ours must not cost the CSMS its answer, nor the station its link.
            log.exception("%s: %s failed", self.core.identity, action)
            self._later = None
            code = self.core.CODES[rpc.INTERNAL]
            self._answer_error(unique_id, action, code, "the station failed at this", now)
            return
        self._answer(unique_id, action, answer, now)
        self.core.tell(topics.ANSWERED, unique_id, action)
        self.run_later(now)
        if action not in READ_ONLY:
            self.core.changed(URGENT)

    def act(self, call: rpc.Call, now: float) -> None:
        """Do what a Call asks, for who answers it otherwise; `run_later` is his as well."""
        row, handle = self.core.TABLES.actions[call.action]
        try:
            handle(self.core.at(row), call.payload, now)
        except CallFault:
            self._later = None
        except Exception:
            if calls.STRICT:
                raise
            log.exception("%s: %s failed", self.core.identity, call.action)
            self._later = None

    def run_later(self, now: float) -> None:
        while self._later:
            steps, self._later = self._later, None
            for method, args in steps:
                method(*args, now)

    def _answer(self, unique_id: str, action: str, payload: dict, now: float) -> None:
        fault = self.core.HABITS.check(self.core.VERSION, action, payload, True)
        if fault is not None:
            if calls.STRICT:
                raise AssertionError(f"own answer to {action} is invalid: {fault.message}")
            log.error(
                "%s: own answer to %s is invalid: %s", self.core.identity, action, fault.message
            )
            code = self.core.CODES[rpc.INTERNAL]
            self._answer_error(unique_id, action, code, "the answer could not be made", now)
            return
        text = rpc.result_text(unique_id, payload)
        self.core.out.append(Send(Frame("sent", "CallResult", action, unique_id, text, now, 0.0)))

    def _refuse(self, call: rpc.Call, text: str, code: str, why: str, now: float) -> None:
        self.note("Call", text, now, f"{code}: {why}", call.action[:60], call.unique_id)
        self._answer_error(call.unique_id, call.action[:60], code, why, now)
        self.core.tell(topics.FRAME_WAS_BAD, code, why, now)

    def _answer_error(self, unique_id: str, action: str, code: str, why: str, now: float) -> None:
        text = rpc.error_text(unique_id, code, why)
        frame = Frame("sent", "CallError", action, unique_id, text, now, 0.0, code)
        self.core.out.append(Send(frame))

    def _take_bad(self, bad: rpc.BadFrame, text: str, now: float) -> None:
        if self.core.config.lenient and (frame := rpc.with_empty_payload(bad, text)) is not None:
            spoilt = schemas.SchemaFault(bad.fault, bad.message)
            if type(frame) is rpc.Call:
                self._take_call(frame, text, now, spoilt)
            else:
                self._take_result(frame, text, now, spoilt)
            return
        self._take_unreadable(bad, text, now)
        fault = schemas.SchemaFault(bad.fault, bad.message)
        self._breached("Invalid", bad.action, fault, None, now)

    def _take_unreadable(self, bad: rpc.BadFrame, text: str, now: float) -> None:
        kind = "Call" if bad.type_id == rpc.CALL and bad.unique_id else "Invalid"
        error = bad.message
        flight = self.calls.flight
        code = self.core.CODES.get(bad.fault)
        # OCPP-J 1.6, 4.1.3 and 4.2: an unknown message type, or what cannot be read, is ignored.
        answers = self.core.ANSWERS_UNREADABLE or (bad.type_id == rpc.CALL and bad.unique_id)
        # An answer is not answered: the other side would do the same, for ever.
        if bad.type_id not in (None, rpc.CALL):
            answers = False
            ours = flight is not None and flight.unique_id == bad.unique_id
            if ours and bad.type_id in (rpc.CALL_RESULT, rpc.CALL_ERROR):
                self.note("Invalid", text, now, error, flight.action, bad.unique_id)
                if bad.type_id == rpc.CALL_RESULT:
                    self.core.tell(
                        topics.RESULT_WAS_BAD, bad.unique_id, flight.action, code, error, now
                    )
                self.core.tell(topics.FRAME_WAS_BAD, "", error, now)
                self.calls.fail("FormatViolation", f"its answer cannot be read: {error}", now)
                return
        self.note(kind, text, now, error, bad.action[:60], bad.unique_id)
        if bad.type_id == rpc.CALL_RESULT and bad.unique_id:
            self.core.tell(topics.RESULT_WAS_BAD, bad.unique_id, "", code, error, now)
        if answers and code:
            self._answer_error(bad.unique_id or "-1", bad.action[:60], code, error, now)
        self.core.tell(topics.FRAME_WAS_BAD, code or "", error, now)

    def _take_result(
        self, result: rpc.CallResult, text: str, now: float,
        spoilt: schemas.SchemaFault | None = None,
    ) -> None:  # fmt: skip
        core, own, (unique_id, payload) = self.core, self.calls, result
        flight = own.flight
        if flight is None or flight.unique_id != unique_id:
            self._take_stray("CallResult", unique_id, text, now, "")
            return
        action = flight.action
        fault = spoilt or schemas.check(core.VERSION, action, payload, True)
        latency = now - flight.sent
        if fault is None:
            self.note("CallResult", text, now, "", action, unique_id, latency)
        else:
            reading = self.read_kindly(action, payload, True)
            if reading is None:
                self._refuse_result(flight, text, fault, now)
                return
            payload = reading.payload
            self._note_kindly("CallResult", text, now, fault, reading, action, unique_id, latency)
        own.taken(flight)
        tables, owner = core.TABLES, flight.owner
        entry = tables.got.get((action, owner))
        if entry is None and owner:
            entry = tables.got.get((action, ""))
        if entry is not None:
            row, take = entry
            message = flight.message
            take(core.at(row), payload, flight.context if message is None else message, now)

    def _refuse_result(
        self, flight: Flight, text: str, fault: schemas.SchemaFault, now: float
    ) -> None:
        unique_id, action = flight.unique_id, flight.action
        code = self.core.CODES[fault.kind]
        why = f"{code}: {fault.message}"
        self.note("CallResult", text, now, why, action, unique_id, now - flight.sent)
        self._breached("CallResult", action, fault, None, now)
        self.core.tell(topics.RESULT_WAS_BAD, unique_id, action, code, fault.message, now)
        self.calls.fail(code, f"its answer cannot be read: {why}", now)

    def _take_error(self, error: rpc.CallError, text: str, now: float) -> None:
        flight = self.calls.flight
        if flight is None or flight.unique_id != error.unique_id:
            self._take_stray("CallError", error.unique_id, text, now, error.code)
            return
        latency = now - flight.sent
        code = error.code[:60]
        self.note("CallError", text, now, code, flight.action, error.unique_id, latency)
        self.calls.fail(code, f"the CSMS answers {code} {error.description}".rstrip(), now)

    def _take_stray(self, kind: str, unique_id: str, text: str, now: float, error: str) -> None:
        action, sent = (self._crafted or {}).pop(unique_id, (None, 0.0))
        if action is None:
            self.note(kind, text, now, "ignored: no Call waits for this id", "", unique_id)
        else:
            self.note(kind, text, now, error, action, unique_id, now - sent)

    def read_kindly(self, action: str, payload: dict[str, Any], response: bool) -> Reading | None:
        """What a lenient station takes of a payload that its schema refuses; None for nothing."""
        if not self.core.config.lenient:
            return None
        return read_kindly(self.core.VERSION, action, payload, response)

    def serve(self, action: str, payload: dict[str, Any], now: float) -> dict[str, Any]:
        """As a Call of the CSMS is, for whom nobody waits but an operator."""
        row, handle = self.core.TABLES.actions[action]
        return handle(self.core.at(row), payload, now)

    def data_transfer(self, payload: dict[str, Any], now: float) -> dict[str, Any]:
        """The answer to a DataTransfer, by the block that serves its vendor and message."""
        served, vendor = self.core.TABLES.transfers, payload["vendorId"]
        key = (vendor, payload.get("messageId", ""))
        found = served.get(key) or served.get((vendor, ""))
        if found is not None:
            return found[1](self.core.at(found[0]), payload, now)
        known = any(name == vendor for name, _ in served)
        return {"status": "UnknownMessageId" if known else "UnknownVendorId"}

    def take_later(self) -> list[tuple]:
        """What was to be done after the answer, for who does it himself."""
        steps, self._later = self._later, None
        return steps or []

    @property
    def crafted(self) -> dict[str, tuple[str, float]]:
        """The ids of an operator's frames -> (action, when it was sent)."""
        return self._crafted or {}

    def later(self, method: Any, *args: Any) -> None:
        """From a handler: call this after the answer has been sent."""
        if self._later is None:
            self._later = []
        self._later.append((method, args))

    # --- frames of an operator ---------------------------------------------------------------

    def send_crafted(self, text: str, now: float, cause: str = "") -> str:
        """Send a frame as an operator wrote it, beside the Call in flight. Returns its id."""
        frame = rpc.parse(text, MAX_FRAME, self.core.READERS)
        unique_id, action, kind, error = frame.unique_id, "", "Invalid", ""
        if type(frame) is rpc.Call:
            action, kind = frame.action, "Call"
            self._crafted = self._crafted or {}
            self._crafted[unique_id] = (action, now)
            if len(self._crafted) > CRAFTED_AT_MOST:  # never answered ones must not gather
                del self._crafted[next(iter(self._crafted))]
        elif type(frame) is rpc.BadFrame:
            error = frame.message
        else:
            kind = type(frame).__name__
            action = getattr(frame, "action", "")[:60]
            error = getattr(frame, "code", "")[:60]
        frame = Frame("sent", kind, action, unique_id, text, now, None, error, "", cause)
        self.core.out.append(Send(frame))
        return unique_id

    def forget(self) -> None:
        """Power or the link is lost: nobody answers what an operator has crafted."""
        self._crafted = None


def _notes_of(fault: schemas.SchemaFault, reading: Reading) -> tuple[str, ...]:
    """What was wrong; where the frame was and its payload is not, the frame's own fault."""
    return reading.notes or (f"{fault.message}: read as empty",)

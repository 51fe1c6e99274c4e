"""The exchange of frames: one Call in flight, an answer to every Call, a queue that survives.

Two queues feed the one place in flight: ordinary Calls, which are lost with the connection, and
transaction messages, which are kept in order until the CSMS has taken them (1.6 section 3.7;
2.0.1 part 2, E04). Sending follows OCPP-J 1.6 4.1.1 / 2.0.1 part 4 4.1.4: a Call goes out only
after the answer to the one before it, or its timeout.
"""

import logging
import re
from collections import deque
from random import Random
from typing import Any, ClassVar, NamedTuple

from chargepoint import rpc, schemas
from chargepoint.config import MAX_FRAME, StationConfig
from chargepoint.effects import TOUCH, Changed, Effect, Frame, Received, Send

# A frame of ours that its schema refuses is a bug: tests set this to have it raised.
STRICT = False

log = logging.getLogger(__name__)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_METHODS: dict[str, tuple[str, str]] = {}


def method_names(action: str) -> tuple[str, str]:
    """("got_<action>", "failed_<action>") in snake case."""
    names = _METHODS.get(action)
    if names is None:
        snake = _CAMEL.sub("_", action).lower()
        names = _METHODS[action] = (f"got_{snake}", f"failed_{snake}")
    return names


class CallFault(Exception):
    """Raised by a handler of an incoming Call: answer with this CallError code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Flight(NamedTuple):
    """The Call that waits for its answer. `message`: the queue's entry, for a transaction's."""

    unique_id: str
    action: str
    context: Any
    sent: float
    message: dict[str, Any] | None


class Calls:
    """Frames in and out of one station."""

    __slots__ = (
        "_calls",
        "_crafted",
        "_flight",
        "_id_count",
        "_id_prefix",
        "_later",
        "_out",
        "_queue",
        "_queue_retry",
        "_timers",
        "config",
        "connected",
        "identity",
        "last_message",
        "registration",
        "version",
    )

    VERSION: ClassVar[str]
    CODES: ClassVar[dict[str, str]]
    HANDLERS: ClassVar[dict[str, str]]  # action of the CSMS -> method
    ANSWERS_UNREADABLE: ClassVar[bool] = False  # 2.x answers what it cannot read

    def __init__(self, config: StationConfig, now: float, rng: Random) -> None:
        self.config = config
        self.identity = config.identity
        self.version = 0
        self.connected = False
        self.registration = ""
        self.last_message: float | None = None
        self._timers: dict[Any, float] = {}
        self._out: list[Effect] = []
        self._later: list[tuple] | None = None
        self._calls: deque | None = None  # made when first needed: most stations idle
        self._flight: Flight | None = None
        self._queue: list[dict[str, Any]] | None = None
        self._queue_retry = 0.0
        self._crafted: dict[str, tuple[str, float]] | None = None
        # Unique over restarts of the station too (OCPP-J 1.6, 4.2.1 asks it of a connection).
        self._id_prefix = f"{rng.getrandbits(40):010x}"
        self._id_count = 0

    # --- timers ------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `wake` is due; None if nothing is."""
        return min(self._timers.values()) if self._timers else None

    def set_timer(self, key: Any, at: float) -> None:
        """`key`: a name, or (name, argument); at_<name>(now, argument) is called."""
        self._timers[key] = at

    def clear_timer(self, key: Any) -> None:
        self._timers.pop(key, None)

    def has_timer(self, key: Any) -> bool:
        return key in self._timers

    def due_timers(self, now: float) -> list[Any]:
        due = [key for key, at in self._timers.items() if at <= now]
        due.sort(key=self._timers.__getitem__)
        for key in due:
            del self._timers[key]
        return due

    # --- state changes and the end of an event -----------------------------------------------

    def changed(self, urgency: str) -> None:
        self.version += 1
        out = self._out
        # One mark an event is enough; a stronger one replaces the touch.
        if urgency is TOUCH and any(type(effect) is Changed for effect in out):
            return
        out.append(Changed(urgency))

    def later(self, method: Any, *args: Any) -> None:
        """From a handler: call this after the answer has been sent."""
        if self._later is None:
            self._later = []
        self._later.append((method, args))

    def _finish(self, now: float) -> list[Effect]:
        self.pump(now)
        effects, self._out = self._out, []
        return effects

    # --- out ---------------------------------------------------------------------------------

    def new_id(self) -> str:
        self._id_count += 1
        return f"{self._id_prefix}-{self._id_count}"

    def call(self, action: str, payload: dict[str, Any], now: float, context: Any = None) -> None:
        """Queue an ordinary Call; got_<action> or failed_<action> has the rest."""
        if self._calls is None:
            self._calls = deque()
        self._calls.append((action, payload, context))

    def queue_message(
        self, action: str, payload: dict[str, Any], session: str, **more: Any
    ) -> dict[str, Any]:
        """Queue a transaction message. It stays until it was taken or given up.

        `session`: of which it is part; `more`: what the version needs at sending time.
        """
        message = {"action": action, "payload": payload, "session": session, "attempts": 0, **more}
        if self._queue is None:
            self._queue = []
        self._queue.append(message)
        return message

    @property
    def queued(self) -> list[dict[str, Any]]:
        return self._queue or []

    def pump(self, now: float) -> None:
        """Send the next Call if none is in flight."""
        if not self.connected or self._flight is not None:
            return
        if self.registration != "Accepted":
            if self.boot_due(now):
                self._send_call("BootNotification", self.boot_payload(), None, None, now)
            elif self.registration == "Pending":
                self._pump_triggered(now)
            return
        while self._calls and self._flight is None:
            action, payload, context = self._calls.popleft()
            self._send_call(action, payload, context, None, now)
        while self._flight is None and self._queue:
            if now < self._queue_retry:
                self.set_timer("queue", self._queue_retry)
                return
            message = self._queue[0]
            payload = self.message_payload(message)
            self._send_call(message["action"], payload, None, message, now)

    def _pump_triggered(self, now: float) -> None:
        """While Pending only what the CSMS has triggered may be sent (1.6 4.2, 2.0.1 B02)."""
        calls = self._calls
        for _ in range(len(calls) if calls else 0):
            action, payload, context = calls.popleft()
            if self._flight is None and context == "triggered":
                self._send_call(action, payload, context, None, now)
            else:
                calls.append((action, payload, context))

    def at_queue(self, now: float) -> None:
        """Nothing to do: the pump runs after each event."""

    def _send_call(
        self, action: str, payload: dict, context: Any, message: dict | None, now: float
    ) -> None:
        unique_id = self.new_id()
        fault = schemas.check(self.VERSION, action, payload, False)
        self._flight = Flight(unique_id, action, context, now, message)
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own {action} is invalid: {fault.message} in {payload}")
            log.error("%s: own %s is invalid: %s", self.identity, action, fault.message)
            self._failed("InternalError", fault.message, now, deliverable=False)
            return
        text = rpc.call_text(unique_id, action, payload)
        self._out.append(Send(Frame("sent", "Call", action, unique_id, text, now)))
        self._timers["call"] = now + self.config.call_timeout

    def send_crafted(self, text: str, now: float) -> str:
        """Send a frame as an operator wrote it, beside the Call in flight. Returns its id."""
        frame = rpc.parse(text, MAX_FRAME)
        unique_id, action, kind, error = frame.unique_id, "", "Invalid", ""
        if type(frame) is rpc.Call:
            action, kind = frame.action, "Call"
            self._crafted = self._crafted or {}
            self._crafted[unique_id] = (action, now)
            if len(self._crafted) > 20:  # never answered ones must not gather
                del self._crafted[next(iter(self._crafted))]
        elif type(frame) is rpc.BadFrame:
            error = frame.message
        else:
            kind = type(frame).__name__
            error = getattr(frame, "code", "")
        self._out.append(Send(Frame("sent", kind, action, unique_id, text, now, None, error)))
        return unique_id

    # --- in ----------------------------------------------------------------------------------

    def take(self, text: str, now: float) -> None:
        """Read one text frame, note it, and do what it asks."""
        frame = rpc.parse(text, MAX_FRAME)
        kind = type(frame)
        if kind is rpc.CallResult:
            self._take_result(frame, text, now)
        elif kind is rpc.Call:
            self._take_call(frame, text, now)
        elif kind is rpc.CallError:
            self._take_error(frame, text, now)
        else:
            self._take_bad(frame, text, now)

    def _note(
        self, kind: str, text: str, now: float, error: str = "", action: str = "",
        unique_id: str = "", latency: float | None = None,
    ) -> None:  # fmt: skip
        text = text if len(text) <= MAX_FRAME else text[:MAX_FRAME]
        frame = Frame("received", kind, action, unique_id, text, now, latency, error)
        self._out.append(Received(frame))

    def _take_call(self, call: rpc.Call, text: str, now: float) -> None:
        unique_id, action, payload = call
        name = self.HANDLERS.get(action)
        if name is None:
            known = action in schemas.actions(self.VERSION)
            kind = rpc.UNSUPPORTED if known else rpc.UNKNOWN_ACTION
            what = "not supported" if known else "unknown"
            self._refuse(call, text, self.CODES[kind], f"action {action[:60]!r} is {what}", now)
            return
        refusal = self.refuses_calls()
        if refusal is not None:
            self._refuse(call, text, *refusal, now)
            return
        fault = schemas.check(self.VERSION, action, payload, False)
        if fault is not None:
            self._refuse(call, text, self.CODES[fault.kind], fault.message, now)
            return
        self._note("Call", text, now, "", action, unique_id)
        try:
            answer = getattr(self, name)(payload, now)
        except CallFault as refused:
            self._later = None
            self._answer_error(unique_id, action, refused.code, refused.description, now)
            return
        except Exception:
            if STRICT:
                raise
            # A bug of ours must not cost the CSMS its answer, nor the station its link.
            log.exception("%s: %s failed", self.identity, name)
            self._later = None
            code = self.CODES[rpc.INTERNAL]
            self._answer_error(unique_id, action, code, "the station failed at this", now)
            return
        self._answer(unique_id, action, answer, now)
        self._run_later(now)

    def refuses_calls(self) -> tuple[str, str] | None:
        """Hook: (code, description) while the version's rules forbid to serve any Call."""
        return None

    def _run_later(self, now: float) -> None:
        while self._later:
            steps, self._later = self._later, None
            for method, args in steps:
                method(*args, now)

    def _answer(self, unique_id: str, action: str, payload: dict, now: float) -> None:
        fault = schemas.check(self.VERSION, action, payload, True)
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own answer to {action} is invalid: {fault.message}")
            log.error("%s: own answer to %s is invalid: %s", self.identity, action, fault.message)
            code = self.CODES[rpc.INTERNAL]
            self._answer_error(unique_id, action, code, "the answer could not be made", now)
            return
        text = rpc.result_text(unique_id, payload)
        self._out.append(Send(Frame("sent", "CallResult", action, unique_id, text, now, 0.0)))

    def _refuse(self, call: rpc.Call, text: str, code: str, why: str, now: float) -> None:
        self._note("Call", text, now, f"{code}: {why}", call.action[:60], call.unique_id)
        self._answer_error(call.unique_id, call.action[:60], code, why, now)

    def _answer_error(
        self, unique_id: str, action: str, code: str, why: str, now: float
    ) -> None:
        text = rpc.error_text(unique_id, code, why)
        frame = Frame("sent", "CallError", action, unique_id, text, now, 0.0, code)
        self._out.append(Send(frame))

    def _take_bad(self, bad: rpc.BadFrame, text: str, now: float) -> None:
        kind = "Call" if bad.type_id == rpc.CALL and bad.unique_id else "Invalid"
        error = bad.message
        flight = self._flight
        code = self.CODES.get(bad.fault)
        # OCPP-J 1.6, 4.1.3 and 4.2: an unknown message type, or what cannot be read, is ignored.
        answers = self.ANSWERS_UNREADABLE or (bad.type_id == rpc.CALL and bad.unique_id)
        # An answer is not answered: the other side would do the same, for ever.
        if bad.type_id in (rpc.CALL_RESULT, rpc.CALL_ERROR):
            answers = False
            if flight is not None and flight.unique_id == bad.unique_id:
                self._note("Invalid", text, now, error, flight.action, bad.unique_id)
                self._failed("FormatViolation", error, now)
                return
        self._note(kind, text, now, error, bad.action[:60], bad.unique_id)
        if answers and code:
            self._answer_error(bad.unique_id or "-1", bad.action[:60], code, error, now)

    def _take_result(self, result: rpc.CallResult, text: str, now: float) -> None:
        unique_id, payload = result
        flight = self._flight
        if flight is None or flight.unique_id != unique_id:
            self._take_stray("CallResult", unique_id, text, now, "")
            return
        action = flight.action
        fault = schemas.check(self.VERSION, action, payload, True)
        error = "" if fault is None else f"{self.CODES[fault.kind]}: {fault.message}"
        self._note("CallResult", text, now, error, action, unique_id, now - flight.sent)
        if fault is not None:
            self._failed(self.CODES[fault.kind], fault.message, now)
            return
        self._landed()
        if flight.message is not None:
            self._queue.remove(flight.message)
            self._queue_retry = 0.0
        method = getattr(self, method_names(action)[0], None)
        if method is not None:
            context = flight.context if flight.message is None else flight.message
            method(payload, context, now)

    def _take_error(self, error: rpc.CallError, text: str, now: float) -> None:
        flight = self._flight
        if flight is None or flight.unique_id != error.unique_id:
            self._take_stray("CallError", error.unique_id, text, now, error.code)
            return
        latency = now - flight.sent
        code = error.code[:60]
        self._note("CallError", text, now, code, flight.action, error.unique_id, latency)
        self._failed(code, error.description, now)

    def _take_stray(self, kind: str, unique_id: str, text: str, now: float, error: str) -> None:
        action, sent = (self._crafted or {}).pop(unique_id, (None, 0.0))
        if action is None:
            self._note(kind, text, now, "ignored: no Call waits for this id", "", unique_id)
        else:
            self._note(kind, text, now, error, action, unique_id, now - sent)

    # --- the end of a Call -------------------------------------------------------------------

    def _landed(self) -> None:
        self._flight = None
        self._timers.pop("call", None)

    def at_call(self, now: float) -> None:
        if self._flight is not None:
            self._failed("Timeout", "no answer in time", now)

    def _failed(self, code: str, why: str, now: float, deliverable: bool = True) -> None:
        """The Call in flight was answered with an error, badly, or not at all."""
        flight = self._flight
        self._landed()
        message = flight.message
        if message is not None:
            message["attempts"] += 1
            attempts, pause = self.retry_policy()
            # 1.6 section 3.7.1: the n-th repetition waits n times the interval.
            if deliverable and message["attempts"] < attempts:
                self._queue_retry = now + pause * message["attempts"]
                self.set_timer("queue", self._queue_retry)
                self.message_failed(message, code, now)
            else:
                self._queue.remove(message)
                self._queue_retry = 0.0
                self.message_given_up(message, code, now)
            return
        method = getattr(self, method_names(flight.action)[1], None)
        if method is not None:
            method(code, flight.context, now)

    def forget_calls(self) -> None:
        """Power is lost: ordinary Calls are forgotten, transaction messages stay queued."""
        self._landed()
        self._calls = self._crafted = None

    def drop_calls(self, now: float) -> None:
        """The connection is gone: ordinary Calls fail, transaction messages stay queued."""
        flight, calls = self._flight, self._calls
        self.forget_calls()
        waiting = [] if flight is None or flight.message is not None else [flight[1:3]]
        waiting += [(action, context) for action, _, context in calls or ()]
        for action, context in waiting:
            method = getattr(self, method_names(action)[1], None)
            if method is not None:
                method("Disconnected", context, now)

    # --- what Station and the versions supply ------------------------------------------------

    def boot_due(self, now: float) -> bool:
        raise NotImplementedError

    def boot_payload(self) -> dict[str, Any]:
        raise NotImplementedError

    def retry_policy(self) -> tuple[int, float]:
        """(attempts in all, seconds) for transaction messages."""
        return 3, 60.0

    def message_payload(self, message: dict[str, Any]) -> dict[str, Any]:
        """The payload of a queued message at the time it is sent."""
        return message["payload"]

    def message_failed(self, message: dict[str, Any], code: str, now: float) -> None:
        """Hook: an attempt failed; the message will be tried again."""

    def message_given_up(self, message: dict[str, Any], code: str, now: float) -> None:
        """Hook: a transaction message was dropped after its last attempt."""

    # --- saving ------------------------------------------------------------------------------

    def saved_queue(self) -> dict[str, Any]:
        # Copies: the snapshot must not change when a message is tried again.
        return {"queue": [{**message} for message in self.queued]} if self._queue else {}

    def restore_queue(self, saved: dict[str, Any]) -> None:
        queue = saved.get("queue")
        self._queue = [{**message} for message in queue] if queue else None

"""Our own Calls: one in flight, and a queue of transaction messages that survives.

Two queues feed the one place in flight: ordinary Calls, which are lost with the connection, and
transaction messages, which are kept in order until the CSMS has taken them (1.6 section 3.7;
2.0.1 part 2, E04). Sending follows OCPP-J 1.6 4.1.1 / 2.0.1 part 4 4.1.4: a Call goes out only
after the answer to the one before it, or its timeout.
"""

import logging
import re
from random import Random
from typing import Any, ClassVar, NamedTuple

from chargepoint import rpc, schemas
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.blocks import Blocks
from chargepoint.effects import SOON, TOUCH, URGENT, Changed, Effect, Frame, Noted, Received, Send
from chargepoint.faults.tap import Tap

# A frame of ours that its schema refuses is a bug: tests set this to have it raised.
STRICT = False
CALLS_AT_MOST = 1000  # ordinary ones that wait; then every second of what is only news is dropped
QUEUE_AT_MOST = 1000  # messages; then intermediate meter values are thinned out

RETRIES = (3, 60.0)  # attempts of a transaction message in all, seconds between them

# They have methods for their end, which heed only a link that was lost.
MERE_NEWS = frozenset({"Heartbeat", "NotifyEvent", "StatusNotification"})

_CHANGED = {TOUCH: Changed(TOUCH), SOON: Changed(SOON)}

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


class Flight(NamedTuple):
    """The Call that waits for its answer. `message`: the queue's entry, for a transaction's."""

    unique_id: str
    action: str
    context: Any
    sent: float
    message: dict[str, Any] | None
    owner: str = ""  # the row that has asked for it, where the action alone does not say


class Calls(Blocks):
    """Our own Calls: what waits, what is in flight, how it ended."""

    __slots__ = (
        "_calls",
        "_flight",
        "_id_count",
        "_id_prefix",
        "_out",
        "_queue",
        "_queue_retry",
        "_urgent",
        "config",
        "connected",
        "identity",
        "last_message",
        "registration",
        "tap",
        "unseen",
        "version",
    )

    VERSION: ClassVar[str]
    CODES: ClassVar[dict[str, str]]

    def __init__(self, config: StationConfig, now: float, rng: Random) -> None:
        super().__init__()
        self.config = config
        self.identity = config.identity
        self.version = 0
        self.connected = False
        self.registration = ""
        self.last_message: float | None = None
        self._out: list[Effect] = []
        self.unseen = False  # what a version's monitors look at has changed in this event
        self._urgent = False  # the event has changed what must be kept before anything leaves
        self.tap: Tap | None = None  # made when something is to go wrong with the frames
        self._calls: list[tuple] | None = None  # made when needed: most stations idle
        self._flight: Flight | None = None
        self._queue: list[dict[str, Any]] | None = None
        self._queue_retry = 0.0
        # Unique over restarts of the station too (OCPP-J 1.6, 4.2.1 asks it of a connection).
        self._id_prefix = f"{rng.getrandbits(40):010x}"
        self._id_count = 0

    # --- state changes and the end of an event -----------------------------------------------

    def put(self, effect: Effect) -> None:
        """Have it done when the event is over, after those before it."""
        self._out.append(effect)

    @property
    def out(self) -> list[Effect]:
        """What is to be done when the event is over."""
        return self._out

    @property
    def flight(self) -> Flight | None:
        """The Call of ours that waits for its answer."""
        return self._flight

    def use_tap(self, tap: Tap | None) -> None:
        """Frames go through it from now on, as they are without one."""
        self.tap = tap

    def count_version(self) -> None:
        """The state has changed, where nobody waits for it to be kept."""
        self.version += 1

    def changed(self, urgency: str) -> None:
        self.version += 1
        out = self._out
        # One mark an event is enough; a stronger one replaces the touch.
        if urgency is TOUCH:
            for effect in out:
                if type(effect) is Changed:
                    return
        elif urgency is URGENT:
            self._urgent = True
            return
        out.append(_CHANGED[urgency])

    def _finish(self, now: float) -> list[Effect]:
        if self.unseen:
            self.unseen = False
            self.tell(topics.VALUES_UNSEEN, now)
        self.pump(now)
        effects, self._out = self._out, []
        if self.tap is not None:
            effects = self.block("tap").tapped(effects, now)
        return self._kept_first(effects) if self._urgent else effects

    def _kept_first(self, effects: list[Effect]) -> list[Effect]:
        """The state is kept before any frame that tells of it leaves, and after what caused it."""
        self._urgent = False
        rest = [effect for effect in effects if type(effect) is not Changed]
        place = 1 if rest and type(rest[0]) is Received else 0
        rest.insert(place, Changed(URGENT))
        return rest

    # --- out ---------------------------------------------------------------------------------

    def new_id(self) -> str:
        self._id_count += 1
        return f"{self._id_prefix}-{self._id_count}"

    def call(
        self, action: str, payload: dict[str, Any], now: float, context: Any = None,
        owner: str = "",
    ) -> None:  # fmt: skip
        """Queue an ordinary Call; who is marked `got` or `failed` for the action has the rest.

        owner: the row that asks, where its answers are its own.
        """
        if self._calls is None:
            self._calls = [(action, payload, context, owner)]
            return
        if len(self._calls) >= CALLS_AT_MOST:
            self._thin_calls()
        self._calls.append((action, payload, context, owner))

    def _thin_calls(self) -> None:
        """A CSMS asks or triggers faster than it answers. Only what nobody here waits for goes."""
        news = [call for call in self._calls if not self._is_awaited(call[0], call[3])]
        dropped = {id(call) for call in news[::2]}
        self._calls = [call for call in self._calls if id(call) not in dropped]
        log.warning("%s: %d Calls were dropped: the CSMS answers late", self.identity, len(dropped))

    def _is_awaited(self, action: str, owner: str) -> bool:
        if action in MERE_NEWS:
            return False
        return self.on_got(action, owner) is not None or self.on_failed(action, owner) is not None

    def on_got(self, action: str, owner: str) -> Any:
        """Who hears of the answer to such a Call; None if nobody does."""
        tables = self.TABLES
        entry = tables.answerer(tables.got, action, owner)
        if entry is None:
            return getattr(self, method_names(action)[0], None)
        return entry[1].__get__(self.at(entry[0]))

    def on_failed(self, action: str, owner: str) -> Any:
        """Who hears that there is none."""
        tables = self.TABLES
        entry = tables.answerer(tables.failed, action, owner)
        if entry is None:
            return getattr(self, method_names(action)[1], None)
        return entry[1].__get__(self.at(entry[0]))

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

    def queue_anew(self, queue: list[dict[str, Any]] | None) -> None:
        """In the place of what has waited until now."""
        self._queue = queue

    def queue_is_full(self) -> bool:
        """Whether a CSMS that takes no transaction message is to start no further transaction."""
        return len(self.queued) >= QUEUE_AT_MOST

    def thin_queue(self, action: str) -> None:
        """Drop every second message of an action where a long time offline has filled the queue.

        1.6 section 3.7 and 2.0.1 E04.FR.04 let intermediate values go before anything else.
        """
        if not self.queue_is_full():
            return
        of_it = [message for message in self._queue if message["action"] == action]
        flying = self._flight and self._flight.message
        dropped = {id(message) for message in of_it[1::2] if message is not flying}
        self._queue = [message for message in self._queue if id(message) not in dropped]

    def send(self, action: str, payload: dict[str, Any], now: float) -> None:
        """2.1 part 4, 4.2.4: sent at once, beside the Call in flight; nobody answers it."""
        unique_id = self.new_id()
        fault = schemas.check(self.VERSION, action, payload, False)
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own {action} is invalid: {fault.message} in {payload}")
            log.error("%s: own %s is invalid: %s", self.identity, action, fault.message)
            return
        text = rpc.send_text(unique_id, action, payload)
        self._out.append(Send(Frame("sent", "Send", action, unique_id, text, now)))

    def waiting_contexts(self, action: str) -> set[Any]:
        """The contexts of ordinary Calls that were not answered yet."""
        return set(self.waiting(action))

    def waiting(self, action: str) -> list[Any]:
        """The same, also where a context cannot be in a set."""
        contexts = [call[2] for call in self._calls or () if call[0] == action]
        if self._flight is not None and self._flight.action == action:
            contexts.append(self._flight.context)
        return contexts

    @property
    def queued(self) -> list[dict[str, Any]]:
        return self._queue or []

    def pump(self, now: float) -> None:
        """Send the next Call if none is in flight."""
        if not self.connected or self._flight is not None:
            return
        if self.registration != "Accepted":
            if self.boot_due(now):
                self._send_call("BootNotification", self.ask(topics.BOOT_PAYLOAD), None, None, now)
            elif self.registration == "Pending":
                self._pump_triggered(now)
            return
        while self._calls and self._flight is None:
            action, payload, context, owner = self._calls.pop(0)
            if not self._calls:
                self._calls = None
            self._send_call(action, payload, context, None, now, owner)
        while self._flight is None and self._queue:
            if now < self._queue_retry:
                self.set_timer("queue", self._queue_retry)
                return
            message = self._queue[0]
            payload = self.ask(topics.MESSAGE_PAYLOAD, message) or message["payload"]
            self._send_call(message["action"], payload, None, message, now)

    def _pump_triggered(self, now: float) -> None:
        """While Pending only what the CSMS has triggered may be sent (1.6 4.2, 2.0.1 B02)."""
        calls = self._calls
        for _ in range(len(calls) if calls else 0):
            action, payload, context, owner = calls.pop(0)
            if self._flight is None and self.may_go_while_pending(context):
                self._send_call(action, payload, context, None, now, owner)
            else:
                calls.append((action, payload, context, owner))

    def may_go_while_pending(self, context: Any) -> bool:
        """Whether the CSMS has asked for the Call: "triggered", or a tuple with that in it."""
        return context == "triggered" or (isinstance(context, tuple) and "triggered" in context)

    def at_queue(self, now: float) -> None:
        """Nothing to do: the pump runs after each event."""

    def _send_call(
        self, action: str, payload: dict, context: Any, message: dict | None, now: float,
        owner: str = "",
    ) -> None:  # fmt: skip
        unique_id = self.new_id()
        fault = schemas.check(self.VERSION, action, payload, False)
        self._flight = Flight(unique_id, action, context, now, message, owner)
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own {action} is invalid: {fault.message} in {payload}")
            log.error("%s: own %s is invalid: %s", self.identity, action, fault.message)
            self._failed("InternalError", fault.message, now, deliverable=False)
            return
        text = rpc.call_text(unique_id, action, payload)
        self._out.append(Send(Frame("sent", "Call", action, unique_id, text, now)))
        self._timers["call"] = now + (self.ask(topics.MESSAGE_TIMEOUT) or self.config.call_timeout)

    # --- the end of a Call -------------------------------------------------------------------

    def _landed(self) -> None:
        self._flight = None
        self._timers.pop("call", None)

    def at_call(self, now: float) -> None:
        if self._flight is not None:
            _, action, _, since, *_ = self._flight
            why = f"Timeout: no answer to {action} in {now - since:.0f} s"
            self._out.append(Noted(Frame("", "Note", action, "", "", now, error=why)))
            self._failed("Timeout", "no answer in time", now)

    def _failed(self, code: str, why: str, now: float, deliverable: bool = True) -> None:
        """The Call in flight was answered with an error, badly, or not at all: `why` in words."""
        flight = self._flight
        self._landed()
        message = flight.message
        if message is not None:
            message["attempts"] += 1
            attempts, pause = self.ask(topics.RETRY_POLICY) or RETRIES
            # 1.6 section 3.7.1: the n-th repetition waits n times the interval.
            if deliverable and message["attempts"] < attempts:
                self._queue_retry = now + pause * message["attempts"]
                self.set_timer("queue", self._queue_retry)
                self.tell(topics.MESSAGE_FAILED, message, code, now)
            else:
                self._queue.remove(message)
                self._queue_retry = 0.0
                self.tell(topics.MESSAGE_GIVEN_UP, message, code, now)
            return
        if flight.action == "BootNotification":
            self.tell(topics.BOOT_FAILED, why)
        method = self.on_failed(flight.action, flight.owner)
        if method is not None:
            method(code, flight.context, now)

    def forget_calls(self) -> None:
        """Power is lost: ordinary Calls are forgotten, transaction messages stay queued."""
        self._landed()
        self._calls = None

    def drop_calls(self, now: float) -> None:
        """The connection is gone: ordinary Calls fail, transaction messages stay queued."""
        flight, calls = self._flight, self._calls
        self.forget_calls()
        waiting = []
        if flight is not None and flight.message is None:
            waiting.append((flight.action, flight.context, flight.owner))
        waiting += [(action, context, owner) for action, _, context, owner in calls or ()]
        for action, context, owner in waiting:
            method = self.on_failed(action, owner)
            if method is not None:
                method("Disconnected", context, now)

    # --- what Station supplies ------------------------------------------------

    def boot_due(self, now: float) -> bool:
        raise NotImplementedError

    # --- saving ------------------------------------------------------------------------------

    def saved_queue(self) -> dict[str, Any]:
        # Copies: the snapshot must not change when a message is tried again.
        return {"queue": [{**message} for message in self.queued]} if self._queue else {}

    def restore_queue(self, saved: dict[str, Any]) -> None:
        queue = saved.get("queue")
        self._queue = [{**message} for message in queue] if queue else None

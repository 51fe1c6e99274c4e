"""Our own Calls: one in flight, and a queue of transaction messages that survives.

Two queues feed the one place in flight: ordinary Calls, which are lost with the connection, and
transaction messages, which are kept in order until the CSMS has taken them (1.6 section 3.7;
2.0.1 part 2, E04). Sending follows OCPP-J 1.6 4.1.1 / 2.0.1 part 4 4.1.4: a Call goes out only
after the answer to the one before it, or its timeout.
"""

from __future__ import annotations

import logging
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from chargepoint.core import topics
from chargepoint.core.block import timer
from chargepoint.core.clock import Timers
from chargepoint.effects import Frame, Noted, Send, new
from chargepoint.wire import rpc

if TYPE_CHECKING:
    from chargepoint.core.station import Station

# A frame of ours that its schema refuses is a bug: tests set this to have it raised.
STRICT = False
CALLS_AT_MOST = 1000  # ordinary ones that wait; then every second of what is only news is dropped
QUEUE_AT_MOST = 1000  # messages; then intermediate meter values are thinned out

RETRIES = (3, 60.0)  # attempts of a transaction message in all, seconds between them

# They have methods for their end, which heed only a link that was lost.
MERE_NEWS = frozenset({"Heartbeat", "NotifyEvent", "StatusNotification"})

log = logging.getLogger(__name__)

class Flight(NamedTuple):
    """The Call that waits for its answer. `message`: the queue's entry, for a transaction's."""

    unique_id: str
    action: str
    context: Any
    sent: float
    message: dict[str, Any] | None
    owner: str = ""  # the row that has asked for it, where the action alone does not say


class Calls:
    """Our own Calls: what waits, what is in flight, how it ended.

    flight  the Call of ours that waits for its answer
    """

    __slots__ = (
        "_calls", "_id_count", "_id_prefix", "_queue", "_queue_retry", "core", "flight", "timers",
    )  # fmt: skip

    def __init__(self, core: Station, timers: Timers, rng: Random) -> None:
        self.core = core
        self.timers = timers
        self._calls: list[tuple] | None = None  # made when needed: most stations idle
        self.flight: Flight | None = None
        self._queue: list[dict[str, Any]] | None = None
        self._queue_retry = 0.0
        # Unique over restarts of the station too (OCPP-J 1.6, 4.2.1 asks it of a connection).
        self._id_prefix = f"{rng.getrandbits(40):010x}"
        self._id_count = 0

    # --- out ---------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A message id that the station has not used before."""
        self._id_count += 1
        return f"{self._id_prefix}-{self._id_count}"

    def make(
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
        log.warning(
            "%s: %d Calls were dropped: the CSMS answers late", self.core.identity, len(dropped)
        )

    def _is_awaited(self, action: str, owner: str) -> bool:
        if action in MERE_NEWS:
            return False
        return self.on_got(action, owner) is not None or self.on_failed(action, owner) is not None

    def on_got(self, action: str, owner: str) -> Any:
        """Who hears of the answer to such a Call; None if nobody does."""
        core, tables = self.core, self.core.TABLES
        entry = tables.answerer(tables.got, action, owner)
        return None if entry is None else entry[1].__get__(core.at(entry[0]))

    def on_failed(self, action: str, owner: str) -> Any:
        """Who hears that there is none."""
        core, tables = self.core, self.core.TABLES
        entry = tables.answerer(tables.failed, action, owner)
        return None if entry is None else entry[1].__get__(core.at(entry[0]))

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
        flying = self.flight and self.flight.message
        dropped = {id(message) for message in of_it[1::2] if message is not flying}
        self._queue = [message for message in self._queue if id(message) not in dropped]

    def send(self, action: str, payload: dict[str, Any], now: float) -> None:
        """2.1 part 4, 4.2.4: sent at once, beside the Call in flight; nobody answers it.

        One that breaks its schema is logged and not sent; in tests (STRICT) it raises
        AssertionError.
        """
        unique_id = self.new_id()
        fault = self.core.HABITS.check(self.core.VERSION, action, payload, False)
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own {action} is invalid: {fault.message} in {payload}")
            log.error("%s: own %s is invalid: %s", self.core.identity, action, fault.message)
            return
        text = rpc.send_text(unique_id, action, payload)
        self.core.out.append(Send(Frame("sent", "Send", action, unique_id, text, now)))

    def waiting_contexts(self, action: str) -> set[Any]:
        """The contexts of ordinary Calls that were not answered yet."""
        return set(self.waiting(action))

    def waiting(self, action: str) -> list[Any]:
        """The same, also where a context cannot be in a set."""
        contexts = [call[2] for call in self._calls or () if call[0] == action]
        if self.flight is not None and self.flight.action == action:
            contexts.append(self.flight.context)
        return contexts

    @property
    def queued(self) -> list[dict[str, Any]]:
        return self._queue or []

    def pump(self, now: float) -> None:
        """Send the next Call if none is in flight."""
        if self.flight is not None:
            return
        service = self.core.service
        if service.status != "Accepted":
            if not service.connected:
                return
            if service.boot_is_due():
                self._send_call(
                    "BootNotification", self.core.ask(topics.BOOT_PAYLOAD), None, None, now
                )
            elif service.status == "Pending":
                self._pump_triggered(now)
            return
        if (self._calls or self._queue) and service.connected:
            self._pump_waiting(now)

    def _pump_waiting(self, now: float) -> None:
        """Ordinary Calls go before transaction messages."""
        while self._calls and self.flight is None:
            action, payload, context, owner = self._calls.pop(0)
            if not self._calls:
                self._calls = None
            self._send_call(action, payload, context, None, now, owner)
        while self.flight is None and self._queue:
            if now < self._queue_retry:
                self.timers.set("queue", self._queue_retry)
                return
            message = self._queue[0]
            payload = self.core.ask(topics.MESSAGE_PAYLOAD, message) or message["payload"]
            self._send_call(message["action"], payload, None, message, now)

    def _pump_triggered(self, now: float) -> None:
        """While Pending only what the CSMS has triggered may be sent (1.6 4.2, 2.0.1 B02)."""
        calls = self._calls
        for _ in range(len(calls) if calls else 0):
            action, payload, context, owner = calls.pop(0)
            if self.flight is None and self.may_go_while_pending(context):
                self._send_call(action, payload, context, None, now, owner)
            else:
                calls.append((action, payload, context, owner))

    def may_go_while_pending(self, context: Any) -> bool:
        """Whether the CSMS has asked for the Call: "triggered", or a tuple with that in it."""
        return context == "triggered" or (isinstance(context, tuple) and "triggered" in context)

    @timer("queue")
    def look_again(self, now: float) -> None:
        """Nothing to do: the pump runs after each event."""

    def _send_call(
        self, action: str, payload: dict, context: Any, message: dict | None, now: float,
        owner: str = "",
    ) -> None:  # fmt: skip
        core, unique_id = self.core, self.new_id()
        fault = core.HABITS.check(core.VERSION, action, payload, False)
        self.flight = new(Flight, (unique_id, action, context, now, message, owner))
        if fault is not None:
            if STRICT:
                raise AssertionError(f"own {action} is invalid: {fault.message} in {payload}")
            log.error("%s: own %s is invalid: %s", self.core.identity, action, fault.message)
            self.fail("InternalError", fault.message, now, deliverable=False)
            return
        text = rpc.call_text(unique_id, action, payload)
        frame = new(Frame, ("sent", "Call", action, unique_id, text, now, None, "", "", ""))
        core.out.append(new(Send, (frame,)))
        patience = core.ask(topics.MESSAGE_TIMEOUT) or core.config.call_timeout
        self.timers.set("call", now + patience)

    # --- the end of a Call -------------------------------------------------------------------

    def landed(self) -> None:
        """The Call in flight has its answer, or is to have none."""
        self.flight = None
        self.timers.clear("call")

    def taken(self, flight: Flight) -> None:
        """The CSMS has answered it with a result."""
        self.flight = None
        self.timers.times.pop("call", None)
        if flight.message is not None:
            self._queue.remove(flight.message)
            self._queue_retry = 0.0

    def try_afresh(self) -> None:
        """The transaction messages go to a CSMS that has refused none of them."""
        self._queue_retry = 0.0
        for message in self.queued:
            message["attempts"] = 0

    @timer("call")
    def give_up(self, now: float) -> None:
        if self.flight is not None:
            _, action, _, since, *_ = self.flight
            why = f"Timeout: no answer to {action} in {now - since:.0f} s"
            self.core.out.append(Noted(Frame("", "Note", action, "", "", now, error=why)))
            self.fail("Timeout", "no answer in time", now)

    def fail(self, code: str, why: str, now: float, deliverable: bool = True) -> None:
        """The Call in flight was answered with an error, badly, or not at all: `why` in words."""
        flight = self.flight
        self.landed()
        message = flight.message
        if message is not None:
            message["attempts"] += 1
            attempts, pause = self.core.ask(topics.RETRY_POLICY) or RETRIES
            # 1.6 section 3.7.1: the n-th repetition waits n times the interval.
            if deliverable and message["attempts"] < attempts:
                self._queue_retry = now + pause * message["attempts"]
                self.timers.set("queue", self._queue_retry)
                self.core.tell(topics.MESSAGE_FAILED, message, code, now)
            else:
                self._queue.remove(message)
                self._queue_retry = 0.0
                self.core.tell(topics.MESSAGE_GIVEN_UP, message, code, now)
            return
        if flight.action == "BootNotification":
            self.core.tell(topics.BOOT_FAILED, why)
        method = self.on_failed(flight.action, flight.owner)
        if method is not None:
            method(code, flight.context, now)

    def forget(self) -> None:
        """Power is lost: ordinary Calls are forgotten, transaction messages stay queued."""
        self.landed()
        self._calls = None

    def drop(self, now: float) -> None:
        """The connection is gone: ordinary Calls fail, transaction messages stay queued."""
        flight, calls = self.flight, self._calls
        self.forget()
        waiting = []
        if flight is not None and flight.message is None:
            waiting.append((flight.action, flight.context, flight.owner))
        waiting += [(action, context, owner) for action, _, context, owner in calls or ()]
        for action, context, owner in waiting:
            method = self.on_failed(action, owner)
            if method is not None:
                method("Disconnected", context, now)

    # --- saving ------------------------------------------------------------------------------

    def saved(self) -> dict[str, Any]:
        # Copies: the snapshot must not change when a message is tried again.
        return {"queue": [{**message} for message in self.queued]} if self._queue else {}

    def restore(self, saved: dict[str, Any]) -> None:
        """Read `queue` of a snapshot: transaction messages that wait for their answers."""
        queue = saved.get("queue")
        self._queue = [{**message} for message in queue] if queue else None

"""Transactions: StartTransaction, StopTransaction and what happens between (1.6 4.8, 4.10).

Who is authorized at an outlet, and what runs there, is written here alone.
"""

from typing import Any
from uuid import UUID

from chargepoint.charging.offers import paused
from chargepoint.core import topics
from chargepoint.core.block import Block, answers, got, hears, timer
from chargepoint.effects import URGENT, Session
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event, State
from chargepoint.v16.configuration import Keys
from chargepoint.v16.session import UNKNOWN_TRANSACTION, Session16, update_of
from chargepoint.v16.topics import (
    AUTHORIZATION_LOST,
    AWAITED,
    BEGINNING,
    BEGUN,
    DEMAND_CHANGED,
    ENDED,
    ENDING,
    FREED,
    GIVEN_UP,
    INTERRUPTED,
    RESERVATION_USED,
    SESSION_OVER,
    STOPPED,
    TAG_INFO,
    TAG_JUDGED,
)


class Sessions(Block):
    """A session lives from its start until its stop has been queued.

    open  sessions by connector
    tags  connector -> idTag that was authorized and waits for a car
    """

    __slots__ = ("keys", "open", "tags")

    KEYS = ("plug_by", "sessions", "tags")

    def __init__(self, core: Any, keys: Keys) -> None:
        super().__init__(core)
        self.keys = keys

    # --- the saved state ---------------------------------------------------------------------

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read open transactions and tags of a snapshot; those of connectors that are gone are
        ended."""
        entries = (Session16.from_saved(entry) for entry in saved.get("sessions", ()))
        self.open: dict[int, Session16] = {session.connector: session for session in entries}
        self.tags: dict[int, str] = {int(k): v for k, v in saved.get("tags", {}).items()}
        connectors = self.core.connectors
        for number in [n for n in self.open if n not in connectors]:
            self._close_removed(self.open.pop(number), saved, now)
        for number in [n for n in self.tags if n in connectors]:
            self._wait_until(number, saved.get("plug_by", {}).get(str(number)), now)

    def resume(self, now: float) -> None:
        """Go on with open transactions, and wait for cars that are still to come."""
        for number in self.open:
            self._resume_session(self.core.connectors[number], now)
        for number in [n for n in self.tags if n in self.core.connectors]:
            at = self.core.timers.due(("plug_timeout", number))
            self.await_plug(self.core.connectors[number], now)
            if at is not None:
                self.core.timers.set(("plug_timeout", number), at)

    def _wait_until(self, number: int, at: float | None, now: float) -> None:
        if at is not None:
            self.core.timers.set(("plug_timeout", number), max(now, at))

    def _close_removed(self, session: Session16, saved: dict, now: float) -> None:
        """The connector is gone from the configuration: its transaction ends as it was saved."""
        kept = next(c for c in saved["connectors"] if c["id"] == session.connector)
        register = self.core.HABITS.register
        payload = {
            "meterStop": register.whole(kept["meter_wh"], session.meter_start, False),
            "timestamp": self.core.clock.stamp(now), "reason": "Other",
        }  # fmt: skip
        known = session.transaction_id
        self.core.calls.queue_message("StopTransaction", payload, session.id, transaction_id=known)

    def _resume_session(self, outlet: Connector, now: float) -> None:
        """The transaction goes on where the snapshot left it; the car charged on meanwhile."""
        outlet.advance(now)
        if outlet.state is State.STARTED:
            self.offer_energy(outlet, now)
        self.watch_car(outlet, now)

    def saved(self) -> dict[str, Any]:
        """Open transactions, authorized tags and how long they wait for a car (Unix seconds)."""
        saved: dict[str, Any] = {}
        if self.open:
            saved["sessions"] = [session.to_saved() for session in self.open.values()]
        if self.tags:
            saved["tags"] = {str(k): v for k, v in self.tags.items()}
            ends = ((n, self.core.timers.due(("plug_timeout", n))) for n in self.tags)
            saved["plug_by"] = {str(n): at for n, at in ends if at is not None}
        return saved

    @answers(topics.OPEN_TRANSACTION)
    def open_transaction(self, connector: Connector) -> tuple[str | None, str | None]:
        """(transactionId as text, idTag) of a connector; an empty text before the CSMS has given
        the number, None without a transaction."""
        session = self.open.get(connector.id)
        if session is None:
            return None, self.tags.get(connector.id)
        known = session.transaction_id
        return ("" if known is None else str(known)), session.id_tag

    # --- who waits for a car -----------------------------------------------------------------

    def authorize(self, outlet: Connector, tag: str, now: float) -> None:
        """The idTag may charge at the outlet: start if a car is there, else wait for it."""
        outlet.apply(Event.AUTHORIZED, now)
        self.tags[outlet.id] = tag
        self.core.statuses.report(outlet, now)
        if outlet.ev is not None:
            self.start(outlet, now)
            return
        self.await_plug(outlet, now)

    def await_plug(self, outlet: Connector, now: float) -> None:
        """9.1.6 ConnectionTimeOut: the authorization ends if nobody plugs in."""
        seconds = self.keys.integer("ConnectionTimeOut")
        if seconds:
            self.core.timers.set(("plug_timeout", outlet.id), now + seconds)
        self.core.tell(AWAITED, outlet, now)

    @timer("plug_timeout")
    def plug_is_late(self, now: float, number: int) -> None:
        """No car within ConnectionTimeOut: the authorization lapses."""
        outlet = self.core.connectors.get(number)
        if outlet is not None and outlet.can(Event.AUTHORIZATION_LOST):
            outlet.apply(Event.AUTHORIZATION_LOST, now)
            self.tags.pop(number, None)
            self.core.tell(GIVEN_UP, outlet, True)
            self.core.tell(AUTHORIZATION_LOST, outlet, now)
            self.core.statuses.report(outlet, now)

    def withdraw(self, outlet: Connector) -> bool:
        """Whoever was authorized at the outlet is not any more; whether anybody was."""
        waited = self.tags.pop(outlet.id, None) is not None
        self.core.timers.clear(("plug_timeout", outlet.id))
        return waited

    # --- start -------------------------------------------------------------------------------

    def start(self, outlet: Connector, now: float) -> None:
        """The car is there and somebody authorized: the transaction begins."""
        core = self.core
        core.timers.clear(("plug_timeout", outlet.id))
        outlet.apply(Event.TRANSACTION_STARTED, now)
        tag = self.tags.pop(outlet.id)
        identity = str(UUID(int=core.rng.getrandbits(128), version=4))
        session = Session16(identity, outlet.id, tag, now, round(outlet.meter_wh))
        self.open[outlet.id] = session
        core.tell(BEGINNING, session)
        begun = session.meter_start
        payload = {
            "connectorId": outlet.id,
            "idTag": tag,
            "meterStart": core.HABITS.register.whole(outlet.meter_wh, begun, outlet.dc),
            "timestamp": core.clock.stamp(now),
        }
        reservation = core.ask(RESERVATION_USED, outlet, now)
        if reservation is not None:
            payload["reservationId"] = reservation
        core.calls.queue_message("StartTransaction", payload, session.id)
        core.tell(BEGUN, outlet, session, now)
        self.record(session, now)
        core.changed(URGENT)
        # The driver was authorized: with others in the queue before it, the answer may take long.
        if not (core.connected and core.registration == "Accepted") or len(core.calls.queued) > 1:
            self.offer_energy(outlet, now)

    def offer_energy(self, outlet: Connector, now: float) -> None:
        """Let energy flow where the car and the limits allow it."""
        session = self.open.get(outlet.id)
        if session is None or session.suspended or not outlet.can(Event.ENERGY_OFFERED):
            return
        self.core.tell(DEMAND_CHANGED, now)
        if outlet.can(Event.ENERGY_OFFERED):  # the plan may have offered it already
            event = Event.EVSE_SUSPENDED if paused(outlet) else Event.ENERGY_OFFERED
            if outlet.can(event):
                outlet.apply(event, now)
        self.watch_car(outlet, now)
        self.core.statuses.report(outlet, now)

    @got("StartTransaction")
    def start_answered(self, payload: dict, message: dict, now: float) -> None:
        """The answer to StartTransaction (4.8): its number, and the end of a transaction that is
        not accepted."""
        info, tag = payload["idTagInfo"], message["payload"]["idTag"]
        self.core.tell(TAG_INFO, tag, info)
        self.core.tell(TAG_JUDGED, tag, info["status"], now)
        for later in self.core.calls.queued:
            if later["session"] == message["session"]:
                later["transaction_id"] = payload["transactionId"]
        session = self._session_of(message)
        self.core.changed(URGENT)
        if session is None:  # it was over before the answer came
            self._record_late_id(message["session"], payload["transactionId"])
            return
        session.transaction_id = payload["transactionId"]
        session.parent = info.get("parentIdTag", "")
        self.record(session, now)
        outlet = self.core.connectors[session.connector]
        if info["status"] == "Accepted":
            self.offer_energy(outlet, now)
        else:
            self._deauthorize(outlet, session, now)

    def _record_late_id(self, identity: str, transaction_id: int) -> None:
        """The session ended offline: its last record waits with its StopTransaction."""
        for later in self.core.calls.queued:
            if later["session"] == identity and "record" in later:
                update = {**later["record"], "transaction_id": str(transaction_id)}
                update["rev"] += 1
                self.core.put(Session(update))

    def _deauthorize(self, outlet: Connector, session: Session16, now: float) -> None:
        """9.1.24 StopTransactionOnInvalidId and 9.1.14 MaxEnergyOnInvalidId."""
        allowed = self.keys.integer("MaxEnergyOnInvalidId")
        if self.keys.flag("EmulatorGoOnWithInvalidId"):
            self.offer_energy(outlet, now)
        elif self.keys.flag("StopTransactionOnInvalidId"):
            self.stop(outlet, "DeAuthorized", "", now)
        elif allowed:
            session.cap_wh = outlet.meter_wh + allowed
            self.offer_energy(outlet, now)
            self.watch_car(outlet, now)
        else:
            self._suspend(outlet, session, now)

    def _suspend(self, outlet: Connector, session: Session16, now: float) -> None:
        session.suspended = True
        if outlet.can(Event.EVSE_SUSPENDED):
            outlet.apply(Event.EVSE_SUSPENDED, now)
        self.core.statuses.report(outlet, now)

    @hears(topics.MESSAGE_FAILED)
    def message_failed(self, message: dict, code: str, now: float) -> None:
        """The first try of a start failed: the driver was authorized and is not kept waiting."""
        self.offer_unanswered(now)

    @hears(topics.MESSAGE_GIVEN_UP)
    def message_given_up(self, message: dict, code: str, now: float) -> None:
        """A transaction message whose attempts are used up; `code`: its last error."""
        if message["action"] == "StartTransaction":
            for later in self.core.calls.queued:
                if later["session"] == message["session"]:
                    later["transaction_id"] = UNKNOWN_TRANSACTION
            session = self._session_of(message)
            if session is not None:
                session.transaction_id = UNKNOWN_TRANSACTION
        self.offer_unanswered(now)
        self.core.changed(URGENT)

    @hears(topics.WENT_OFFLINE)
    def offer_unanswered(self, now: float) -> None:
        for number in list(self.open):
            if self.core.connectors[number].state is State.STARTED:
                self.offer_energy(self.core.connectors[number], now)

    @hears(topics.MOVED)
    def forget_given_ids(self, now: float) -> None:
        """To another CSMS the ids of the one before mean nothing, or another's transaction."""
        for session in self.open.values():
            if session.transaction_id is not None:
                session.transaction_id = UNKNOWN_TRANSACTION
        for message in self.core.calls.queued:
            if message.get("transaction_id") is not None:
                message["transaction_id"] = UNKNOWN_TRANSACTION

    def _session_of(self, message: dict) -> Session16 | None:
        return next((s for s in self.open.values() if s.id == message["session"]), None)

    # --- between -----------------------------------------------------------------------------

    def watch_car(self, outlet: Connector, now: float) -> None:
        """Wake up when the car will be full, or an invalid tag's energy used up."""
        session = self.open.get(outlet.id)
        at = outlet.next_change(now)
        if session is not None and session.cap_wh is not None and outlet.power_w > 0:
            left = max(0.0, session.cap_wh - outlet.meter_wh)
            capped = now + max(1.0, left / outlet.power_w * 3600.0)
            at = capped if at is None else min(at, capped)
        if at is None:
            self.core.timers.clear(("car", outlet.id))
        else:
            self.core.timers.set(("car", outlet.id), at + 0.001)

    @timer("car")
    def car_has_changed(self, now: float, number: int) -> None:
        """The car is full, suspends, or the energy limit is reached."""
        outlet = self.core.connectors.get(number)
        session = self.open.get(number)
        if outlet is None or session is None:
            return
        outlet.advance(now)
        if session.cap_wh is not None and outlet.meter_wh >= session.cap_wh:
            self._suspend(outlet, session, now)
            return
        if outlet.state is State.SUSPENDED_EV:
            self.core.tell(DEMAND_CHANGED, now)  # what it leaves is for the others
        self.core.statuses.report(outlet, now)
        self.watch_car(outlet, now)

    @hears(topics.MAINS_CHANGED)
    def watch_cars(self, now: float) -> None:
        for session in self.open.values():
            self.watch_car(self.core.connectors[session.connector], now)

    @hears(topics.PILOT_TOGGLED)
    def pilot_toggled(self, outlet: Connector, now: float) -> None:
        self.watch_car(outlet, now)

    @hears(topics.PLUGGED)
    def ev_plugged_in(self, outlet: Connector, now: float) -> None:
        if outlet.state is State.READY:
            self.start(outlet, now)
        elif outlet.id in self.open:
            self.core.tell(INTERRUPTED, outlet, now)
            self.offer_energy(outlet, now)

    @hears(topics.UNPLUGGED)
    def ev_unplugged(self, outlet: Connector, now: float) -> None:
        if outlet.id in self.open:
            # 9.1.23: false means the transaction goes on, suspended, until the car is back.
            if self.keys.flag("StopTransactionOnEVSideDisconnect"):
                self.stop(outlet, "EVDisconnected", "", now)
            else:
                self.core.tell(INTERRUPTED, outlet, now)
        elif outlet.state is State.AUTHORIZED:
            self.await_plug(outlet, now)
        else:
            self.core.tell(FREED, outlet, now)

    @hears(topics.FAULTED)
    def fault_changed(self, outlet: Connector, now: float) -> None:
        """A fault came or went: the authorization lapses, or energy is offered again."""
        self.core.tell(INTERRUPTED, outlet, now)
        if outlet.faulted:
            if outlet.id not in self.open:
                if self.withdraw(outlet):
                    self.core.tell(GIVEN_UP, outlet, False)
                self.core.tell(AUTHORIZATION_LOST, outlet, now)
        else:
            self.offer_energy(outlet, now)
            self.core.tell(FREED, outlet, now)

    # --- stop --------------------------------------------------------------------------------

    def stop(self, outlet: Connector, reason: str, id_tag: str, now: float) -> None:
        """End the connector's transaction; `id_tag` "" where no token was presented (4.10)."""
        session = self.open[outlet.id]
        self.core.tell(ENDING, outlet, session, reason, now)
        self.core.timers.clear(("car", outlet.id))
        outlet.apply(Event.TRANSACTION_ENDED, now)
        meter_stop = round(outlet.meter_wh)
        register = self.core.HABITS.register
        payload: dict[str, Any] = {
            "meterStop": register.whole(outlet.meter_wh, session.meter_start, outlet.dc),
            "timestamp": self.core.clock.stamp(now),
            "reason": reason,
        }
        if id_tag:
            payload["idTag"] = id_tag
        if session.data:
            payload["transactionData"] = session.data
        del self.open[outlet.id]
        self.core.tell(ENDED, outlet, session, now)
        update = self.record(session, now, ended=now, meter_stop=meter_stop, reason=reason)
        known = session.transaction_id
        kept = {"transaction_id": known} if known is not None else {"record": update}
        self.core.calls.queue_message("StopTransaction", payload, session.id, **kept)
        self.core.tell(STOPPED, outlet, session, now)
        self.core.statuses.report(outlet, now)
        self.core.tell(SESSION_OVER, outlet, now)
        self.core.changed(URGENT)

    def stop_all(self, reason: str, now: float) -> None:
        for number in list(self.open):
            self.stop(self.core.connectors[number], reason, "", now)

    def stop_at(self, number: int, reason: str, now: float) -> None:
        """What runs at the connector, if anything does."""
        if number in self.open:
            self.stop(self.core.connectors[number], reason, "", now)

    def end_all(self, reason: str, now: float) -> None:
        """Nobody charges or waits to charge any longer."""
        self.stop_all(reason, now)
        for outlet in self.core.connectors.values():
            if outlet.can(Event.AUTHORIZATION_LOST):
                outlet.apply(Event.AUTHORIZATION_LOST, now)
                self.core.tell(AUTHORIZATION_LOST, outlet, now)
        self.tags.clear()

    @hears(topics.POWER_FAILED)
    def power_failed(self, now: float) -> None:
        self.end_all("PowerLoss", now)

    @got("StopTransaction")
    def stop_answered(self, payload: dict, message: dict, now: float) -> None:
        """The answer to StopTransaction (4.10)."""
        tag = message["payload"].get("idTag")
        if tag and "idTagInfo" in payload:
            self.core.tell(TAG_INFO, tag, payload["idTagInfo"])
        self.core.changed(URGENT)

    # --- messages and records ----------------------------------------------------------------

    @answers(topics.MESSAGE_PAYLOAD)
    def message_payload(self, message: dict[str, Any]) -> dict[str, Any]:
        """Put in the transaction id, which may have come after the message was queued."""
        if message["action"] == "StartTransaction":
            return message["payload"]
        known = message.get("transaction_id")
        if known is None:
            session = self._session_of(message)
            known = session.transaction_id if session else None
        known = UNKNOWN_TRANSACTION if known is None else known
        return {**message["payload"], "transactionId": known}

    @answers(topics.RETRY_POLICY)
    def retry_policy(self) -> tuple[int, float]:
        """(attempts, seconds between them) of transaction messages."""
        keys = self.keys
        attempts = keys.integer("TransactionMessageAttempts")
        return attempts, float(keys.integer("TransactionMessageRetryInterval"))

    def record(self, session: Session16, now: float, **news: Any) -> dict[str, Any]:
        """News for the record of transactions; see session.update_of."""
        outlet = self.core.connectors[session.connector]
        update = update_of(session, outlet, **news)
        update |= {"station": self.core.identity, "ocpp": self.core.config.version}
        self.core.put(Session(update))
        return update

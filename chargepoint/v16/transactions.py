"""Transactions: StartTransaction, StopTransaction and what happens between (1.6 4.8, 4.10)."""

from typing import Any
from uuid import UUID

from chargepoint.effects import URGENT, Session
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.ev import EV
from chargepoint.hardware.states import Event, State
from chargepoint.station import CommandRejected
from chargepoint.v16.session import UNKNOWN_TRANSACTION, Session16

STOP_REASONS = frozenset({
    "DeAuthorized", "EmergencyStop", "EVDisconnected", "HardReset", "Local", "Other", "PowerLoss",
    "Reboot", "Remote", "SoftReset", "UnlockCommand",
})  # fmt: skip


class Transactions:
    """Block of Station16. A session lives from its start until its stop has been queued."""

    __slots__ = ()

    # --- commands ----------------------------------------------------------------------------

    def do_start_transaction(self, now: float, connector: int = 1, id_tag: str = "") -> dict:
        """A driver plugs in (if no car is there) and presents the tag."""
        tag, outlet = self._tag(id_tag), self.connector(connector)
        if outlet.in_transaction:
            message = f"Connector {connector} has a transaction: stop it first."
            raise CommandRejected("not_possible_now", message)
        if outlet.state is not State.READY:
            self._check_free(outlet, tag)
        if outlet.ev is None and outlet.can(Event.EV_PLUGGED_IN):
            self.auto_plug |= {outlet.id}
            outlet.plug(EV.for_connector(outlet.config), now)
            self.report(outlet, now)
        if outlet.state is State.READY:
            return {"authorization": "Accepted", "connector": outlet.id}
        return {"authorization": self.authorize(tag, outlet, now), "connector": outlet.id}

    def do_stop_transaction(
        self, now: float, connector: int | None = None, transaction: Any = None,
        reason: str = "Local", id_tag: str = "",
    ) -> dict:  # fmt: skip
        if reason not in STOP_REASONS:
            known = ", ".join(sorted(STOP_REASONS))
            raise CommandRejected("invalid_arguments", f"The reason is one of: {known}.")
        session = self._named_session(connector, transaction)
        outlet = self.connectors[session.connector]
        self.stop(outlet, reason, id_tag or session.id_tag, now)
        return {"connector": outlet.id, "transaction": session.transaction_id}

    def _named_session(self, connector: int | None, transaction: Any) -> Session16:
        for session in self.sessions.values():
            wanted = str(session.transaction_id) == str(transaction)
            if session.connector == connector or (transaction is not None and wanted):
                return session
        if connector is None and transaction is None and len(self.sessions) == 1:
            return next(iter(self.sessions.values()))
        message = "No such transaction is open: name a connector that is charging."
        raise CommandRejected("no_transaction", message)

    # --- start -------------------------------------------------------------------------------

    def start(self, outlet: Connector, now: float) -> None:
        """The car is there and somebody authorized: the transaction begins."""
        self.clear_timer(("plug_timeout", outlet.id))
        outlet.apply(Event.TRANSACTION_STARTED, now)
        tag = self.tags.pop(outlet.id)
        identity = str(UUID(int=self.rng.getrandbits(128), version=4))
        session = Session16(identity, outlet.id, tag, now, round(outlet.meter_wh))
        self.sessions[outlet.id] = session
        self.profiles_for_start(session)
        payload = {
            "connectorId": outlet.id,
            "idTag": tag,
            "meterStart": session.meter_start,
            "timestamp": self.stamp(now),
        }
        reservation = self.use_reservation(outlet, now)
        if reservation is not None:
            payload["reservationId"] = reservation
        self.queue_message("StartTransaction", payload, session.id)
        self.begin_metering(outlet, session, now)
        self.record(session, now)
        self.changed(URGENT)
        # The driver was authorized: with others in the queue before it, the answer may take long.
        if not (self.connected and self.registration == "Accepted") or len(self.queued) > 1:
            self.offer_energy(outlet, now)

    def offer_energy(self, outlet: Connector, now: float) -> None:
        session = self.sessions.get(outlet.id)
        if session is None or session.suspended or not outlet.can(Event.ENERGY_OFFERED):
            return
        self.plan(now)
        if outlet.can(Event.ENERGY_OFFERED):  # the plan may have offered it already
            paused = self.paused(outlet)
            event = Event.EVSE_SUSPENDED if paused else Event.ENERGY_OFFERED
            if outlet.can(event):
                outlet.apply(event, now)
        self.watch_car(outlet, now)
        self.report(outlet, now)

    def got_start_transaction(self, payload: dict, message: dict, now: float) -> None:
        info = payload["idTagInfo"]
        self.remember(message["payload"]["idTag"], info)
        self.compare_with_list(message["payload"]["idTag"], info["status"], now)
        for later in self.queued:
            if later["session"] == message["session"]:
                later["transaction_id"] = payload["transactionId"]
        session = self._session_of(message)
        self.changed(URGENT)
        if session is None:  # it was over before the answer came
            self._record_late_id(message["session"], payload["transactionId"])
            return
        session.transaction_id = payload["transactionId"]
        session.parent = info.get("parentIdTag", "")
        self.record(session, now)
        outlet = self.connectors[session.connector]
        if info["status"] == "Accepted":
            self.offer_energy(outlet, now)
        else:
            self._deauthorize(outlet, session, now)

    def _record_late_id(self, identity: str, transaction_id: int) -> None:
        """The session ended offline: its last record waits with its StopTransaction."""
        for later in self.queued:
            if later["session"] == identity and "record" in later:
                update = {**later["record"], "transaction_id": str(transaction_id)}
                update["rev"] += 1
                self._out.append(Session(update))

    def _deauthorize(self, outlet: Connector, session: Session16, now: float) -> None:
        """9.1.24 StopTransactionOnInvalidId and 9.1.14 MaxEnergyOnInvalidId."""
        allowed = self.keys.integer("MaxEnergyOnInvalidId")
        if self.keys.flag("StopTransactionOnInvalidId"):
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
        self.report(outlet, now)

    def message_failed(self, message: dict, code: str, now: float) -> None:
        """The first try of a start failed: the driver was authorized and is not kept waiting."""
        self._offer_unanswered(now)

    def message_given_up(self, message: dict, code: str, now: float) -> None:
        if message["action"] == "StartTransaction":
            for later in self.queued:
                if later["session"] == message["session"]:
                    later["transaction_id"] = UNKNOWN_TRANSACTION
            session = self._session_of(message)
            if session is not None:
                session.transaction_id = UNKNOWN_TRANSACTION
        self._offer_unanswered(now)
        self.changed(URGENT)

    def _offer_unanswered(self, now: float) -> None:
        for number in list(self.sessions):
            if self.connectors[number].state is State.STARTED:
                self.offer_energy(self.connectors[number], now)

    def forget_given_ids(self) -> None:
        """To another CSMS the ids of the one before mean nothing, or another's transaction."""
        for session in self.sessions.values():
            if session.transaction_id is not None:
                session.transaction_id = UNKNOWN_TRANSACTION
        for message in self.queued:
            if message.get("transaction_id") is not None:
                message["transaction_id"] = UNKNOWN_TRANSACTION

    def _session_of(self, message: dict) -> Session16 | None:
        sessions = self.sessions.values()
        return next((s for s in sessions if s.id == message["session"]), None)

    # --- between -----------------------------------------------------------------------------

    def watch_car(self, outlet: Connector, now: float) -> None:
        """Wake up when the car will be full, or an invalid tag's energy used up."""
        session = self.sessions.get(outlet.id)
        at = outlet.next_change(now)
        if session is not None and session.cap_wh is not None and outlet.power_w > 0:
            left = max(0.0, session.cap_wh - outlet.meter_wh)
            capped = now + max(1.0, left / outlet.power_w * 3600.0)
            at = capped if at is None else min(at, capped)
        if at is None:
            self.clear_timer(("car", outlet.id))
        else:
            self.set_timer(("car", outlet.id), at + 0.001)

    def at_car(self, now: float, number: int) -> None:
        outlet = self.connectors.get(number)
        session = self.sessions.get(number)
        if outlet is None or session is None:
            return
        outlet.advance(now)
        if session.cap_wh is not None and outlet.meter_wh >= session.cap_wh:
            self._suspend(outlet, session, now)
            return
        if outlet.state is State.SUSPENDED_EV:
            self.plan(now)  # what it leaves is for the others
        self.report(outlet, now)
        self.watch_car(outlet, now)

    def ev_plugged_in(self, outlet: Connector, now: float) -> None:
        if outlet.state is State.READY:
            self.start(outlet, now)
        elif outlet.id in self.sessions:
            self.note_interruption(outlet, now)
            self.offer_energy(outlet, now)

    def ev_unplugged(self, outlet: Connector, now: float) -> None:
        self.auto_plug -= {outlet.id}
        if outlet.id in self.sessions:
            # 9.1.23: false means the transaction goes on, suspended, until the car is back.
            if self.keys.flag("StopTransactionOnEVSideDisconnect"):
                self.stop(outlet, "EVDisconnected", "", now)
            else:
                self.note_interruption(outlet, now)
        elif outlet.state is State.AUTHORIZED:
            self.wait_for_plug(outlet, now)
        else:
            self.show_reserved(outlet, now)

    def fault_changed(self, outlet: Connector, now: float) -> None:
        self.note_interruption(outlet, now)
        if outlet.faulted:
            if outlet.id not in self.sessions:
                if self.tags.pop(outlet.id, None) is not None:
                    self.auto_plug -= {outlet.id}
                self.clear_timer(("plug_timeout", outlet.id))
                self.unclaim_reservation(outlet, now)
        else:
            self.offer_energy(outlet, now)
            self.show_reserved(outlet, now)

    # --- stop --------------------------------------------------------------------------------

    def stop(self, outlet: Connector, reason: str, id_tag: str, now: float) -> None:
        """End the connector's transaction; `id_tag` "" where no token was presented (4.10)."""
        session = self.sessions[outlet.id]
        self.end_metering(outlet, session, now)
        outlet.apply(Event.TRANSACTION_ENDED, now)
        meter_stop = round(outlet.meter_wh)
        payload: dict[str, Any] = {
            "meterStop": meter_stop,
            "timestamp": self.stamp(now),
            "reason": reason,
        }
        if id_tag:
            payload["idTag"] = id_tag
        if session.data:
            payload["transactionData"] = session.data
        del self.sessions[outlet.id]
        self.end_profiles(outlet, session.id, now)
        update = self.record(session, now, ended=now, meter_stop=meter_stop, reason=reason)
        known = session.transaction_id
        kept = {"transaction_id": known} if known is not None else {"record": update}
        self.queue_message("StopTransaction", payload, session.id, **kept)
        self.report(outlet, now)
        self.after_stop(outlet, now)
        if outlet.id in self.auto_plug and outlet.ev is not None:
            self.set_timer(("driver", outlet.id), now + self.rng.uniform(3.0, 6.0))
        self.changed(URGENT)

    def got_stop_transaction(self, payload: dict, message: dict, now: float) -> None:
        tag = message["payload"].get("idTag")
        if tag and "idTagInfo" in payload:
            self.remember(tag, payload["idTagInfo"])
        self.changed(URGENT)

    def at_driver(self, now: float, number: int) -> None:
        """The emulated driver plugs in after a remote start, or leaves after the end."""
        outlet = self.connectors.get(number)
        if outlet is None or number not in self.auto_plug:
            return
        if outlet.state is State.AUTHORIZED:
            outlet.plug(EV.for_connector(outlet.config), now)
            self.ev_plugged_in(outlet, now)
            self.report(outlet, now)
        elif outlet.ev is not None and number not in self.sessions:
            outlet.unplug(now)
            self.ev_unplugged(outlet, now)
            self.report(outlet, now)

    # --- messages and records ----------------------------------------------------------------

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

    def retry_policy(self) -> tuple[int, float]:
        keys = self.keys
        attempts = keys.integer("TransactionMessageAttempts")
        return attempts, float(keys.integer("TransactionMessageRetryInterval"))

    def record(
        self, session: Session16, now: float, sample: dict | None = None,
        ended: float | None = None, meter_stop: int | None = None, reason: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """News for the record of transactions."""
        outlet = self.connectors[session.connector]
        session.rev += 1
        end = round(outlet.meter_wh) if meter_stop is None else meter_stop
        known = session.transaction_id
        update = {
            "id": session.id,
            "rev": session.rev,
            "station": self.identity,
            "connector": outlet.id,
            "evse": outlet.evse,
            "ocpp": self.config.version,
            "transaction_id": "" if known is None else str(known),
            "id_tag": session.id_tag,
            "started": session.started,
            "meter_start": session.meter_start,
            "ended": ended,
            "meter_stop": meter_stop,
            "reason": reason,
            "energy_wh": end - session.meter_start,
            "state": "active" if ended is None else "ended",
            "sample": sample,
        }
        self._out.append(Session(update))
        return update

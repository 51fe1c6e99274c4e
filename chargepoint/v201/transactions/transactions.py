"""Functional block E, transactions.

Everything that happens to an outlet ends in `happened`: it compares which TxStartPoint /
TxStopPoint conditions held at the last look with those that hold now, makes the Started, Updated
or Ended event that follows, and then drives the power path.
"""

from chargepoint.common.kept_values import BEGIN, END
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, got, hears, timer
from chargepoint.effects import SOON, URGENT, Session
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.hardware.states import Event, State
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.charging.charging_profiles import WAITING
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.transactions.sessions import session_told

# Faults that end a transaction, by the names that 1.6 gave them; others suspend it.
_STOPPED_BY = {
    "GroundFailure": "GroundFault",
    "OverCurrentFailure": "OvercurrentFault",
    "PowerSwitchFailure": "Other",
    "EmergencyStop": "EmergencyStop",
}
STARTED_MEASURANDS = "SampledDataCtrlr.TxStartedMeasurands"
ENDED_MEASURANDS = "SampledDataCtrlr.TxEndedMeasurands"
NO_AUTHORIZATION = {"idToken": "", "type": "NoAuthorization"}


class Transactions(Block):
    __slots__ = ()

    # --- what happens to an outlet -----------------------------------------------------------

    @hears(core_topics.PLUGGED)
    def ev_plugged_in(self, connector: Connector, now: float) -> None:
        """A car was plugged in (E02): CablePluggedIn, and charging where it is authorized."""
        outlet = self.core.outlets[connector.id]
        self.core.timers.clear(("ev_timeout", outlet.number))
        outlet.connect_by = None
        free = connector.can(Event.AUTHORIZED)
        self.happened(outlet, "CablePluggedIn", now)
        self.core.tell(topics.DEMAND_CHANGED, now)
        if free:
            self._charge_unasked(outlet, now)

    def _charge_unasked(self, outlet: Outlet, now: float) -> None:
        """AuthCtrlr.Enabled, false: nobody has to be authorized."""
        if (
            outlet.token is None
            and not self.core.model.flag("AuthCtrlr.Enabled")
            and self.may_charge()
        ):
            self.authorized(outlet, NO_AUTHORIZATION, "Authorized", now)

    def may_charge(self) -> bool:
        """TxCtrlr.TxBeforeAcceptedEnabled: charging may begin before the CSMS has accepted us."""
        return self.core.booted or self.core.model.flag("TxCtrlr.TxBeforeAcceptedEnabled")

    @hears(core_topics.REGISTERED)
    def cars_waited(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted us: cars that came before may charge where nobody is asked."""
        if not rebooted:
            return
        for outlet in self.core.outlets.values():
            if outlet.hardware.ev is not None and outlet.hardware.can(Event.AUTHORIZED):
                self._charge_unasked(outlet, now)

    @hears(core_topics.UNPLUGGED)
    def ev_unplugged(self, connector: Connector, now: float) -> None:
        """The plug was pulled (E09, E10)."""
        self.core.tell(topics.UNPLUGGING, connector, now)
        outlet = self.core.outlets[connector.id]
        # E09, E10: with StopTxOnEVSideDisconnect the transaction is deauthorized.
        if connector.in_transaction and self.core.model.flag("TxCtrlr.StopTxOnEVSideDisconnect"):
            connector.apply(Event.TRANSACTION_ENDED, now)
            outlet.token = None
        self.happened(outlet, "EVCommunicationLost", now, "EVDisconnected")
        self.core.tell(topics.DEMAND_CHANGED, now)
        self.core.tell(topics.PLACES_CHANGED, now)
        if connector.state is State.AUTHORIZED:
            self.await_ev(outlet, now)

    def authorized(
        self, outlet: Outlet, token: dict, trigger: str, now: float, remote: int | None = None,
        group: str = "",
    ) -> None:  # fmt: skip
        """`token`, of the group with that key, may charge on this outlet from now on."""
        self.core.tell(topics.AUTHORIZING, outlet, token, now)
        self.core.tell(topics.ADMITTED, outlet, token, group)
        outlet.token, outlet.group = token, group
        outlet.remote_start_id = remote
        if outlet.hardware.can(Event.AUTHORIZED):
            outlet.hardware.apply(Event.AUTHORIZED, now)
        transaction = outlet.transaction
        if transaction is not None and remote is not None:
            transaction.remote_start_id = remote
        if outlet.hardware.ev is None:
            self.await_ev(outlet, now)
        self.happened(outlet, trigger, now, token=token)

    def deauthorized(
        self, outlet: Outlet, trigger: str, reason: str, now: float, token: dict | None = None
    ) -> None:
        """Nobody may charge here any longer; `token` is who asked for it, if a card did."""
        outlet.token = None
        self.core.timers.clear(("ev_timeout", outlet.number))
        outlet.connect_by = None
        hardware = outlet.hardware
        for event in (Event.TRANSACTION_ENDED, Event.AUTHORIZATION_LOST):
            if hardware.can(event):
                hardware.apply(event, now)
                break
        self.happened(outlet, trigger, now, reason, token)
        self.core.tell(topics.ABANDONED, outlet, now)
        self._forget_needs(outlet)
        self.core.tell(topics.CHARGE_OVER, outlet, WAITING, now)
        self.core.tell(topics.DEAUTHORIZED, outlet, now)

    def stop(
        self, outlet: Outlet, trigger: str, reason: str, now: float, token: dict | None = None
    ) -> None:
        """End the charging; the transaction too, unless TxStopPoint waits for something else."""
        authorized = outlet.token is not None
        self.deauthorized(outlet, trigger, reason, now, token)
        if outlet.transaction is not None and not authorized:
            # Nobody was authorized, so nothing was lost by it: end it all the same (F03.FR.01).
            self.end(outlet, trigger, now, token)

    def _forget_needs(self, outlet: Outlet) -> None:
        outlet.needs = None
        self.core.timers.clear(("needs", outlet.number))

    def await_ev(self, outlet: Outlet, now: float) -> None:
        """Start TxCtrlr.EVConnectionTimeOut."""
        seconds = self.core.model.integer("TxCtrlr.EVConnectionTimeOut")
        outlet.connect_by = now + seconds if seconds else None
        if seconds:
            self.core.timers.set(("ev_timeout", outlet.number), outlet.connect_by)

    def withdraw(self, outlet: Outlet) -> None:
        """Nobody is authorized there any longer; what follows from it is the caller's to tell."""
        outlet.token = None

    @timer("ev_timeout")
    def at_ev_timeout(self, now: float, number: int) -> None:
        """No car within EVConnectionTimeOut: the authorization ends (E03)."""
        outlet = self.core.outlets.get(number)
        if outlet is not None and outlet.token is not None and outlet.hardware.ev is None:
            self.deauthorized(outlet, "EVConnectTimeout", "Timeout", now)  # E03.FR.05

    @hears(core_topics.FAULTED)
    def fault_changed(self, connector: Connector, now: float) -> None:
        """A connector's fault came or went; some end the transaction."""
        outlet = self.core.outlets[connector.id]
        if not connector.in_transaction and connector.faulted:
            outlet.token = None
        reason = _STOPPED_BY.get(connector.error_code)
        if outlet.transaction is not None and connector.faulted and reason:
            self.deauthorized(outlet, "AbnormalCondition", reason, now)
        else:
            self.happened(outlet, "AbnormalCondition", now)
        if connector.faulted:
            if outlet.token is None:
                self.core.tell(topics.ABANDONED, outlet, now)
            self.core.tell(topics.OUT_OF_USE, now)
        self.core.tell(topics.PLACES_CHANGED, now)

    @timer("hardware")
    def at_hardware(self, now: float, number: int) -> None:
        """The EV was to fill up about now."""
        outlet = self.core.outlets.get(number)
        if outlet is not None and not self.core.ask(topics.STOPS_WHEN_FULL, outlet, now):
            outlet.hardware.advance(now)
            self.happened(outlet, "ChargingStateChanged", now)
            self.core.tell(topics.DEMAND_CHANGED, now)

    def watch_hardware(self, outlet: Outlet, now: float) -> None:
        """Wake up when the EV will be full or, as the power is now, the energy used up."""
        transaction = outlet.transaction
        if transaction is not None and transaction.cap_wh is not None and not transaction.barred:
            self.core.tell(topics.ENERGY_CAPPED, outlet, now)
        due = outlet.hardware.next_change(now)
        if due is None:
            self.core.timers.clear(("hardware", outlet.number))
        else:
            self.core.timers.set(("hardware", outlet.number), max(due, now + 0.001))

    @hears(core_topics.PILOT_TOGGLED)
    def pilot_toggled(self, connector: Connector, now: float) -> None:
        """A sleeping car may have woken up."""
        self.happened(self.core.outlets[connector.id], "ChargingStateChanged", now)

    @hears(core_topics.MAINS_CHANGED)
    def heed_mains(self, now: float) -> None:
        for outlet in self.core.outlets.values():
            self.watch_hardware(outlet, now)

    @answers(core_topics.OPEN_TRANSACTION)
    def open_transaction(self, connector: Connector) -> tuple[str | None, str | None]:
        """(transactionId, id token as text) of a connector, None where there is none."""
        outlet = self.core.outlets[connector.id]
        token = outlet.token or (outlet.transaction and outlet.transaction.id_token) or {}
        return outlet.transaction and outlet.transaction.id, token.get("idToken")

    # --- what follows from it ----------------------------------------------------------------

    def happened(
        self, outlet: Outlet, trigger: str, now: float,
        reason: str | None = None, token: dict | None = None,
    ) -> None:  # fmt: skip
        """Draw the conclusions of something that just happened to the outlet.

        `trigger`: TriggerReasonEnumType. `reason`: ReasonEnumType, should the transaction end
        by this, now or later. `token`: who was read.
        """
        self.core.tell(topics.LOOKING, outlet, now)
        self._look(outlet, trigger, now, reason, token)
        self.core.tell(topics.LOOKED, outlet, now)

    def _look(
        self, outlet: Outlet, trigger: str, now: float, reason: str | None, token: dict | None
    ) -> None:
        self.core.statuses.report(outlet.hardware, now)
        self.core.tell(topics.PLACES_CHANGED, now)
        before, after = outlet.seen, outlet.points()
        outlet.seen = after
        transaction = outlet.transaction
        if transaction is None:
            starts = self.core.model.members("TxCtrlr.TxStartPoint")
            if after - before and not after.isdisjoint(starts):
                self._start(outlet, trigger, now)
        else:
            transaction.reason = transaction.reason or reason
            stops = self.core.model.members("TxCtrlr.TxStopPoint")
            if not (before - after).isdisjoint(stops):
                self.end(outlet, trigger, now, token)
            elif trigger != "ChargingStateChanged" or self._state_is_news(outlet):
                self.updated(outlet, trigger, now, token=token)
        self._drive(outlet, now)

    def _drive(self, outlet: Outlet, now: float) -> None:
        """Close the power path once an EV and an authorization are there."""
        hardware, transaction = outlet.hardware, outlet.transaction
        if outlet.token is not None and not (transaction and transaction.barred):
            if hardware.state is State.READY:
                hardware.apply(Event.TRANSACTION_STARTED, now)
                self.core.tell(topics.EV_ASKS, outlet, now)
                self.core.tell(topics.DEMAND_CHANGED, now)
            withheld = self.core.ask(topics.WITHHELD, outlet)
            event = Event.EVSE_SUSPENDED if withheld else Event.ENERGY_OFFERED
            if hardware.can(event):
                hardware.apply(event, now)
                self.happened(outlet, "ChargingStateChanged", now)
                return
        self.watch_hardware(outlet, now)

    def _start(self, outlet: Outlet, trigger: str, now: float) -> None:
        outlet.hardware.advance(now)
        transaction = Transaction(self.core.uuid(), self.core.uuid(), now, outlet.hardware.meter_wh)
        outlet.transaction = transaction
        transaction.id_token = outlet.token
        # A remote start that nobody followed is not this one's: then nobody is authorized.
        if outlet.token is not None:
            transaction.remote_start_id = outlet.remote_start_id
        self.core.tell(topics.STARTING, outlet)
        meter = self._metered(outlet, STARTED_MEASURANDS, BEGIN, now)
        transaction.ended_values = self._metered(outlet, ENDED_MEASURANDS, BEGIN, now)
        self.core.tell(topics.BEGUN, outlet, now)
        self._event(outlet, "Started", trigger, now, meter, outlet.token)
        self.core.tell(topics.SPAN_CHANGED, outlet, now)
        self.core.changed(URGENT)

    def _metered(self, outlet: Outlet, measurands: str, context: str, now: float) -> list[dict]:
        return self.core.ask(topics.METER_VALUES, outlet, measurands, context, now) or []

    def updated(
        self, outlet: Outlet, trigger: str, now: float,
        meter: list[dict] | None = None, token: dict | None = None, sample: Sample | None = None,
    ) -> None:  # fmt: skip
        """An Updated event. sample: what the hardware measures now, where the caller has it."""
        transaction = outlet.transaction
        transaction.id_token = transaction.id_token or token
        self._event(outlet, "Updated", trigger, now, meter or [], token, sample)
        self.core.changed(SOON)

    def end(self, outlet: Outlet, trigger: str, now: float, token: dict | None) -> None:
        """End a transaction: its Ended event, and all that ends with it."""
        transaction = outlet.transaction
        transaction.ended = now
        meter = transaction.ended_values + self._metered(outlet, ENDED_MEASURANDS, END, now)
        self._event(outlet, "Ended", trigger, now, meter, token)
        outlet.transaction = None
        self._forget_needs(outlet)
        # A stop point may leave the authorization or the power path standing; they end with it.
        outlet.token = None
        self.core.timers.clear(("ev_timeout", outlet.number))
        outlet.connect_by = None
        for event in (Event.TRANSACTION_ENDED, Event.AUTHORIZATION_LOST):
            if outlet.hardware.can(event):
                outlet.hardware.apply(event, now)
                break
        outlet.seen = outlet.points()
        self.core.tell(topics.SPAN_CHANGED, outlet, now)
        self.core.changed(URGENT)
        self.core.statuses.report(outlet.hardware, now)
        self.core.tell(topics.CHARGE_OVER, outlet, transaction.id, now)
        self.core.tell(topics.ENDING, outlet, transaction, now)
        self.core.tell(topics.ENDED, outlet, transaction, now)
        self.core.tell(topics.PLACES_CHANGED, now)
        self.core.tell(topics.OUTLET_IDLE, outlet, now)

    def _event(
        self, outlet: Outlet, kind: str, trigger: str, now: float,
        meter: list[dict], token: dict | None, sample: Sample | None = None,
    ) -> None:  # fmt: skip
        """Make a TransactionEventRequest, give it the next number and queue it."""
        transaction = outlet.transaction
        transaction.charging_state = self.core.HABITS.charging_states[outlet.hardware.state]
        info: dict = {"transactionId": transaction.id, "chargingState": transaction.charging_state}
        if transaction.remote_start_id is not None:
            info["remoteStartId"] = transaction.remote_start_id
        info.update(self.core.gather(topics.INFO_PARTS, outlet))
        if kind == "Ended":
            info["stoppedReason"] = transaction.reason or "Other"
        payload: dict = {
            "eventType": kind,
            "timestamp": self.core.clock.stamp(now),
            "triggerReason": trigger,
            "seqNo": transaction.seq,
            "transactionInfo": info,
            "evse": {"id": outlet.evse, "connectorId": outlet.connector_id},
        }
        if not self.core.connected:
            payload["offline"] = True  # E04.FR.03
        hardware = outlet.hardware
        if hardware.state is State.CHARGING and not hardware.dc:
            payload["numberOfPhasesUsed"] = hardware.phases_used
        if trigger == "CablePluggedIn":
            config = hardware.config
            volts = 230 * config.phases if config.phases else 400
            payload["cableMaxCurrent"] = config.max_power_w // volts
        reservation = self.core.ask(topics.USES_RESERVATION, outlet, now)
        if reservation is not None:
            payload["reservationId"] = reservation
        if token is not None:
            payload["idToken"] = token
        if meter:
            payload["meterValue"] = meter
        payload.update(self.core.gather(topics.EVENT_PARTS, outlet, kind, trigger, now))
        transaction.seq += 1
        self.core.calls.queue_message(
            "TransactionEvent", payload, transaction.session, connector=outlet.number
        )
        self.core.put(Session(session_told(self.core, outlet, now, sample)))

    # --- the CSMS's answer -------------------------------------------------------------------

    @got("TransactionEvent")
    def got_transaction_event(self, payload: dict, message: dict, now: float) -> None:
        """The answer to a TransactionEvent."""
        self._heed_verdict(payload, message, now)
        self.core.tell(topics.EVENT_ANSWERED, payload, message, now)

    def _heed_verdict(self, payload: dict, message: dict, now: float) -> None:
        info, token = payload.get("idTokenInfo"), message["payload"].get("idToken")
        if info is None or token is None:
            return
        self.core.tell(topics.TOKEN_INFO, token, info, now)
        outlet = self.core.outlets.get(message["connector"])
        if outlet is not None and outlet.token == token and "groupIdToken" in info:
            outlet.group = token_key(info["groupIdToken"])
        transaction = outlet.transaction if outlet is not None else None
        asked = message["payload"]["transactionInfo"]["transactionId"]
        if info["status"] == "Accepted" or transaction is None or transaction.id != asked:
            return
        if outlet.token != token:
            return
        # E05, C15: started offline or by a cached token, and the CSMS says no.
        if self.core.model.flag("TxCtrlr.StopTxOnInvalidId"):
            self.deauthorized(outlet, "Deauthorized", "DeAuthorized", now)
        else:
            self._barred_after(outlet, now)

    def _barred_after(self, outlet: Outlet, now: float) -> None:
        """E05.FR.03: an invalid token still gets MaxEnergyOnInvalidId, if that is above 0."""
        allowed = self.core.model.integer("TxCtrlr.MaxEnergyOnInvalidId")
        transaction = outlet.transaction
        if transaction.barred or transaction.cap_wh is not None:
            return
        if allowed:
            outlet.hardware.advance(now)
            transaction.cap_wh = outlet.hardware.meter_wh + allowed
            self.core.tell(topics.ENERGY_CAPPED, outlet, now)
            self.happened(outlet, "Deauthorized", now)
        else:
            self.bar(outlet, "Deauthorized", now)

    def bar(self, outlet: Outlet, trigger: str, now: float) -> None:
        """No more energy; the transaction stays open."""
        outlet.transaction.barred = True
        if outlet.hardware.can(Event.EVSE_SUSPENDED):
            outlet.hardware.apply(Event.EVSE_SUSPENDED, now)
        self.happened(outlet, trigger, now)

    def _state_is_news(self, outlet: Outlet) -> bool:
        told = self.core.HABITS.charging_states[outlet.hardware.state]
        return outlet.transaction.charging_state != told

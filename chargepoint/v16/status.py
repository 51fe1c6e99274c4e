"""StatusNotification and availability (1.6 sections 4.9 and 5.2)."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import EMPTY, Block, action, answers, command, failed, hears, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.errors import NOTHING_WRONG, Error
from chargepoint.hardware.states import INOPERATIVE_STATES, STATUS_16, Event
from chargepoint.v16.configuration import Keys
from chargepoint.v16.topics import (
    AUTHORIZATION_LOST,
    GIVEN_UP,
    HELD,
    OUT_OF_SERVICE,
    SESSION_OVER,
    STATION_ERROR,
)
from chargepoint.v16.transactions import Sessions

# Section 7.6, ChargePointErrorCode.
ERROR_CODES = frozenset({
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature",
    "InternalError", "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage",
    "PowerMeterFailure", "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage",
    "WeakSignal",
})  # fmt: skip


class Status(Block):
    """operative   whether the station as a whole is
    scheduled   connectors that become Unavailable when their transaction ends
    """

    __slots__ = ("keys", "operative", "scheduled", "sessions")

    KEYS = ("operative", "scheduled")

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read the availability of a snapshot."""
        self.operative: bool = saved.get("operative", True)
        self.scheduled: frozenset[int] = frozenset(saved.get("scheduled", ())) or EMPTY

    def saved(self) -> dict[str, Any]:
        """Availability, and the statuses that the CSMS has answered."""
        saved: dict[str, Any] = {}
        if unheard := self.core.calls.waiting_contexts("StatusNotification"):
            # What was not answered yet is told again by the worker that takes over.
            told = self.core.statuses.reported.items()
            saved["reported"] = {str(n): status for n, status in told if n not in unheard}
        if self.scheduled:
            saved["scheduled"] = sorted(self.scheduled)
        if not self.operative:
            saved["operative"] = False
        return saved

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        """Send every status after a boot, else those that have changed (4.9)."""
        if rebooted:
            self.core.statuses.forget_reported()
            self.send_station_status(now)
        self.core.statuses.report_all(now)

    @hears(topics.MOVED)
    def moved(self, now: float) -> None:
        self.send_station_status(now)

    @answers(topics.STATUS_OF)
    def status_of(self, connector: Connector) -> str:
        return self.core.HABITS.statuses[connector.state]

    @answers(topics.REPORT_WAITS)
    def waits(self, connector: Connector, now: float) -> bool:
        """9.1.20 MinimumStatusDuration: a status is sent once it has lasted that long."""
        seconds = self.keys.integer("MinimumStatusDuration")
        told = self.core.statuses.reported.get(connector.id)
        status = self.core.HABITS.statuses[connector.state]
        waiting = ("status", connector.id, status)
        if self.core.timers.has(waiting):
            return True
        for other in {*STATUS_16.values()} if seconds else ():
            self.core.timers.clear(("status", connector.id, other))
        # What the CSMS has never been told, after a boot or of a fault, is not kept from it.
        if seconds and told is not None and told != status:
            self.core.changed("soon")
            self.core.timers.set(waiting, now + seconds)
            return True
        return False

    @timer("status")
    def has_lasted(self, now: float, number: int, status: str) -> None:
        """Send a status that held for MinimumStatusDuration (4.9)."""
        connector = self.core.connectors.get(number)
        if connector is not None and self.core.HABITS.statuses[connector.state] == status:
            self.core.statuses.report_now(connector, now)

    @hears(topics.SEND_STATUS)
    def send_status(self, connector: Connector, now: float) -> None:
        self.core.calls.make(
            "StatusNotification", self.status_payload(connector, now), now, connector.id
        )

    @failed("StatusNotification")
    def not_heard(self, code: str, number: int | None, now: float) -> None:
        if code == "Disconnected":  # the CSMS has not heard of it: to be said on the next link
            self.core.statuses.forget_reported(number)

    def status_payload(self, connector: Connector, now: float) -> dict[str, Any]:
        """The payload of StatusNotification (4.9); texts are cut at the schema's lengths."""
        payload = {
            "connectorId": connector.id,
            "errorCode": connector.error_code,
            "status": self.core.HABITS.statuses[connector.state],
            "timestamp": self.core.clock.stamp(now),
        }
        if connector.error is not NOTHING_WRONG:
            payload |= self._details(connector.error)
        return payload

    def _details(self, error: Error) -> dict[str, str]:
        """6.47: what goes along with an error code. vendorId is whose the vendor's code is."""
        told = {}
        if error.info:
            told["info"] = error.info[:50]
        if error.vendor_code:
            told["vendorErrorCode"] = error.vendor_code[:50]
        if error.vendor_code or error.vendor_id:
            told["vendorId"] = (error.vendor_id or self.core.config.vendor)[:255]
        return told

    def send_station_status(
        self, now: float, more: dict | None = None, context: Any = None
    ) -> None:
        """Connector 0 is the station itself: Available, Unavailable or Faulted (4.9). Who does not
        tell of it by itself tells it where it is asked."""
        if context is None and not self.core.HABITS.tells_itself:
            return
        payload = {
            "connectorId": 0,
            "errorCode": "NoError",
            "status": "Available" if self.operative else "Unavailable",
            "timestamp": self.core.clock.stamp(now),
        }
        if (error := self.core.ask(STATION_ERROR)) is not None:
            payload |= {"errorCode": error.code, "status": "Faulted", **self._details(error)}
        self.core.calls.make("StatusNotification", payload | (more or {}), now, context)

    @hears(topics.CHECK_ERROR_CODE)
    def check_error_code(self, code: str) -> None:
        if code not in ERROR_CODES:
            known = ", ".join(sorted(ERROR_CODES))
            raise CommandRejected("invalid_arguments", f"The error code is NoError or: {known}.")

    @command("availability")
    def do_availability(self, now: float, connector: int = 0, operative: bool = True) -> dict:
        """An operator takes a connector (0: the station) out of service, or puts it back."""
        if connector:
            self.core.connector(connector)
        return {"status": self.set_availability(connector, bool(operative), now)}

    # --- ChangeAvailability (5.2) ------------------------------------------------------------

    @action("ChangeAvailability")
    def on_change_availability(self, payload: dict, now: float) -> dict:
        """ChangeAvailability (5.2)."""
        number, operative = payload["connectorId"], payload["type"] == "Operative"
        if number and number not in self.core.connectors:
            return {"status": "Rejected"}
        # The answer comes before the StatusNotification that tells of the effect.
        status = self._availability_status(number, operative)
        self.core.answers.later(self._set_availability_later, number, operative)
        return {"status": status}

    def _set_availability_later(self, number: int, operative: bool, now: float) -> None:
        self.set_availability(number, operative, now)

    def _targets(self, number: int) -> list[Connector]:
        return [self.core.connectors[number]] if number else list(self.core.connectors.values())

    def _availability_status(self, number: int, operative: bool) -> str:
        busy = not operative and any(c.in_transaction for c in self._targets(number))
        return "Scheduled" if busy else "Accepted"

    def set_availability(self, number: int, operative: bool, now: float) -> str:
        """Switch a connector, or the station (0); returns Accepted, or Scheduled while a
        transaction runs."""
        status = self._availability_status(number, operative)
        if number == 0:
            self.operative = operative
            if not operative:
                self.core.tell(OUT_OF_SERVICE, 0, now)
            if self.core.connected and self.core.registration == "Accepted":
                self.send_station_status(now)
        for outlet in self._targets(number):
            self.scheduled -= {outlet.id}
            if not self.core.ask(HELD, outlet, operative):
                self.apply_availability(outlet, operative, now)
        self.core.changed("urgent")
        return status

    def apply_availability(self, outlet: Connector, operative: bool, now: float) -> None:
        """Switch a connector now, or once its transaction has ended."""
        event = Event.MADE_OPERATIVE if operative else Event.MADE_INOPERATIVE
        if outlet.can(event):
            waited = self.sessions.withdraw(outlet)
            outlet.apply(event, now)
            if waited:  # what came with the authorization ends with it
                self.core.tell(GIVEN_UP, outlet, False)
                self.core.tell(AUTHORIZATION_LOST, outlet, now)
            if not operative:
                self.core.tell(OUT_OF_SERVICE, outlet.id, now)
        elif not operative and outlet.state not in INOPERATIVE_STATES:
            self.scheduled |= {outlet.id}  # in a transaction: when it has ended
        self.core.statuses.report(outlet, now)

    @hears(SESSION_OVER)
    def carry_out(self, outlet: Connector, now: float) -> None:
        """A transaction has ended: carry out what was scheduled."""
        if outlet.id in self.scheduled:
            self.scheduled -= {outlet.id}
            self.apply_availability(outlet, False, now)

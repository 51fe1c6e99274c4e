"""The charge point, whatever its OCPP version: events in, effects out.

Every public method takes the time (`now`, unix seconds) and returns the effects to perform, in
their order. None of them waits: the answer to a Call is a later event. A version's folder
subclasses `Station` with a table of its actions and its functional blocks.
"""

from random import Random
from typing import Any

from chargepoint.answers import Answers
from chargepoint.breaches import Breaches
from chargepoint.commands import CommandRejected, Commands
from chargepoint.config import StationConfig
from chargepoint.effects import SOON, TOUCH, URGENT, Close, Effect, PingInterval
from chargepoint.faults.clock import Clock
from chargepoint.faults.commands import COMMANDS as FAULT_COMMANDS
from chargepoint.faults.commands import FaultCommands
from chargepoint.faults.frames import TappedFrames
from chargepoint.faults.power import Power
from chargepoint.hardware.connector import Connector
from chargepoint.interception.commands import COMMANDS as INTERCEPTION_COMMANDS
from chargepoint.interception.commands import InterceptionCommands
from chargepoint.linking import Linking
from chargepoint.looking import COMMANDS as LOOKING_COMMANDS
from chargepoint.looking import Looking
from chargepoint.mains import COMMANDS as GRID_COMMANDS
from chargepoint.mains import GridConnection
from chargepoint.pace import Pace
from chargepoint.recalling import Recall
from chargepoint.timekeeping import Timekeeping
from chargepoint.timers import near_tick

__all__ = ["CommandRejected", "Station"]

# Without a usable interval in the answer, wait this long before the next BootNotification
# (1.6 section 4.2: "in a way that avoids flooding").
BOOT_RETRY = 60.0
ACCEPTED, PENDING, REJECTED = "Accepted", "Pending", "Rejected"
EMPTY: frozenset[int] = frozenset()  # shared: one of a station's own takes 216 bytes


class Station(
    Power, FaultCommands, InterceptionCommands, GridConnection, Looking, TappedFrames, Linking,
    Timekeeping, Commands, Recall, Breaches, Pace, Answers,
):  # fmt: skip
    """Base of all versions; see calls and answers for the exchange of frames.

    A version supplies: `VERSION`, `CODES`, `HANDLERS`, `COMMANDS`; boot_payload, boot_answered,
    registered, status_of, send_status, and the hooks below that do nothing here.
    """

    __slots__ = (
        "_boot_reason", "_reported", "_skew", "accepted_by", "booted", "breaches", "clock",
        "connectors", "dark", "interval", "mains", "rng", "trouble",
    )  # fmt: skip

    COMMANDS = (
        Commands.COMMANDS | FAULT_COMMANDS | INTERCEPTION_COMMANDS | GRID_COMMANDS
        | LOOKING_COMMANDS
    )  # fmt: skip

    def __init__(self, config: StationConfig, saved: dict | None, now: float, rng: Random) -> None:
        super().__init__(config, now, rng)
        self.rng = rng
        self.booted = False  # a BootNotification was accepted since power-on
        self.accepted_by = ""  # the address of the CSMS that did so last; "" where not known
        self.interval = 0.0  # heartbeat, seconds; 0 until the CSMS or the configuration says
        self._skew = 0.0  # the station's clock minus ours; it follows the CSMS's
        self.clock: Clock | None = None  # what is wrong with it
        self.dark = False  # without power
        self._boot_reason = "PowerUp"
        self._reported: dict[int, str] = {}  # connector -> status that the CSMS knows
        variance = config.meter_variance
        kept = {entry["id"]: entry for entry in (saved or {}).get("connectors", ())}
        self.connectors: dict[int, Connector] = {}
        for outlet in config.connectors:
            entry = kept.get(outlet.id)
            was_off = entry and "ev" in entry and not saved.get("booted")
            if was_off or (entry and entry.get("at", now) > now):
                # It was off, or a clock was set back since: no energy has flowed since.
                entry = {**entry, "at": now}
            self.connectors[outlet.id] = (
                Connector.from_saved(outlet, entry, variance)
                if entry
                else Connector(outlet, now, variance)
            )
        self.restore_mains(saved or {})
        self.restore_breaches(saved or {})
        if saved:
            self.booted = saved.get("booted", False)
            self.accepted_by = saved.get("csms", "")
            self.interval = saved.get("interval", 0.0)
            self.registration = ACCEPTED if self.booted else ""
            self._skew = saved.get("skew", 0.0)
            self._boot_reason = saved.get("boot_reason", "PowerUp")
            self._reported = {int(k): v for k, v in saved.get("reported", {}).items()}
            self.restore_queue(saved)
        self.begin(saved or {}, now)
        if self.booted:
            self.resume(now)
        if saved:
            self.restore_faults(saved, now)

    # --- what a version supplies -------------------------------------------------------------

    def begin(self, saved: dict, now: float) -> None:
        """Set up (or restore) the version's own state."""

    def resume(self, now: float) -> None:
        """Set the timers of a station that runs on after its worker died."""
        self._schedule_heartbeat(now)

    def boot_payload(self) -> dict[str, Any]:
        raise NotImplementedError

    def registered(self, now: float, rebooted: bool) -> None:
        """The CSMS has accepted us (rebooted), or the link is back without a reboot."""

    def moved(self, now: float) -> None:
        """Another CSMS than before has accepted us, also after a reboot. It knows nothing of us."""
        self._reported.clear()
        self._queue_retry = 0.0  # another had refused them
        for message in self.queued:
            message["attempts"] = 0

    def status_of(self, connector: Connector) -> str:
        raise NotImplementedError

    def send_status(self, connector: Connector, now: float) -> None:
        raise NotImplementedError

    def ev_plugged_in(self, connector: Connector, now: float) -> None:
        """After the state changed."""

    def ev_unplugged(self, connector: Connector, now: float) -> None:
        """After the state changed."""

    def fault_changed(self, connector: Connector, now: float) -> None:
        """After a fault came or went."""

    def ping_interval(self) -> float:
        return 0.0

    def default_interval(self) -> float:
        """Heartbeat seconds where the CSMS gives none."""
        return 300.0

    def extra_saved(self) -> dict[str, Any]:
        return {}

    def open_transaction(self, connector: Connector) -> tuple[str | None, str | None]:
        """(transaction id, idTag) of the connector for the snapshot."""
        return None, None

    def shown_displays(self) -> dict[str, Any]:
        """Hook, for the snapshot: {"display": what the drivers read}, {} without a display."""
        return {}

    def firmware_version(self) -> str:
        """Hook: what an update has brought, else what is configured."""
        return self.config.firmware

    def roots_of(self, use: str) -> list[str]:
        """Hook: PEM texts of the CA certificates installed for a use, by OCPP's name for it."""
        return []

    def security_event(self, kind: str, info: str, now: float) -> None:
        """Hook: something of the list of security events has happened (2.0.1 part 2, appendix 1;
        the same list in the security whitepaper for 1.6)."""

    # --- events ------------------------------------------------------------------------------

    def connected_to(self, now: float) -> list[Effect]:
        """The socket is open and the subprotocol agreed."""
        if self.clock is not None:
            self._skew = self.clock.skew_at(now)
        self.connected = True
        self._out.append(PingInterval(self.ping_interval()))
        if self.booted and self.same_csms():
            self.registration = ACCEPTED
            self._schedule_heartbeat(now)
            self.registered(now, rebooted=False)
        elif self.registration == ACCEPTED:  # by another CSMS
            self.registration = ""
        # Else: Pending or Rejected holds until it is answered otherwise. A boot timer that still
        # runs is the CSMS's interval: 1.6 4.2 has us wait it out.
        self.changed(SOON)
        return self._finish(now)

    def disconnected(self, now: float, code: int = 1006, reason: str = "") -> list[Effect]:
        """The socket is gone. The station stays on: transactions go on offline."""
        if not self.connected:
            return self._finish(now)
        self.lost_link(now)
        return self._finish(now)

    def lost_link(self, now: float) -> None:
        """Nothing more is sent or heard on it."""
        self.connected = False
        self.tap_lost_link(now)
        self.clear_timer("heartbeat")
        self.drop_calls(now)
        self.went_offline(now)
        self.changed(SOON)

    def went_offline(self, now: float) -> None:
        """Hook: after the calls in flight were given up."""

    def received(self, data: str | bytes, now: float) -> list[Effect]:
        """One WebSocket message. Yields exactly one Received, first, unless there is a tap."""
        self.last_message = now
        if self.clock is not None:
            self._skew = self.clock.skew_at(now)
        if not self.connected:  # it crossed the closing of the link
            self._note("Invalid", str(data)[:4096], now, "ignored: the link is closing")
        elif isinstance(data, bytes):
            text = data[:4096].decode("utf-8", "backslashreplace")
            self._note("Invalid", text, now, "binary frame ignored: OCPP-J is text")
        elif self.tap is not None:
            self.take_tapped(data, now)
        else:
            self.take(data, now)
        self.changed(TOUCH)
        return self._finish(now)

    def wake(self, now: float) -> list[Effect]:
        """The deadline has come: do what is due."""
        if self.clock is not None:
            self._skew = self.clock.skew_at(now)
        for key in self.due_timers(now):
            if type(key) is str:
                getattr(self, "at_" + key)(now)
            else:
                name, argument = key[0], key[1:]
                getattr(self, "at_" + name)(now, *argument)
        return self._finish(now)

    def reconfigure(self, config: StationConfig, now: float) -> list[Effect]:
        """Take a new configuration while running. The version and identity must be the same."""
        address, old, self.config = self.csms_address(), self.config, config
        for outlet in config.connectors:
            known = self.connectors.get(outlet.id)
            if known is None:
                self.connectors[outlet.id] = Connector(outlet, now, config.meter_variance)
            else:
                known.advance(now)
                known.config = outlet
                known.variance = config.meter_variance
        self.feed(self.mains, now)
        numbers = {outlet.id for outlet in config.connectors}
        for number in [n for n in self.connectors if n not in numbers]:
            # A removed outlet with a car on it stays until the car has gone.
            if not self.connectors[number].in_transaction:
                del self.connectors[number]
        self.reconfigured(old, now)
        if self.csms_address() != address:
            self.leave_csms(now)
        if self.dark:
            self.stay_dark(self._timers.get("power"))
        self.report_all(now)
        self.changed(URGENT)
        return self._finish(now)

    def reconfigured(self, old: StationConfig, now: float) -> None:
        """Hook: `old` is the configuration that was replaced."""

    def power_off(self, now: float) -> list[Effect]:
        """Orderly stop. Open transactions stay open in the saved state and go on at power-on."""
        for connector in self.connectors.values():
            connector.advance(now)
        self._boot_reason = "PowerUp"
        self._go_dark(Close(1000, "power off", None))
        self.changed(URGENT)
        effects, self._out = self._out, []
        return self._kept_first(effects if self.tap is None else self.tapped(effects, now))

    def reboot(self, now: float, reason: str, seconds: float | None = None) -> None:
        """Restart: close the link and boot again, `seconds` later. Called within an event."""
        seconds = self.restart_seconds() if seconds is None else seconds
        self._boot_reason = reason
        self._reported.clear()
        for waiting in ("reset", "rebooting", "relink"):  # this is what they wait for
            self.clear_timer(waiting)
        self._go_dark(Close(1001, "rebooting", seconds))
        self.went_offline(now)
        self.changed(URGENT)

    def _go_dark(self, close: Close) -> None:
        """Nothing more is sent on this link, and the next one begins with a boot."""
        if self.connected:
            self._out.append(close)
        self.connected = self.booted = False
        self.registration = ""
        self.forget_calls()
        self.clear_timer("heartbeat")
        self.clear_timer("boot")

    # --- boot and heartbeat (1.6 sections 4.2 and 4.6; 2.0.1 B01-B03, G02) -------------------

    def boot_due(self, now: float) -> bool:
        return self.registration != ACCEPTED and not self.has_timer("boot")

    def got_boot_notification(self, payload: dict, context: Any, now: float) -> None:
        status = payload["status"]
        self.registration = status
        self.set_clock(payload["currentTime"], now)
        interval = float(payload["interval"])
        if status == ACCEPTED:
            moved, ran_on = not self.same_csms(), self.booted
            self.booted, self.trouble, self.accepted_by = True, "", self.csms_address()
            self.interval = interval if interval > 0 else self.default_interval()
            self.boot_accepted(interval, now)
            self._schedule_heartbeat(now)
            if moved:
                self.moved(now)
            self.registered(now, rebooted=not (moved and ran_on))
        else:
            pause = interval if interval > 0 else BOOT_RETRY
            self.set_timer("boot", now + pause)
            self.boot_refused(status, pause)
        self.changed(SOON)

    def boot_accepted(self, interval: float, now: float) -> None:
        """Hook: keep the interval in the version's configuration."""

    def failed_boot_notification(self, code: str, context: Any, now: float) -> None:
        if self.connected:
            self.set_timer("boot", now + (self.interval or BOOT_RETRY))

    def at_boot(self, now: float) -> None:
        """Nothing to do: without the timer, the next pump sends a BootNotification."""

    def at_heartbeat(self, now: float) -> None:
        if self.connected and self.registration == ACCEPTED:
            self.call("Heartbeat", {}, now)
            self._schedule_heartbeat(now)

    def got_heartbeat(self, payload: dict, context: Any, now: float) -> None:
        self.set_clock(payload["currentTime"], now)

    def _schedule_heartbeat(self, now: float) -> None:
        if self.interval > 0:
            self.set_timer("heartbeat", near_tick(now + self.interval, self.config.ticks))
        else:
            self.clear_timer("heartbeat")

    def set_heartbeat(self, seconds: float, now: float) -> None:
        """A new interval by configuration; takes effect at once."""
        self.interval = seconds
        if self.connected and self.registration == ACCEPTED:
            self._schedule_heartbeat(now)

    # --- status ------------------------------------------------------------------------------

    def report(self, connector: Connector, now: float) -> None:
        """Tell the CSMS the connector's status if it knows another one."""
        self.changed(SOON)
        if self._reported.get(connector.id) == self.status_of(connector):
            return
        if self.connected and self.registration == ACCEPTED:
            self._reported[connector.id] = self.status_of(connector)
            self.send_status(connector, now)

    def report_all(self, now: float) -> None:
        for connector in self.connectors.values():
            self.report(connector, now)

    # --- the snapshot ------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain values, in one synchronous step."""
        outlets = [self._outlet(connector) for connector in self.connectors.values()]
        return {
            "version": self.version,
            "identity": self.identity,
            "ocpp": self.config.version,
            "connected": self.connected,
            "registration": self.registration,
            "last_message": self.last_message,
            "firmware": self.firmware_version(),
            "connectors": outlets,
            "power_w": sum(outlet["power_w"] for outlet in outlets),
            **self.shown_breaches(),
            **self.shown_faults(),
            **self.shown_displays(),
            **self.shown_mains(),
            "saved": {
                "booted": self.booted,
                "interval": self.interval,
                "skew": self._skew,
                "reported": {str(k): v for k, v in self._reported.items()},
                "connectors": [
                    {"id": c.id, **c.to_saved()} for c in self.connectors.values()
                ],
                **({} if self.booted else {"boot_reason": self._boot_reason}),
                **({"csms": self.accepted_by} if self.accepted_by else {}),
                **self.saved_queue(),
                **self.saved_breaches(),
                **self.saved_faults(),
                **self.saved_mains(),
                **self.extra_saved(),
            },
        }  # fmt: skip

    def _outlet(self, connector: Connector) -> dict[str, Any]:
        transaction, id_tag = self.open_transaction(connector)
        return {
            "id": connector.id,
            "evse": connector.evse,
            "status": self.status_of(connector),
            "power_w": round(connector.power_w),
            "energy_wh": round(connector.meter_wh),
            "soc": None if connector.ev is None else round(connector.ev.soc, 1),
            "error": connector.error_code,
            "transaction": transaction,
            "id_tag": id_tag,
            **self.connector_shown(connector),
        }

    def connector_shown(self, connector: Connector) -> dict[str, Any]:
        """Hook: what else an operator is to see of a connector. {} costs nothing."""
        return {}

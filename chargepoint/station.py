"""The charge point, whatever its OCPP version: events in, effects out.

Every public method takes the time (`now`, unix seconds) and returns the effects to perform, in
their order. None of them waits: the answer to a Call is a later event. A version's folder
subclasses `Station` with a table of its actions and its functional blocks.
"""

from random import Random
from typing import Any

from chargepoint.commands import CommandRejected
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.effects import (
    SOON,
    TOUCH,
    URGENT,
    Close,
    Cut,
    Dial,
    Effect,
    Frame,
    Noted,
    PingInterval,
    Transferred,
)
from chargepoint.faults.clock import Clock
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.mains import NOMINAL, Mains
from chargepoint.registration import ACCEPTED, Registration
from chargepoint.said import Said

__all__ = ["CommandRejected", "Station"]

NOBODY = (None, None)
EMPTY: frozenset[int] = frozenset()  # shared: one of a station's own takes 216 bytes


class Station(Registration):
    """Base of all versions; see calls and answers for the exchange of frames.

    A version supplies VERSION, CODES and its ROWS; they hear and answer the topics of topics.py.
    """

    __slots__ = (
        "boot_reason", "clock", "connectors", "dark", "mains", "rng", "skew",
    )  # fmt: skip

    def __init__(self, config: StationConfig, saved: dict | None, now: float, rng: Random) -> None:
        super().__init__(config, now, rng)
        self.rng = rng
        self.move_in()
        self.booted = False  # a BootNotification was accepted since power-on
        self.accepted_by = ""  # the address of the CSMS that did so last; "" where not known
        self.interval = 0.0  # heartbeat, seconds; 0 until the CSMS or the configuration says
        self.skew = 0.0  # the station's clock minus ours; it follows the CSMS's
        self.clock: Clock | None = None  # what is wrong with it
        self.dark = False  # without power
        self.boot_reason = "PowerUp"
        self.reported: dict[int, str] = {}  # connector -> status that the CSMS knows
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
        grid = (saved or {}).get("mains")
        self.use_mains(Mains(*grid) if grid else NOMINAL)
        if saved:
            self.booted = saved.get("booted", False)
            self.accepted_by = saved.get("csms", "")
            self.interval = saved.get("interval", 0.0)
            self.registration = ACCEPTED if self.booted else ""
            self.skew = saved.get("skew", 0.0)
            self.boot_reason = saved.get("boot_reason", "PowerUp")
            self.reported = {int(k): v for k, v in saved.get("reported", {}).items()}
            self.restore_queue(saved)
        self.begin(saved or {}, now)
        self.restore_blocks(saved or {}, now)
        if self.booted:
            self._schedule_heartbeat(now)
            self.tell(topics.RESUMED, now)
        if saved:
            self.tell(topics.RESTORED, saved, now)

    def use_mains(self, mains: Mains) -> None:
        """Every outlet is fed by `mains` from now on."""
        self.mains = mains
        for connector in self.connectors.values():
            connector.mains = mains

    def feed(self, mains: Mains, now: float) -> None:
        """The same, while the station runs."""
        for connector in self.connectors.values():
            connector.advance(now)
        self.use_mains(mains)

    def use_clock(self, clock: Clock | None, skew: float, now: float) -> None:
        """What is wrong with the station's clock, if anything is; what it shows beyond ours."""
        self.clock, self.skew = clock, skew
        self.tell(topics.CLOCK_MOVED, now)

    def remark(self, text: str, now: float) -> None:
        """Put on record that something was done to the station which no frame shows."""
        self.put(Noted(Frame("", "Note", "", "", "", now, mark=text)))

    def begin(self, saved: dict[str, Any], now: float) -> None:
        """For a version whose core has a state of its own: before the blocks are restored."""

    def extra_saved(self) -> dict[str, Any]:
        """What `begin` needs."""
        return {}

    def boot_as(self, reason: str) -> None:
        """The next BootNotification has this reason."""
        self.boot_reason = reason

    def forget_reported(self, number: int | None = None) -> None:
        """The CSMS is told a connector's status again, without a number that of all."""
        if number is None:
            self.reported.clear()
        else:
            self.reported.pop(number, None)

    def told(self, number: int) -> str | None:
        """The status of a connector that the CSMS knows; None where it was told none."""
        return self.reported.get(number)

    def forget_boot(self) -> None:
        """The next link begins with a BootNotification, whatever was accepted before."""
        self.booted = False

    def look_later(self, wanted: bool = True) -> None:
        """Whether VALUES_UNSEEN is told at the end of this event."""
        self.unseen = wanted

    def boot_anew(self) -> None:
        """Nothing that the CSMS has said of us holds any longer; a BootNotification comes next."""
        self.registration = ""
        self.clear_timer("boot")

    @property
    def online(self) -> bool:
        return self.connected and self.registration == ACCEPTED

    # --- events ------------------------------------------------------------------------------

    def connected_to(self, now: float) -> list[Effect]:
        """The socket is open and the subprotocol agreed."""
        if self.clock is not None:
            self.skew = self.clock.skew_at(now)
        self.tell(topics.CONNECTING, now)
        self.connected = True
        self._out.append(PingInterval(self.ask(topics.PING_INTERVAL) or 0.0))
        if self.booted and self.same_csms():
            self.registration = ACCEPTED
            self._schedule_heartbeat(now)
            self._registered(now, False)
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
        if self.tap is not None:
            self.block("tap").link_lost(now)
        self.clear_timer("heartbeat")
        self.drop_calls(now)
        self.tell(topics.WENT_OFFLINE, now)
        self.changed(SOON)

    def received(self, data: str | bytes, now: float) -> list[Effect]:
        """One WebSocket message. Yields exactly one Received, first, unless there is a tap."""
        self.last_message = now
        if self.clock is not None:
            self.skew = self.clock.skew_at(now)
        if not self.connected:  # it crossed the closing of the link
            self.note("Invalid", str(data)[:4096], now, "ignored: the link is closing")
        elif isinstance(data, bytes):
            text = data[:4096].decode("utf-8", "backslashreplace")
            self.note("Invalid", text, now, "binary frame ignored: OCPP-J is text")
        elif self.tap is not None:
            self.block("tap").take_tapped(data, now)
        else:
            self.take(data, now)
        self.changed(TOUCH)
        return self._finish(now)

    def wake(self, now: float) -> list[Effect]:
        """The deadline has come: do what is due."""
        if self.clock is not None:
            self.skew = self.clock.skew_at(now)
        for key in self.due_timers(now):
            if type(key) is str:
                row, due = self.TABLES.timers[key]
                due(self.at(row), now)
            else:
                row, due = self.TABLES.timers[key[0]]
                due(self.at(row), now, *key[1:])
        return self._finish(now)

    def recall(self, said: Said | None, logged: int | None, now: float) -> list[Effect]:
        """To be called once, before the first event, on a station that resumes.

        `said`: what the record of frames tells, None where there is none. `logged`: the number of
        the station's newest record when the state was saved, None where that is not known.
        """
        self.tell(topics.RECALLING, said, logged, now)
        return self._finish(now)

    def command(
        self, name: str, args: dict, now: float, cause: str = ""
    ) -> tuple[dict, list[Effect]]:
        """An operator's command (docs/reference/api.md). Raises CommandRejected, state unchanged.

        cause: who gives it, for the frames that are his.
        """
        if self.clock is not None:
            self.skew = self.clock.skew_at(now)
        result = self.block("operator").carry_out(name, args, now, cause)
        return result, self._finish(now)

    def connector(self, number: Any) -> Connector:
        """The connector of a command; CommandRejected if there is none."""
        known = self.connectors.get(number) if type(number) is int else None
        if known is None:
            have = ", ".join(map(str, self.connectors))
            message = f"This station has no connector {number!r}; it has: {have}."
            raise CommandRejected("no_such_connector", message)
        return known

    def transfer_ended(self, outcome: Transferred, now: float) -> list[Effect]:
        """A file has been fetched or sent, or that came to nothing."""
        self.tell(topics.TRANSFER_ENDED, outcome, now)
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
        self.tell(topics.RECONFIGURED, old, now)
        if self.csms_address() != address:
            self.leave_csms(now)
        if self.dark:
            self.stay_dark(self._timers.get("power"))
        self.report_all(now)
        self.changed(URGENT)
        return self._finish(now)

    # --- the power ---------------------------------------------------------------------------

    def lose_power(self, back: float | None, now: float) -> None:
        """Until `back`, or None: until told. What is volatile is lost when it returns."""
        if self.tap is not None:
            self.block("tap").link_lost(now)
        # First: nothing is said to the CSMS of what follows, until the next boot.
        self.connected = self.booted = False
        self.registration = ""
        self.boot_as("PowerUp")
        self.tell(topics.POWER_FAILED, now)
        for connector in self.connectors.values():
            connector.advance(now)
        self.forget_calls()
        self.forget_reported()
        self.stay_dark(back)
        self.put(Cut())
        self.changed(URGENT)

    def stay_dark(self, back: float | None) -> None:
        """No power until `back` (None: until told): the only thing to wait for."""
        self.dark = True
        self._timers.clear()
        if back is not None:
            self.set_timer("power", back)
        self.tell(topics.WENT_DARK)

    def regain_power(self, now: float) -> None:
        """Begin as from the saved state, and dial."""
        self.dark = False
        saved = self.snapshot()["saved"]
        version, seen, out = self.version, self.last_message, self._out
        self.__init__(self.config, saved, now, self.rng)
        self.version, self.last_message = version, seen
        self._out = out + self._out
        self.remark("power is back", now)
        self.put(Dial(self.config.boot_delay))
        self.changed(URGENT)

    def power_off(self, now: float) -> list[Effect]:
        """Orderly stop. Open transactions stay open in the saved state and go on at power-on."""
        for connector in self.connectors.values():
            connector.advance(now)
        self.boot_reason = "PowerUp"
        self._go_dark(Close(1000, "power off", None))
        self.changed(URGENT)
        effects, self._out = self._out, []
        if self.tap is not None:
            effects = self.block("tap").tapped(effects, now)
        return self._kept_first(effects)

    def reboot(self, now: float, reason: str, seconds: float | None = None) -> None:
        """Restart: close the link and boot again, `seconds` later. Called within an event."""
        seconds = self.restart_seconds() if seconds is None else seconds
        self.tell(topics.REBOOTING, now, reason)
        self.boot_reason = reason
        self.reported.clear()
        for waiting in ("reset", "rebooting", "relink"):  # this is what they wait for
            self.clear_timer(waiting)
        self._go_dark(Close(1001, "rebooting", seconds))
        self.tell(topics.WENT_OFFLINE, now)
        self.changed(URGENT)
        self.tell(topics.REBOOTED, now, reason, seconds)

    def _go_dark(self, close: Close) -> None:
        """Nothing more is sent on this link, and the next one begins with a boot."""
        if self.connected:
            self._out.append(close)
        self.connected = self.booted = False
        self.registration = ""
        self.forget_calls()
        self.clear_timer("heartbeat")
        self.clear_timer("boot")

    # --- status ------------------------------------------------------------------------------

    def report(self, connector: Connector, now: float) -> None:
        """Tell the CSMS the connector's status if it knows another one, and it need not last."""
        if not self.ask(topics.REPORT_WAITS, connector, now):
            self.report_now(connector, now)

    def report_now(self, connector: Connector, now: float) -> None:
        self.changed(SOON)
        status = self.ask(topics.STATUS_OF, connector)
        if self.reported.get(connector.id) != status and self.online:
            self.reported[connector.id] = status
            self.tell(topics.SEND_STATUS, connector, now)
        self.tell(topics.REPORTED, connector, now)

    def report_all(self, now: float) -> None:
        for connector in self.connectors.values():
            self.report(connector, now)

    # --- the snapshot ------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain values, in one synchronous step."""
        outlets = [self._outlet(connector) for connector in self.connectors.values()]
        more, of_blocks = self.extra_saved(), self.saved_blocks()
        if "secrets" in more and "secrets" in of_blocks:
            more["secrets"] = {**of_blocks.pop("secrets"), **more["secrets"]}
        return {
            "version": self.version,
            "identity": self.identity,
            "ocpp": self.config.version,
            "connected": self.connected,
            "registration": self.registration,
            "last_message": self.last_message,
            "firmware": self.firmware_now(),
            "connectors": outlets,
            "power_w": sum(outlet["power_w"] for outlet in outlets),
            "saved": {
                "booted": self.booted,
                "interval": self.interval,
                "skew": self.skew,
                "reported": {str(k): v for k, v in self.reported.items()},
                "connectors": [
                    {"id": c.id, **c.to_saved()} for c in self.connectors.values()
                ],
                **({} if self.booted else {"boot_reason": self.boot_reason}),
                **({"csms": self.accepted_by} if self.accepted_by else {}),
                **self.saved_queue(),
                **({} if self.mains == NOMINAL else {"mains": list(self.mains)}),
                **self.gather(topics.SAVED),
                **more,
                **of_blocks,
            },
            **self.gather(topics.SHOWN),
        }  # fmt: skip

    def firmware_now(self) -> str:
        """What an update has brought, else what is configured."""
        return self.ask(topics.FIRMWARE_VERSION) or self.config.firmware

    def _outlet(self, connector: Connector) -> dict[str, Any]:
        transaction, id_tag = self.ask(topics.OPEN_TRANSACTION, connector) or NOBODY
        return {
            "id": connector.id,
            "evse": connector.evse,
            "status": self.ask(topics.STATUS_OF, connector),
            "power_w": round(connector.power_w),
            "energy_wh": round(connector.meter_wh),
            "soc": None if connector.ev is None else round(connector.ev.soc, 1),
            "error": connector.error_code,
            "transaction": transaction,
            "id_tag": id_tag,
            **self.gather(topics.CONNECTOR_SHOWN, connector),
        }

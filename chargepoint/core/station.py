"""The charge point, whatever its OCPP version: events in, effects out.

Every public method takes the time (`now`, unix seconds) and returns the effects to perform, in
their order. None of them waits: the answer to a Call is a later event. A version's folder
subclasses `Station` with a table of its actions and its functional blocks.
"""

from itertools import repeat
from random import Random
from typing import Any, ClassVar

from chargepoint.config import StationConfig
from chargepoint.core import connectors, topics
from chargepoint.core.answers import Answers
from chargepoint.core.block import Block, Event, Fold, Gather, Question
from chargepoint.core.blocks import make, restore_blocks
from chargepoint.core.calls import Calls
from chargepoint.core.clock import StationClock, Timers
from chargepoint.core.commands import CommandRejected
from chargepoint.core.habits import Habits
from chargepoint.core.power import Power
from chargepoint.core.service import ACCEPTED, POWER_UP, Service
from chargepoint.core.snapshot import snapshot_of
from chargepoint.core.statuses import Statuses
from chargepoint.core.tables import Order, Tables
from chargepoint.core.told import told_by
from chargepoint.effects import (
    SOON,
    TOUCH,
    URGENT,
    Changed,
    Close,
    Effect,
    Frame,
    Noted,
    Transferred,
    kept_first,
)
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.mains import NOMINAL, Mains
from chargepoint.tap.tap import Tap
from chargepoint.timing.backoff import usual_delay
from chargepoint.trust.vault import LinkSecurity
from chargepoint.wire import rpc
from chargepoint.wire.said import Said

NO_GUESTS: dict[int, Any] = {}  # one for all that have none
_CHANGED = {TOUCH: Changed(TOUCH), SOON: Changed(SOON)}


class Station:
    """Base of all versions: it has the parts of the core, and a block for each row that is there.

    A version supplies VERSION, CODES and its ROWS; they hear and answer the topics of topics.py.

    blocks  the residents by row; behind them the parts, the station itself
    guests  row -> block, of those that are there
    heard   topic -> who hears it, () where none of them is there; see tables.Heard
    out     what is to be done when the event is over
    tap     made when something is to go wrong with the frames
    unseen  what a version's monitors look at has changed in this event
    urgent  the event has changed what must be kept before anything leaves
    """

    __slots__ = (
        "answers", "blocks", "calls", "clock", "config", "connectors", "guests", "heard",
        "identity", "last_message", "out", "power", "rng", "service", "statuses", "tap", "timers",
        "unseen", "urgent", "version",
    )  # fmt: skip

    VERSION: ClassVar[str]
    CODES: ClassVar[dict[str, str]]
    READERS: ClassVar[rpc.Readers] = rpc.READERS  # the message types of the version
    ANSWERS_UNREADABLE: ClassVar[bool] = False  # 2.x answers what it cannot read
    ROWS: ClassVar[dict[str, type[Block]]] = {}
    ORDER: ClassVar[Order] = {}  # where a topic is not heard in the order of the rows
    UNHEARD: ClassVar[frozenset[Event]] = frozenset()  # told for other versions
    PARTS: ClassVar[tuple[type, ...]] = (Calls, Service)  # rows -2, -3: they have marks too
    HABITS: ClassVar[Habits] = Habits()
    TABLES: ClassVar[Tables]
    HANDLERS: ClassVar[dict[str, str]]  # action of the CSMS -> method, to look at
    COMMANDS: ClassVar[dict[str, str]]  # an operator's command -> method, to look at

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        tables = cls.TABLES = Tables(cls, cls.ROWS, cls.ORDER)
        tables.match(cls, told_by(cls), "UNHEARD" in vars(cls))
        cls.HANDLERS = {name: method.__name__ for name, (_, method) in tables.actions.items()}
        cls.COMMANDS = {name: method.__name__ for name, (_, method) in tables.commands.items()}

    def __init__(self, config: StationConfig, saved: dict | None, now: float, rng: Random) -> None:
        self.config = config
        self.identity = config.identity
        self.rng = rng
        self.version = 0
        self.last_message: float | None = None
        self.out: list[Effect] = []
        self.unseen = self.urgent = False
        self.tap: Tap | None = None
        kept = saved or {}
        self.connectors = connectors.connectors_of(config, kept, now)
        self.timers = Timers()
        self.clock = StationClock(self)
        self.calls = self.PARTS[0](self, self.timers, rng)
        self.answers = Answers(self, self.calls)
        self.service = Service(self, self.timers)
        self.statuses = Statuses(self)
        self.power = Power(self, self.timers, Mains(*kept["mains"]) if "mains" in kept else NOMINAL)
        residents = self.TABLES.residents
        self.blocks: list[Any] = [*repeat(None, residents), self.service, self.calls, self]
        self.guests: dict[int, Any] = NO_GUESTS
        self.heard = self.TABLES.heard_with(NO_GUESTS)
        for row in range(residents):
            make(self, row)
        for part in (self.service, self.clock, self.statuses, self.calls) if saved else ():
            part.restore(kept)
        self.begin(kept, now)
        restore_blocks(self, kept, now)
        self.service.resume(now)
        if saved:
            self.tell(topics.RESTORED, saved, now)
        if config.rules:
            self.block("faults").stand_by_rules()

    def begin(self, saved: dict[str, Any], now: float) -> None:
        """For a version whose core has a state of its own: before the blocks are restored."""

    def extra_saved(self) -> dict[str, Any]:
        """What `begin` needs."""
        return {}

    def begin_anew(self, now: float) -> None:
        """As from the saved state."""
        saved = self.snapshot()["saved"]
        version, seen, out = self.version, self.last_message, self.out
        self.__init__(self.config, saved, now, self.rng)
        self.version, self.last_message = version, seen
        self.out = out + self.out

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain values, in one synchronous step."""
        return snapshot_of(self)

    # --- how it is ---------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `wake` is due; None if nothing is."""
        times = self.timers.times
        return min(times.values()) if times else None

    @property
    def connected(self) -> bool:
        return self.service.connected

    @property
    def registration(self) -> str:
        """What the CSMS has answered to the boot; "" before."""
        return self.service.status

    @property
    def booted(self) -> bool:
        """A BootNotification was accepted since power-on."""
        return self.service.booted

    @property
    def online(self) -> bool:
        service = self.service
        return service.connected and service.status == ACCEPTED

    @property
    def dark(self) -> bool:
        """Without power."""
        return self.power.dark

    def firmware_now(self) -> str:
        """What an update has brought, else what is configured."""
        return self.ask(topics.FIRMWARE_VERSION) or self.config.firmware

    def connector(self, number: Any) -> Connector:
        """The connector of a command. Raises CommandRejected if there is none."""
        known = self.connectors.get(number) if type(number) is int else None
        if known is None:
            have = ", ".join(map(str, self.connectors))
            message = f"This station has no connector {number!r}; it has: {have}."
            raise CommandRejected("no_such_connector", message)
        return known

    # --- events ------------------------------------------------------------------------------

    def connected_to(self, now: float) -> list[Effect]:
        """The socket is open and the subprotocol agreed."""
        if self.clock.fault is not None:
            self.clock.run(now)
        self.service.link_up(now)
        self.changed(SOON)
        return self.finish(now)

    def disconnected(self, now: float, code: int = 1006, reason: str = "") -> list[Effect]:
        """The socket is gone. The station stays on: transactions go on offline."""
        if self.service.connected:
            self.service.link_lost(now)
        return self.finish(now)

    def received(self, data: str | bytes, now: float) -> list[Effect]:
        """One WebSocket message. Yields exactly one Received, first, unless there is a tap."""
        self.last_message = now
        if self.clock.fault is not None:
            self.clock.run(now)
        if not self.service.connected:  # it crossed the closing of the link
            why = "ignored: the link is closing"
            self.answers.note("Invalid", str(data)[:4096], now, why)
        elif isinstance(data, bytes):
            text = data[:4096].decode("utf-8", "backslashreplace")
            self.answers.note("Invalid", text, now, "binary frame ignored: OCPP-J is text")
        elif self.tap is not None:
            self.block("tap").take_tapped(data, now)
        else:
            self.answers.take(data, now)
        self.version += 1
        for effect in self.out:
            if type(effect) is Changed:
                break
        else:
            self.out.append(_CHANGED[TOUCH])
        return self.finish(now)

    def wake(self, now: float) -> list[Effect]:
        """The deadline has come: do what is due."""
        if self.clock.fault is not None:
            self.clock.run(now)
        timers = self.TABLES.timers
        for key in self.timers.take_due(now):
            if type(key) is str:
                row, due = timers[key]
                due(self.at(row), now)
            else:
                row, due = timers[key[0]]
                due(self.at(row), now, *key[1:])
        return self.finish(now)

    def recall(self, said: Said | None, logged: int | None, now: float) -> list[Effect]:
        """To be called once, before the first event, on a station that resumes.

        `said`: what the record of frames tells, None where there is none. `logged`: the number of
        the station's newest record when the state was saved, None where that is not known.
        """
        self.tell(topics.RECALLING, said, logged, now)
        return self.finish(now)

    def command(self, name: str, args: dict, now: float, cause: str = "") -> tuple[dict, list]:
        """An operator's command (docs/reference/api.md). Raises CommandRejected, state unchanged.

        cause: who gives it, for the frames that are his. Beside the effects, what it tells.
        """
        if self.clock.fault is not None:
            self.clock.run(now)
        result = self.block("operator").carry_out(name, args, now, cause)
        return result, self.finish(now)

    def transfer_ended(self, outcome: Transferred, now: float) -> list[Effect]:
        """A file has been fetched or sent, or that came to nothing."""
        self.tell(topics.TRANSFER_ENDED, outcome, now)
        return self.finish(now)

    def reconfigure(self, config: StationConfig, now: float) -> list[Effect]:
        """Take a new configuration while running. The version and identity must be the same."""
        address, old, self.config = self.service.csms_address(), self.config, config
        connectors.match(self.connectors, config, now)
        self.power.feed(self.power.mains, now)
        self.tell(topics.RECONFIGURED, old, now)
        if self.service.csms_address() != address:
            self.service.leave_csms(now)
        if self.power.dark:
            self.power.stay_dark(self.timers.due("power"))
        self.statuses.report_all(now)
        self.changed(URGENT)
        return self.finish(now)

    def power_off(self, now: float) -> list[Effect]:
        """Orderly stop. Open transactions stay open in the saved state and go on at power-on."""
        for connector in self.connectors.values():
            connector.advance(now)
        self.service.boot_as(POWER_UP)
        self.power.go_down(Close(1000, "power off", None))
        self.changed(URGENT)
        return self.finish(now)

    # --- the next link -----------------------------------------------------------------------

    def dial_failed(self, kind: str, why: str, now: float) -> list[Effect]:
        """A connection could not be made. `kind`: see common/security/relinking.py."""
        self.tell(topics.DIAL_FAILED, kind, why, now)
        return self.finish(now)

    def link_security(self) -> LinkSecurity | None:
        """What the CSMS has set about the link; None: as the operator has configured it."""
        return self.ask(topics.LINK_SECURITY)

    def reconnect_delay(self, attempt: int) -> float:
        """Seconds before the dial that follows `attempt` failed ones; 0: the link was just lost."""
        delay = self.ask(topics.RECONNECT_DELAY, attempt)
        return usual_delay(attempt, self.rng.random()) if delay is None else delay

    # --- state changes and the end of an event -----------------------------------------------

    def put(self, effect: Effect) -> None:
        """Have it done when the event is over, after those before it."""
        self.out.append(effect)

    def remark(self, text: str, now: float) -> None:
        """Put on record that something was done to the station which no frame shows."""
        self.out.append(Noted(Frame("", "Note", "", "", "", now, mark=text)))

    def use_tap(self, tap: Tap | None) -> None:
        """Frames go through it from now on, as they are without one."""
        self.tap = tap

    def look_later(self, wanted: bool = True) -> None:
        """Whether VALUES_UNSEEN is told at the end of this event."""
        self.unseen = wanted

    def count_version(self) -> None:
        """The state has changed, where nobody waits for it to be kept."""
        self.version += 1

    def changed(self, urgency: str) -> None:
        """Count a change of state. `urgency` says how soon it is saved: TOUCH, SOON, URGENT."""
        self.version += 1
        out = self.out
        # One mark an event is enough; a stronger one replaces the touch.
        if urgency is TOUCH:
            for effect in out:
                if type(effect) is Changed:
                    return
        elif urgency is URGENT:
            self.urgent = True
            return
        out.append(_CHANGED[urgency])

    def finish(self, now: float) -> list[Effect]:
        """The effects of an event, when all of it is done."""
        if self.unseen:
            self.unseen = False
            self.tell(topics.VALUES_UNSEEN, now)
        self.calls.pump(now)
        effects, self.out = self.out, []
        if self.tap is not None:
            effects = self.block("tap").tapped(effects, now)
        if self.urgent:
            self.urgent = False
            return kept_first(effects)
        return effects

    # --- its blocks, and what is told and asked ----------------------------------------------

    def at(self, row: int) -> Any:
        """The block of a row, made if it is a guest that is not there; -1: the station."""
        if row < self.TABLES.residents:
            return self.blocks[row]
        block = self.guests.get(row)
        if block is None:
            block = make(self, row)
            if block.KEEPS:
                block.restore({}, 0.0)
        return block

    def take_in(self, row: int, block: Any) -> None:
        """It is there from now on."""
        if row < self.TABLES.residents:
            self.blocks[row] = block
        else:
            self.guests = {**self.guests, row: block}
            self.heard = self.TABLES.heard_with(self.guests)

    def block(self, name: str) -> Any:
        """The block of that name. A guest is made for it: reach it so at the moment of use."""
        return self.at(self.TABLES.numbers[name])

    def there(self, name: str) -> Any:
        """The same, None where it is not there: where one that is not would have nothing to say."""
        row = self.TABLES.numbers[name]
        return self.blocks[row] if row < self.TABLES.residents else self.guests.get(row)

    def tell(self, event: Event, *what: Any) -> None:
        """Each that hears the event and is there hears it now, in the order of the table."""
        heard = self.heard[event]
        if not heard:
            return
        residents = self.TABLES.residents
        for row, hear, wakes in heard:
            block = self.blocks[row] if row < residents else self.guests.get(row)
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            hear(block, *what)

    def ask(self, question: Question, *what: Any) -> Any:
        """The first answer that is one; else the last that was given, None where nobody is."""
        answer = None
        heard = self.heard[question]
        if not heard:
            return answer
        residents = self.TABLES.residents
        for row, reply, wakes in heard:
            block = self.blocks[row] if row < residents else self.guests.get(row)
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            answer = reply(block, *what)
            if answer or (answer is not None and answer is not False and answer != ""):
                return answer
        return answer

    def fold(self, fold: Fold, value: Any, *what: Any) -> Any:
        """Pass `value` through every block that changes it for this topic, in their order; one
        that marks `wakes` is made for it."""
        heard = self.heard[fold]
        if not heard:
            return value
        residents = self.TABLES.residents
        for row, change, wakes in heard:
            block = self.blocks[row] if row < residents else self.guests.get(row)
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            value = change(block, value, *what)
        return value

    def gather(self, gather: Gather, *what: Any) -> dict[str, Any]:
        """The parts that blocks give for this topic, as one object."""
        parts: dict[str, Any] = {}
        heard = self.heard[gather]
        if not heard:
            return parts
        residents = self.TABLES.residents
        for row, give, wakes in heard:
            block = self.blocks[row] if row < residents else self.guests.get(row)
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            parts.update(give(block, *what))
        return parts

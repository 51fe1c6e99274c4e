"""One station and a CSMS in memory that talk step by step; a witness hears every word.

A step is a plain value, so that a conversation can be repeated, cut short and printed:

    ("ask", action, payload, fault)   a Call of the CSMS; fault: "" or the kind of what is wrong
    ("configuration", values)         how the operator configures it; the first step
    ("command", name, args)           an operator or a driver
    ("link",)                         it dials until it is connected, as before each ask
    ("time", seconds)                 the station is woken at each of its deadlines
    ("drop",) ("crash",)              the link is lost; the worker dies and another resumes
    ("boot", status, interval)        how the CSMS answers BootNotification from now on
    ("hush", n) ("refuse", n)         it does not answer the next n Calls; answers with CallErrors
    ("late",)                         it answers those now
    ("sloppy", n)                     it answers them with a field too many
    ("lenient",)                      the station reads kindly; the first step
    ("transfer", result)              how the oldest transfer of a file ends
"""

import hashlib
import json
from collections import deque
from contextlib import suppress
from functools import cache
from typing import Any

from msgspec.structs import replace

from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import (
    Close,
    Cut,
    Dial,
    Download,
    Effect,
    Received,
    Send,
    StopTransfer,
    Transferred,
    Upload,
)  # fmt: skip
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from tests.chargepoint.conversation.rules import Violation, require
from tests.chargepoint.conversation.witness import Witness
from tests.chargepoint.files import FIRMWARE, STATUS_ACTIONS
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v201.csms import CONNECTORS, Csms, config_of

Step = tuple
LIMIT = 30.0  # seconds that an answer may take
_RECONNECT = 5.0
_REBOOTS = {"rebooting", "power off", "power cut"}  # after which a BootNotification comes first
_WAKES = 20_000  # in one step: a station that never rests is a fault


@cache
def _answers(version: str) -> dict[str, Any]:
    """What the CSMSs of the other tests answer."""
    given = Peer().answers if version == "1.6" else Csms(config_of(version)).answers
    news = dict.fromkeys(STATUS_ACTIONS, {})
    return {**news, "SignCertificate": {"status": "Accepted"}, **given}


def config_for(version: str) -> StationConfig:
    auto = "EmulatorAutoPlug" if version == "1.6" else "EmulatorCtrlr.AutoPlug"
    return StationConfig(
        "CP1", version, vendor="Acme", model="Two", serial="S1", firmware="1.0.0",
        connectors=CONNECTORS, default_id_tag="TAG1", configuration={auto: "false"},
    )  # fmt: skip


class Talk:
    """`between`: what becomes of the effects on their way, to spoil them on purpose."""

    def __init__(self, version: str, seed: int = 1, between: Any = None, **config: Any) -> None:
        self.version, self.now = version, START
        self.config = config_for(version)
        self.config = replace(self.config, **config)
        self.lives = seed * 1000
        self.between = between or (lambda effects: effects)
        self.witness = Witness(version)
        self.boot: tuple[str, int] = ("Accepted", 300)
        self.hushed = self.refused = self.sloppy = self.transactions = self.asked = 0
        self.todo: deque[list] = deque()
        self.unanswered: list[list] = []
        self.transfers: list[Download | Upload] = []
        self.station = self._live(None)
        self._answering = False

    def _live(self, saved: dict | None) -> Any:
        self.lives += 1
        return make_station(self.config, saved, self.now, rng_seed=self.lives)

    # --- steps -------------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        getattr(self, f"do_{step[0]}")(*step[1:])
        self.witness.look(self.now, LIMIT)

    def end(self) -> None:
        """Nothing is outstanding in the end, and the state can be kept."""
        self.hushed = self.refused = self.sloppy = 0
        self.do(("time", LIMIT + 1))
        self.witness.end()
        self._check_statuses()
        json.dumps(self.station.snapshot())

    def _check_statuses(self) -> None:
        """1.6 4.9, 2.0.1 G01: whoever is connected and accepted has told how it is."""
        station, ledger = self.station, self.witness.ledger
        settled = station.connected and self.witness.accepted and not station.calls.queued
        if not (settled and ledger.every_status):
            return
        for number, connector in station.connectors.items():
            place: tuple[int, ...] = (number,)
            if self.version != "1.6":
                place = (station.outlets[number].evse, station.outlets[number].connector_id)
            told, is_so = ledger.shown.get(place), station.ask(topics.STATUS_OF, connector)
            require(told == is_so, "a status that was not told", f"{place}: {told}, but {is_so}")

    def do_configuration(self, values: dict[str, str]) -> None:
        values = {**self.config.configuration, **values}
        self.config = replace(self.config, configuration=values)
        self.station = self._live(None)

    def do_lenient(self) -> None:
        self.config = replace(self.config, lenient=True)
        self.station = self._live(None)
        self.witness.lenient = True

    def do_link(self) -> None:
        self._link()

    def do_ask(self, action: str, payload: Any, fault: str) -> None:
        self._link()
        self.asked += 1
        unique_id = f"csms-{self.asked}"
        payload = self._named(payload)
        text = json.dumps([2, unique_id, action, payload])
        self.witness.asked(unique_id, action, payload, fault, self.now)
        self._hear(text)

    def do_command(self, name: str, args: dict) -> None:
        with suppress(CommandRejected):
            _, effects = self.station.command(name, args, self.now)
            self.perform(effects)

    def do_time(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(_WAKES):
            due = self.station.deadline
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.perform(self.station.wake(self.now))
        else:
            raise Violation("restless", f"more than {_WAKES} deadlines in {seconds} s")
        self.now = end

    def do_drop(self) -> None:
        self._lost(1006, "")

    def do_crash(self) -> None:
        """Its link dies with the worker."""
        saved = json.loads(json.dumps(self.station.snapshot()["saved"]))
        booted = self.station.booted
        self.todo.clear()
        self.transfers.clear()
        self.station = self._live(saved)
        self.witness.link_lost(rebooted=not booted)

    def do_boot(self, status: str, interval: int) -> None:
        self.boot = (status, interval)

    def do_hush(self, calls: int) -> None:
        self.hushed = calls

    def do_refuse(self, calls: int) -> None:
        self.refused = calls

    def do_late(self) -> None:
        self._link()
        calls, self.unanswered, self.hushed = self.unanswered, [], 0
        for call in calls:
            if self.station.connected:
                self._answer(call)

    def do_sloppy(self, calls: int) -> None:
        self.sloppy = calls

    def do_transfer(self, result: str) -> None:
        if not self.transfers:
            return
        transfer = self.transfers.pop(0)
        digest = b""
        if type(transfer) is Download:
            digest = hashlib.new(transfer.digest, FIRMWARE).digest()
        outcome = Transferred(transfer.id, result, "", len(FIRMWARE), digest, FIRMWARE[:512])
        self.perform(self.station.transfer_ended(outcome, self.now))

    def _named(self, value: Any) -> Any:
        """A payload with the ids of the transactions that run now, for @1 and @2."""
        if isinstance(value, dict):
            return {key: self._named(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._named(inner) for inner in value]
        if value in ("@1", "@2") and self.version != "1.6":
            transaction = self.station.outlets[int(value[1])].transaction
            return transaction.id if transaction else "none"
        return value

    # --- the link ----------------------------------------------------------------------------

    def _link(self) -> None:
        """As a station does: it dials until it is connected."""
        for _ in range(1000):
            if self.station.connected:
                return
            if self.station.dark:
                self.do_time(60.0)
                continue
            self.do_time(_RECONNECT)
            self.witness.linked()
            self.perform(self.station.connected_to(self.now))
        raise Violation("link", "the station closes each link that it makes")

    def _lost(self, code: int, reason: str) -> None:
        self.todo.clear()
        self.witness.link_lost(reason in _REBOOTS)
        self.perform(self.station.disconnected(self.now, code, reason))

    def _hear(self, text: str) -> None:
        """The station receives a frame."""
        effects = self.station.received(text, self.now)
        if [type(effect) for effect in effects].count(Received) != 1:
            raise Violation("log", f"{text} was not put on record exactly once")
        self.perform(effects)

    def perform(self, effects: list[Effect]) -> None:
        closes = []
        for effect in self.between(effects):
            match effect:
                case Send(frame):
                    self._sent(frame.text)
                case Download() | Upload():
                    self.transfers.append(effect)
                case StopTransfer(id=identity):
                    self.transfers = [t for t in self.transfers if t.id != identity]
                case Close() | Cut():
                    closes.append(effect)
                case Dial() if self.station.connected:
                    closes.append(effect)
        if not self._answering:
            self._answering = True
            try:
                while self.todo:
                    self._answer(self.todo.popleft())
            finally:
                self._answering = False
        for close in closes:
            if type(close) is Close:
                self._lost(close.code, close.reason)
            else:
                self._lost(1006, "power cut" if type(close) is Cut else "")

    def _sent(self, text: str) -> None:
        timeout = self.config.call_timeout
        if self.version != "1.6":
            timeout = self.station.ask(topics.MESSAGE_TIMEOUT)
        frame = self.witness.said(text, self.now, timeout)
        if frame[0] == 2:
            self.todo.append(frame)

    def _answer(self, call: list) -> None:
        _, unique_id, action, payload = call
        if self.hushed:
            self.hushed -= 1
            self.unanswered.append(call)
            return
        if self.refused:
            self.refused -= 1
            self.witness.answered(unique_id, None, self.now)
            self._hear(json.dumps([4, unique_id, "GenericError", "not now", {}]))
            return
        made = self._answer_to(action, payload)
        if self.sloppy:
            self.sloppy -= 1
            # To a strict station that is no answer.
            read = made if self.config.lenient else None
            self.witness.answered(unique_id, read, self.now)
            self._hear(json.dumps([3, unique_id, {**made, "correlation": "x"}]))
            return
        self.witness.answered(unique_id, made, self.now)
        self._hear(json.dumps([3, unique_id, made]))

    def _answer_to(self, action: str, payload: dict) -> dict:
        match action:
            case "BootNotification":
                status, interval = self.boot
                return {"status": status, "currentTime": iso(self.now), "interval": interval}
            case "Heartbeat":
                return {"currentTime": iso(self.now)}
            case "StartTransaction":
                self.transactions += 1
                info = {"status": "Accepted"}
                return {"transactionId": 100 + self.transactions, "idTagInfo": info}
        made = _answers(self.version).get(action, {})
        return made(payload) if callable(made) else made

"""ChargePointConsumer: a Channels consumer that is one charge point.

It translates ASGI WebSocket events for the sans-I/O `chargepoint.Station` and performs the effects
that come back. Two kinds of host drive it: the dialer, which calls `handle` from within its socket
callback, and any ASGI server (or Channels' WebsocketCommunicator), through `__call__`.

Channels' own receive loop and dispatch cost about 170 us a message (a database clean-up in a
thread, a subscription, a queue), so this consumer has its own. It subscribes to no channel: the
fleet listens once for all stations of a worker.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

from channels.consumer import AsyncConsumer

from chargepoint.config import SUBPROTOCOLS, StationConfig
from chargepoint.core.station import Station
from chargepoint.effects import (
    URGENT,
    Changed,
    Close,
    Cut,
    Dial,
    Download,
    Frame,
    Freeze,
    Noted,
    PingInterval,
    Received,
    Send,
    Session,
    StopTransfer,
    Transferred,
    Upload,
)
from chargepoint.versions import reconfigure
from messaging.journals.recorder import SEQ_BITS
from stations.files.transfers import Transfers
from stations.link.asgi import AsgiLink
from stations.link.speaking import NothingChosen, change_version, chosen_config
from stations.link.state import PROTOCOL_ERROR
from stations.link.targets import TlsOptions
from stations.state.moments import Glance, Moments
from stations.state.snapshot_writer import DISOWNED, SnapshotWriter
from stations.state.stamps import make_stamp, pack_state
from stations.worker.clock import Clock, Deadlines
from stations.worker.gate import PAUSE, Gate
from stations.worker.handling import SIZE, Slot, label_of
from stations.worker.sealing import seal

log = logging.getLogger(__name__)


class Link(Protocol):
    """The consumer's way out, as a dialer or an ASGI server gives it."""

    def carry(self, event: dict[str, Any]) -> None:
        """Take an ASGI event (websocket.accept, websocket.send, websocket.close)."""

    def ping_every(self, seconds: float) -> None:
        """Send WebSocket pings at this interval from now on; 0 for none."""

    def freeze(self, on: bool) -> None:
        """Read and write nothing on the socket, which stays open; or go on with it."""

    def pause(self, on: bool) -> None:
        """Read nothing for a moment: this worker does not know whether it may answer."""

    def cut(self) -> None:
        """Tear the socket down without a close frame, and dial no more until `connect`."""

    def connect(self, pause: float) -> None:
        """Dial after `pause` seconds."""

    def tls(self) -> TlsOptions | None:
        """By what the station knows its CSMS, and is known to it; None without TLS."""

    def offered(self) -> tuple[StationConfig, ...]:
        """Of the versions that are offered, if there are several, in their order."""

    def describe(self) -> dict[str, Any]:
        """What an operator wants to know of the link: {"state", "error", "attempt", "next"}."""


@dataclass(slots=True)
class Host:
    """What a worker provides to its stations."""

    clock: Clock
    deadlines: Deadlines
    recorder: Any  # messaging.recorder.Recorder
    snapshots: SnapshotWriter
    sent: int = 0
    received: int = 0
    transfers: Transfers = field(default_factory=Transfers)
    gate: Gate = field(default_factory=Gate)
    moments: Moments = field(default_factory=Moments)
    slot: Slot = field(default_factory=lambda: bytearray(SIZE))  # whose step is carried out

    @contextlib.contextmanager
    def handling(self, identity: str) -> Iterator[None]:
        """A step of this station, of the rare kinds; the common ones write the slot themselves."""
        label, outer = label_of(identity), self.slot[0]
        self.slot[: len(label)] = label
        try:
            yield
        finally:
            self.slot[0] = outer  # a step within a step is of the same station


class ChargePointConsumer(AsyncConsumer):
    """One charge point: all its state changes on its worker's event loop, in one of the methods.

    `epoch`: the epoch of the lease under which it runs; also the `run` of its message records.
    `row`: primary key of its row: the same identity made anew is another station.
    `taken`: number of snapshots that were taken of this station in this epoch.
    `seen`: what the last of them showed, for the timeline.
    """

    __slots__ = (
        "station", "identity", "epoch", "taken", "host", "link", "armed", "pending",
        "reconnect_after", "row", "label", "seen",
    )  # fmt: skip

    def __init__(self, station: Station, host: Host, epoch: int, row: str = "") -> None:
        self.station = station
        self.identity = station.identity
        self.epoch = epoch
        self.taken = 0
        self.row = row
        self.host = host
        self.link: Link | None = None
        self.armed: float | None = None
        self.pending = 0
        self.reconnect_after: float | None = None
        self.label = label_of(station.identity)
        self.seen: Glance | None = None

    # --- events ------------------------------------------------------------------------------

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Serve one ASGI connection, one event at a time."""
        self.scope = scope
        link = AsgiLink(send)
        carrier = asyncio.create_task(link.run())
        self.link = link
        try:
            while True:
                event = await receive()
                await self.host.gate.opened()
                self.handle(event, scope)
                if event["type"] == "websocket.disconnect":
                    return
        finally:
            self.link = None
            self.retire()
            link.finish()
            await carrier

    def handle(self, event: dict[str, Any], scope: dict[str, Any] | None = None) -> None:
        """Take one ASGI event. Synchronous: what it causes has been handed over on return.

        websocket.connect needs the scope, for the subprotocols that the two sides agree on.

        Raises ValueError for an event of another type.
        """
        host = self.host
        if host.gate.closed:
            host.gate.hold(self, self.handle, event, scope)
            return
        host.slot[: len(self.label)] = self.label
        try:
            kind = event["type"]
            if kind == "websocket.receive":
                host.received += 1
                data = event.get("text")
                if data is None:
                    data = event["bytes"]
                self.perform(self.station.received(data, host.clock.now()))
            elif kind == "websocket.connect":
                self._connected(scope["subprotocols"])
            elif kind == "websocket.disconnect":
                now = host.clock.now()
                code, reason = event.get("code") or 1006, event.get("reason") or ""
                self.perform(self.station.disconnected(now, code, reason))
            else:
                raise ValueError(f"no handler for ASGI event {kind!r}")
        finally:
            host.slot[0] = 0

    def _connected(self, agreed: Iterable[str]) -> None:
        wanted = SUBPROTOCOLS[self.station.config.version]
        if wanted not in agreed:
            try:
                config = chosen_config(self.station.config, self.link.offered(), agreed)
            except NothingChosen as refusal:
                self.refuse(str(refusal))
                return
            change_version(self, config)
            wanted = SUBPROTOCOLS[config.version]
        self.reconnect_after = None
        self.link.carry({"type": "websocket.accept", "subprotocol": wanted})
        self.perform(self.station.connected_to(self.host.clock.now()))

    def refuse(self, why: str) -> None:
        """Have none of a connection whose handshake cannot stand."""
        self.link.carry({"type": "websocket.close", "code": PROTOCOL_ERROR, "reason": why})
        self.dial_failed("network", why)

    def unreadable(self, text: str, error: str) -> None:
        """Log what came in but was no WebSocket message that OCPP could look at."""
        now = self.host.clock.now()
        self.perform([Noted(Frame("received", "Invalid", "", "", text, now, None, error))])

    def dial_failed(self, kind: str, why: str) -> None:
        """The link could not be made (told by the dialer)."""
        if self.host.gate.closed:
            self.host.gate.hold(self, self.dial_failed, kind, why)
            return
        with self.host.handling(self.identity):
            self.perform(self.station.dial_failed(kind, why, self.host.clock.now()))

    def due(self, now: float) -> float | None:
        """The station's deadline came up (called by Deadlines)."""
        deadline = self.station.deadline
        if deadline is None or deadline > now:
            return deadline
        host = self.host
        if host.gate.closed:
            return now + PAUSE
        host.slot[: len(self.label)] = self.label
        try:
            self.perform(self.station.wake(now))  # which arms the next
        finally:
            host.slot[0] = 0
        return None

    # --- what the fleet asks -----------------------------------------------------------------

    def command(self, name: str, arguments: dict[str, Any], cause: str = "") -> dict[str, Any]:
        """Carry out an operator's command; raises chargepoint CommandRejected."""
        with self.host.handling(self.identity):
            result, effects = self.station.command(name, arguments, self.host.clock.now(), cause)
            self.perform(effects)
        return result

    def reconfigure(self, config: StationConfig) -> None:
        with self.host.handling(self.identity):
            self.perform(reconfigure(self.station, config, self.host.clock.now()))

    def power_off(self) -> None:
        """Orderly stop; open transactions stay open in the saved state."""
        with self.host.handling(self.identity):
            self.perform(self.station.power_off(self.host.clock.now()))
        self.host.deadlines.disarm(self)

    def retire(self) -> None:
        """It runs here no longer: no deadline, no transfer and no write of it is left."""
        self.host.deadlines.disarm(self)
        self.host.transfers.stop_all(self)
        self.pending = 0

    def disown(self) -> None:
        """Another worker or another station has its place: what this one knows counts no more."""
        self.retire()
        self.pending = DISOWNED

    @property
    def gone(self) -> bool:
        return self.pending == DISOWNED

    def transfer_ended(self, outcome: Transferred) -> None:
        """Called by Transfers."""
        if self.host.gate.closed:
            self.host.gate.hold(self, self.transfer_ended, outcome)
            return
        with self.host.handling(self.identity):
            self.perform(self.station.transfer_ended(outcome, self.host.clock.now()))

    def packed_state(self) -> bytes:
        """Stamp and snapshot in one synchronous step; each snapshot has a stamp of its own."""
        self.taken += 1
        snapshot, host = self.snapshot(), self.host
        self.seen = host.moments.compare(self.identity, self.seen, snapshot, host.clock.now())
        return pack_state(make_stamp(self.epoch, self.taken), seal(snapshot))

    def snapshot(self) -> dict[str, Any]:
        """The station's, with its link, its row and `logged`, [run, seq] of its newest record."""
        slot, label = self.host.slot, self.label
        outer = slot[0]  # of the same station, where it is a step within a step
        slot[: len(label)] = label
        try:
            snapshot = self.station.snapshot()
        finally:
            slot[0] = outer
        snapshot["row"] = self.row
        # Apart: together they are more than 64 bits.
        snapshot["logged"] = divmod(self.host.recorder.number(self.identity), 1 << SEQ_BITS)
        if self.link is not None:
            snapshot["link"] = self.link.describe()
        return snapshot

    # --- effects -----------------------------------------------------------------------------

    def perform(self, effects: list[Any]) -> None:
        """Carry out the core's effects in their order, if this worker may still speak."""
        host = self.host
        if monotonic() > host.gate.until:
            host.gate.hold(self, self.perform, effects)
            return
        for effect in effects:
            kind = type(effect)
            if kind is Send:
                frame = effect.frame
                # The record comes first: a frame that the CSMS saw is in the log, whatever dies.
                host.recorder.record(self.identity, self.epoch, frame)
                host.sent += 1
                self.link.carry({"type": "websocket.send", "text": frame.text})
            elif kind is Received:
                host.recorder.record(self.identity, self.epoch, effect.frame)
            elif kind is Session:
                host.recorder.session(self.epoch, effect.update)
            elif kind is Changed:
                host.snapshots.changed(self, effect.urgency)
                if effect.urgency is URGENT:
                    self._finish(self._keep(effects[effects.index(effect) + 1 :]))
                    break
            else:
                self._perform_rare(effect)
        deadline, armed = self.station.deadline, self.armed
        if deadline is not None and (armed is None or deadline < armed):
            host.deadlines.arm(self, deadline)

    def _finish(self, effects: list[Any]) -> None:
        """Carry out what comes after the state was written, which is the longest stop in a step: a
        process that was frozen there may have lost the station."""
        gate = self.host.gate
        if monotonic() > gate.until:
            gate.hold(self, self._finish, effects)
            return
        for effect in effects:
            self._perform_rare(effect)

    def _keep(self, coming: list[Any]) -> list[Any]:
        """Write the state ahead of the effects to come; returns those that are left.

        What the CSMS is told of a transaction or of something done must be known to whoever
        resumes the station, so no frame that tells it leaves before.
        """
        updates = [effect.update for effect in coming if type(effect) is Session]
        self.host.recorder.state(self.identity, self.epoch, self.packed_state(), updates)
        return [effect for effect in coming if type(effect) is not Session]

    def _perform_rare(self, effect: Any) -> None:
        match effect:
            case Send(frame=frame):
                self.host.recorder.record(self.identity, self.epoch, frame)
                self.host.sent += 1
                self.link.carry({"type": "websocket.send", "text": frame.text})
            case Session(update=update):
                self.host.recorder.session(self.epoch, update)
            case Close(code=code, reason=reason, reconnect_after=after):
                self.reconnect_after = after
                if self.link is not None:
                    close = {"type": "websocket.close", "code": code, "reason": reason}
                    self.link.carry(close)
            case Noted(frame=frame):
                self.host.recorder.record(self.identity, self.epoch, frame)
            case PingInterval(seconds=seconds):
                if self.link is not None:
                    self.link.ping_every(seconds)
            case Freeze() | Cut() | Dial():
                if self.link is not None:
                    self._tamper(effect)
            case Download() | Upload():
                tls = self.link.tls() if self.link is not None else None
                self.host.transfers.start(self, effect, tls)
            case StopTransfer(id=transfer):
                self.host.transfers.stop(self, transfer)
            case _:
                raise TypeError(f"unknown effect {effect!r}")

    def _tamper(self, effect: Freeze | Cut | Dial) -> None:
        """What a fault does to the link."""
        match effect:
            case Freeze(on=on):
                self.link.freeze(on)
            case Cut():
                self.link.cut()
            case Dial(pause=pause):
                self.link.connect(pause)

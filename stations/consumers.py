"""ChargePointConsumer: a Channels consumer that is one charge point.

It translates ASGI WebSocket events for the sans-I/O `chargepoint.Station` and performs the effects
that come back. Two kinds of host drive it: the dialer, which calls `handle` from within its socket
callback, and any ASGI server (or Channels' WebsocketCommunicator), through `__call__`.

Channels' own receive loop and dispatch cost about 170 us a message (a database clean-up in a
thread, a subscription, a queue), so this consumer has its own. It subscribes to no channel: the
fleet listens once for all stations of a worker.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.consumer import AsyncConsumer

from chargepoint.config import SUBPROTOCOLS, StationConfig
from chargepoint.effects import (
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
from chargepoint.station import Station
from stations.clock import Clock, Deadlines
from stations.sealing import seal
from stations.snapshot_writer import SnapshotWriter
from stations.stamps import make_stamp, pack_state
from stations.targets import TlsOptions
from stations.transfers import Transfers

log = logging.getLogger(__name__)

PROTOCOL_ERROR = 1002


class Link(Protocol):
    """The consumer's way out, as a dialer or an ASGI server gives it."""

    def carry(self, event: dict[str, Any]) -> None:
        """Take an ASGI event (websocket.accept, websocket.send, websocket.close)."""

    def ping_every(self, seconds: float) -> None:
        """Send WebSocket pings at this interval from now on; 0 for none."""

    def freeze(self, on: bool) -> None:
        """Read and write nothing on the socket, which stays open; or go on with it."""

    def cut(self) -> None:
        """Tear the socket down without a close frame, and dial no more until `connect`."""

    def connect(self, pause: float) -> None:
        """Dial after `pause` seconds."""

    def tls(self) -> TlsOptions | None:
        """By what the station knows its CSMS, and is known to it; None without TLS."""

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


class ChargePointConsumer(AsyncConsumer):
    """One charge point: all its state changes on its worker's event loop, in one of the methods.

    `epoch`: the epoch of the lease under which it runs; also the `run` of its message records.
    `taken`: number of snapshots that were taken of this station in this epoch before.
    """

    __slots__ = (
        "station", "identity", "epoch", "taken", "host", "link", "armed", "pending",
        "reconnect_after",
    )  # fmt: skip

    def __init__(self, station: Station, host: Host, epoch: int, taken: int = 0) -> None:
        self.station = station
        self.identity = station.identity
        self.epoch = epoch
        self.taken = taken
        self.host = host
        self.link: Link | None = None
        self.armed: float | None = None
        self.pending = 0
        self.reconnect_after: float | None = None

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
        """
        kind = event["type"]
        if kind == "websocket.receive":
            self.host.received += 1
            data = event.get("text")
            if data is None:
                data = event["bytes"]
            self.perform(self.station.received(data, self.host.clock.now()))
        elif kind == "websocket.connect":
            self._connected(scope["subprotocols"])
        elif kind == "websocket.disconnect":
            now = self.host.clock.now()
            code, reason = event.get("code") or 1006, event.get("reason") or ""
            self.perform(self.station.disconnected(now, code, reason))
        else:
            raise ValueError(f"no handler for ASGI event {kind!r}")

    def _connected(self, agreed: Iterable[str]) -> None:
        # OCPP-J 1.6, 3.1.2 and 2.0.1 part 4, 3.1.2: no common subprotocol, no connection.
        wanted = SUBPROTOCOLS[self.station.config.version]
        if wanted not in agreed:
            reason = f"subprotocol {wanted} not agreed"
            self.link.carry({"type": "websocket.close", "code": PROTOCOL_ERROR, "reason": reason})
            self.dial_failed("network", reason)
            return
        self.reconnect_after = None
        self.link.carry({"type": "websocket.accept", "subprotocol": wanted})
        self.perform(self.station.connected_to(self.host.clock.now()))

    def unreadable(self, text: str, error: str) -> None:
        """Log what came in but was no WebSocket message that OCPP could look at."""
        now = self.host.clock.now()
        frame = Frame("received", "Invalid", "", "", text, now, None, error)
        self.host.recorder.record(self.identity, self.epoch, frame)

    def dial_failed(self, kind: str, why: str) -> None:
        """The link could not be made (told by the dialer)."""
        self.perform(self.station.dial_failed(kind, why, self.host.clock.now()))

    def due(self, now: float) -> float | None:
        """The station's deadline came up (called by Deadlines)."""
        deadline = self.station.deadline
        if deadline is None or deadline > now:
            return deadline
        self.perform(self.station.wake(now))  # which arms the next
        return None

    # --- what the fleet asks -----------------------------------------------------------------

    def command(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operator's command; raises chargepoint CommandRejected."""
        result, effects = self.station.command(name, arguments, self.host.clock.now())
        self.perform(effects)
        return result

    def reconfigure(self, config: StationConfig) -> None:
        self.perform(self.station.reconfigure(config, self.host.clock.now()))

    def power_off(self) -> None:
        """Orderly stop; open transactions stay open in the saved state."""
        self.perform(self.station.power_off(self.host.clock.now()))
        self.host.deadlines.disarm(self)

    def retire(self) -> None:
        """It runs here no longer: no deadline and no transfer of it is left."""
        self.host.deadlines.disarm(self)
        self.host.transfers.stop_all(self)

    def transfer_ended(self, outcome: Transferred) -> None:
        """Called by Transfers."""
        self.perform(self.station.transfer_ended(outcome, self.host.clock.now()))

    def packed_state(self) -> bytes:
        """Stamp and snapshot in one synchronous step; each snapshot has a stamp of its own."""
        self.taken += 1
        snapshot = self.station.snapshot()
        if self.link is not None:
            snapshot["link"] = self.link.describe()
        return pack_state(make_stamp(self.epoch, self.taken), seal(snapshot))

    # --- effects -----------------------------------------------------------------------------

    def perform(self, effects: list[Any]) -> None:
        """Carry out the core's effects in their order."""
        host = self.host
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
            elif kind is Changed:
                host.snapshots.changed(self, effect.urgency)
            else:
                self._perform_rare(effect)
        host.deadlines.arm(self, self.station.deadline)

    def _perform_rare(self, effect: Any) -> None:
        match effect:
            case Session(update=update):
                self.host.recorder.session(update)
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


class AsgiLink:
    """Carries a consumer's events to an ASGI server's awaitable `send`, in order."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._events: asyncio.Queue[dict | None] = asyncio.Queue()

    def carry(self, event: dict[str, Any]) -> None:
        self._events.put_nowait(event)

    def ping_every(self, seconds: float) -> None:
        """The server that holds the socket sends its own pings."""

    def freeze(self, on: bool) -> None:
        """The server that holds the socket reads on; the station takes and sends nothing."""

    def cut(self) -> None:
        """No server lets go of a socket without a close frame."""
        self.carry({"type": "websocket.close", "code": 1001, "reason": "no power"})

    def connect(self, pause: float) -> None:
        """The other side dials."""

    def tls(self) -> TlsOptions | None:
        return None

    def describe(self) -> dict[str, Any]:
        return {"state": "open", "error": "", "attempt": 0, "next": None}

    def finish(self) -> None:
        self._events.put_nowait(None)

    async def run(self) -> None:
        while (event := await self._events.get()) is not None:
            await self._send(event)

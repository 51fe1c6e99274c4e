"""CSMSs on PyPI `ocpp`, OCPP 1.6, 2.0.1 and 2.1, in a thread of the test process.

The library routes and validates; what it is handed and what it answers is noted on a Wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import unquote

import websockets
from ocpp import v16, v21, v201
from ocpp.charge_point import (
    camel_to_snake_case,
    remove_nones,
    serialize_as_dict,
    snake_to_camel_case,
)
from ocpp.routing import on
from websockets.asyncio.server import ServerConnection

from .csms_2x import Csms21, Csms201, call_verbatim, now
from .wire import Wire


class NotedConnection:
    """The three methods that `ocpp` uses of a connection, with a note of each frame."""

    def __init__(self, wire: Wire, station: str, socket: ServerConnection, link: int) -> None:
        self.wire, self.station, self.socket, self.link = wire, station, socket, link

    async def recv(self) -> str:
        text = await self.socket.recv()
        self.wire.note(self.station, True, text, self.link)
        return text

    async def send(self, text: str) -> None:
        # First the note: what was written may have been answered before we run again.
        self.wire.note(self.station, False, text, self.link)
        await self.socket.send(text)


class Csms16(v16.ChargePoint):
    """The CSMS's side of one 1.6 station."""

    transactions = itertools.count(1000)
    interval = 30

    @on("BootNotification")
    def on_boot(self, **_: Any) -> Any:
        return v16.call_result.BootNotification(now(), self.interval, "Accepted")

    @on("Heartbeat")
    def on_heartbeat(self) -> Any:
        return v16.call_result.Heartbeat(now())

    @on("StatusNotification")
    def on_status(self, **_: Any) -> Any:
        return v16.call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_: Any) -> Any:
        return v16.call_result.Authorize({"status": "Accepted"})

    @on("StartTransaction")
    def on_start(self, **_: Any) -> Any:
        return v16.call_result.StartTransaction(next(self.transactions), {"status": "Accepted"})

    @on("MeterValues")
    def on_meter_values(self, **_: Any) -> Any:
        return v16.call_result.MeterValues()

    @on("StopTransaction")
    def on_stop(self, **_: Any) -> Any:
        return v16.call_result.StopTransaction({"status": "Accepted"})

    @on("DataTransfer")
    def on_data(self, **_: Any) -> Any:
        return v16.call_result.DataTransfer("Accepted")

    @on("DiagnosticsStatusNotification")
    def on_diagnostics(self, **_: Any) -> Any:
        return v16.call_result.DiagnosticsStatusNotification()

    @on("FirmwareStatusNotification")
    def on_firmware(self, **_: Any) -> Any:
        return v16.call_result.FirmwareStatusNotification()

    @on("LogStatusNotification")
    def on_log(self, **_: Any) -> Any:
        return v16.call_result.LogStatusNotification()

    @on("SecurityEventNotification")
    def on_security(self, **_: Any) -> Any:
        return v16.call_result.SecurityEventNotification()

    @on("SignCertificate")
    def on_sign(self, **_: Any) -> Any:
        return v16.call_result.SignCertificate("Accepted")

    @on("SignedFirmwareStatusNotification")
    def on_signed_firmware(self, **_: Any) -> Any:
        return v16.call_result.SignedFirmwareStatusNotification()


SIDES = {"ocpp1.6": Csms16, "ocpp2.0.1": Csms201, "ocpp2.1": Csms21}
CALLS = {Csms16: v16.call, Csms201: v201.call, Csms21: v21.call}


class ThreadedServer:
    """A WebSocket server in a thread with a loop of its own; `serve` handles a connection."""

    def __init__(self, serve: Callable[[ServerConnection], Awaitable[None]], **options: Any):
        self.loop = asyncio.new_event_loop()
        self._serve, self._options = serve, options
        self._ready, self._ending = threading.Event(), asyncio.Event()
        self.port = 0
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))

    async def _run(self) -> None:
        options = {"subprotocols": list(SIDES), "ping_interval": None, **self._options}
        async with websockets.serve(self._serve, "127.0.0.1", self.port, **options) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._ending.wait()

    def __enter__(self) -> Any:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(60)

    def do(self, work: Coroutine[Any, Any, Any], seconds: float = 60) -> Any:
        """Run a coroutine on the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"


class PythonCsms(ThreadedServer):
    """The third-party CSMS: `csms.wire` has the frames, `csms.call` makes a Call.

    `answers`: what a test of 2.x wants answered otherwise than csms_2x.py says.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(self._serve_station, **options)
        self.wire = Wire()
        self.sides: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}
        self._links = itertools.count(1)

    async def _serve_station(self, socket: ServerConnection) -> None:
        station = unquote(socket.request.path.rsplit("/", 1)[-1])
        connection = NotedConnection(self.wire, station, socket, next(self._links))
        side = SIDES[socket.subprotocol](station, connection)
        side.answers = self.answers
        self.sides[station] = side
        with contextlib.suppress(websockets.ConnectionClosed):
            await side.start()

    def call(self, station: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Make a Call; returns the result's payload, raises the library's error for a CallError.

        The library checks both payloads by its schemas.
        """
        side = self.sides[station]
        names = camel_to_snake_case(payload)
        if snake_to_camel_case(names) != payload:
            return self.do(call_verbatim(side, action, payload))
        request = getattr(CALLS[type(side)], action)(**names)
        result = self.do(side.call(request, suppress=False))
        return remove_nones(snake_to_camel_case(serialize_as_dict(result)))

    def drop(self, station: str) -> None:
        """Cut the station's connection without a close handshake."""
        self.loop.call_soon_threadsafe(self.sides[station]._connection.socket.transport.abort)

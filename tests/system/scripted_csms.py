"""A CSMS that answers a station's Calls and otherwise sends exactly what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection

from benchmarks.processes import wait_until

from .csms import ThreadedServer, now
from .wire import Seen, Wire

ANSWERS_16 = {
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"transactionId": 1, "idTagInfo": {"status": "Accepted"}},
    "StopTransaction": {},
    "DataTransfer": {"status": "Accepted"},
}
ANSWERS_201 = {"Authorize": {"idTokenInfo": {"status": "Accepted"}}}


class ScriptedCsms(ThreadedServer):
    def __init__(self) -> None:
        super().__init__(self._serve_station, max_size=None)
        self.wire = Wire()
        self.sockets: dict[str, ServerConnection] = {}
        self.closes: list[tuple[str, int | None]] = []
        self._links = itertools.count(1)

    async def _serve_station(self, socket: ServerConnection) -> None:
        station, link = socket.request.path.rsplit("/", 1)[-1], next(self._links)
        self.sockets[station] = socket
        try:
            async for text in socket:
                self.wire.note(station, True, text, link)
                message = json.loads(text)
                if message[0] == 2:
                    answer = json.dumps([3, message[1], self._answer(message[2], socket)])
                    self.wire.note(station, False, answer, link)
                    # What it said before it went is still to be read.
                    with contextlib.suppress(websockets.ConnectionClosed):
                        await socket.send(answer)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.closes.append((station, socket.close_code))

    def _answer(self, action: str, socket: ServerConnection) -> dict[str, Any]:
        if action == "BootNotification":
            return {"currentTime": now(), "interval": 3600, "status": "Accepted"}
        if action == "Heartbeat":
            return {"currentTime": now()}
        answers = ANSWERS_16 if socket.subprotocol == "ocpp1.6" else ANSWERS_201
        return answers.get(action, {})

    def send(self, station: str, *frames: str | bytes, text: bool | None = None) -> None:
        """Send these messages without a pause; bytes go as a binary message unless text=True."""

        async def write() -> None:
            for frame in frames:
                if isinstance(frame, str):
                    self.wire.note(station, False, frame)
                # The station may close on what it reads before all of it is written.
                with contextlib.suppress(websockets.ConnectionClosed):
                    await self.sockets[station].send(frame, text=text)

        self.do(write())

    def write_raw(self, station: str, data: bytes) -> None:
        """Put bytes on the TCP connection as they are."""

        async def write() -> None:
            self.sockets[station].transport.write(data)

        self.do(write())

    def answers(self, station: str, unique_id: str) -> list[list[Any]]:
        """What the station has answered to this id so far."""
        return [
            frame.message
            for frame in self.wire.frames(station)
            if frame.received and frame.message[0] in (3, 4) and frame.message[1] == unique_id
        ]

    def await_answers(self, station: str, unique_id: str, number: int = 1) -> list[list[Any]]:
        return wait_until(
            lambda: (found := self.answers(station, unique_id)) and len(found) >= number and found,
            60, f"{number} answers to {unique_id}; last: {self.wire.frames(station)[-3:]}", 0.005,
        )  # fmt: skip

    def links(self, station: str) -> int:
        """How many connections the station has booted or reported on."""
        return len({frame.link for frame in self.wire.frames(station) if frame.received})

    def await_up(self, station: str, seconds: float = 60) -> None:
        def up() -> bool:
            socket = self.sockets.get(station)
            return socket is not None and socket.state is websockets.State.OPEN

        wait_until(up, seconds, f"{station} is connected")

    def idle(self) -> None:
        """Let what was written reach the other side's kernel."""
        self.do(asyncio.sleep(0))

    def last(self, station: str) -> Seen:
        return self.wire.frames(station)[-1]

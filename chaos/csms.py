"""The harness's own CSMS, outside of all that is killed: `python -m chaos.csms`.

It keeps every frame of both directions, answers what it is asked, makes Calls of its own, and can
be silent, close at once, refuse, or go away. Stations reach it through a proxy on its own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import itertools
import json
import time
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.server import Server, ServerConnection

from benchmarks.child import obey
from benchmarks.processes import raise_file_limit
from chaos.answers import Answers
from chaos.dialogue import Dialogue, Options
from chaos.proxy import Proxy
from chaos.record import CLOSED, OPENED, SENT, TOLD, Recording, Seen

VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}
ANSWERING, SILENT, CLOSING, REFUSING, AWAY = "answering", "silent", "closing", "refusing", "away"
PATIENCE = 15.0  # seconds for a station to answer


class Link:
    """One connection of a station."""

    def __init__(self, csms: Csms, number: int, socket: ServerConnection) -> None:
        self.csms, self.number, self.socket = csms, number, socket
        self.station = socket.request.path.rsplit("/", 1)[-1]
        self.version = VERSIONS[socket.subprotocol]
        self.waiting: dict[str, asyncio.Future] = {}

    def note(self, kind: str, text: str) -> None:
        seen = Seen(round(time.monotonic(), 4), round(time.time(), 4), self.number, kind, text)
        self.csms.recording.note(self.station, seen)

    async def serve(self) -> None:
        async for text in self.socket:
            self.note(SENT, text)
            message = json.loads(text)
            if message[0] == 2:
                # What it said before it went is still to be read.
                with contextlib.suppress(websockets.ConnectionClosed):
                    await self._answer(*message[1:4])
            elif message[0] in (3, 4):
                self._answered(message)

    def _answered(self, message: list[Any]) -> None:
        future = self.waiting.pop(message[1], None)
        if future is not None and not future.done():
            future.set_result(message[2] if message[0] == 3 else None)

    async def _answer(self, uid: str, action: str, payload: dict[str, Any]) -> None:
        if self.csms.mode == SILENT:
            return
        answer = self.csms.answers.to(self.station, self.version, action, payload)
        if answer is None:
            reply = [4, uid, "NotImplemented", f"{action} is not for this CSMS", {}]
        else:
            reply = [3, uid, answer]
        await self.tell(json.dumps(reply))
        self.csms.served(self, uid)
        self.csms.dialogue(self.station, self.version).heard(action, payload, answer)

    async def tell(self, text: str) -> None:
        # First the note: what was written may have been answered before we run again.
        self.note(TOLD, text)
        await self.socket.send(text)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """The result; None for a CallError. Raises TimeoutError or ConnectionClosed."""
        uid = f"csms-{next(self.csms.uids)}"
        future = self.waiting[uid] = asyncio.get_running_loop().create_future()
        try:
            await self.tell(json.dumps([2, uid, action, payload]))
            return await asyncio.wait_for(future, PATIENCE)
        finally:
            self.waiting.pop(uid, None)

    def ended(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())


class Csms:
    def __init__(self, directory: Path, options: Options) -> None:
        self.recording = Recording(directory)
        self.answers = Answers()
        self.options = options
        self.mode = ANSWERING
        self.links: dict[str, Link] = {}  # the newest of each station
        self.uids = itertools.count(1)
        self.opened = 0
        self.proxy: Proxy | None = None
        self._server: Server | None = None
        self._port = 0
        self._dialogues: dict[str, Dialogue] = {}
        self._served: dict[str, tuple[float, int, str]] = {}  # station -> when, link, uid

    # --- connections -------------------------------------------------------------------------

    async def listen(self) -> int:
        """The port of the proxy before it: stations go there."""
        await self._open()
        self.proxy = Proxy(self._port)
        return await self.proxy.listen()

    async def _open(self) -> None:
        self._server = await websockets.serve(
            self._accept, "127.0.0.1", self._port, subprotocols=list(VERSIONS), compression=None,
            ping_interval=None, max_size=None, process_request=self._look, close_timeout=1,
        )  # fmt: skip
        self._port = self._server.sockets[0].getsockname()[1]

    async def _look(self, socket: ServerConnection, request: Any) -> Any:
        if self.mode == REFUSING:
            return socket.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "come back later\n")
        return None

    async def _accept(self, socket: ServerConnection) -> None:
        self.opened += 1
        link = Link(self, self.opened, socket)
        link.note(OPENED, self.mode)
        if self.mode == CLOSING:
            await socket.close(1001, "not now")
            link.note(CLOSED, str(socket.close_code))
            return
        self.links[link.station] = link
        self.dialogue(link.station, link.version)
        try:
            with contextlib.suppress(websockets.ConnectionClosed):
                await link.serve()
        finally:
            link.ended()
            link.note(CLOSED, str(socket.close_code))
            if self.links.get(link.station) is link:
                del self.links[link.station]

    async def change(self, mode: str) -> None:
        before, self.mode = self.mode, mode
        if mode in (CLOSING, REFUSING):
            self._drop_all()
        elif mode == AWAY:
            self._server.close(close_connections=False)
            self._drop_all()
            await self._server.wait_closed()
        if before == AWAY and mode != AWAY:
            await self._open()

    def _drop_all(self) -> None:
        for link in list(self.links.values()):
            link.socket.transport.abort()

    # --- being in service --------------------------------------------------------------------

    def served(self, link: Link, uid: str) -> None:
        moment = time.monotonic()
        self._served[link.station] = (moment, link.number, uid)

    def in_service(self, since: float, stations: list[str]) -> dict[str, str]:
        """{station: the id of its last Call}, of those that spoke on an open link after `since`."""
        found = {}
        for station in stations:
            moment, number, uid = self._served.get(station, (0.0, 0, ""))
            link = self.links.get(station)
            if moment > since and link is not None and link.number == number:
                found[station] = uid
        return found

    # --- its own Calls -----------------------------------------------------------------------

    def dialogue(self, station: str, version: str) -> Dialogue:
        talk = self._dialogues.get(station)
        if talk is None:
            talk = Dialogue(station, version, self.options, lambda: self._way_to(station))
            self._dialogues[station] = talk
        return talk

    def _way_to(self, station: str) -> Any:
        return self.links.get(station) if self.mode == ANSWERING else None

    def talk(self, on: bool) -> None:
        for dialogue in self._dialogues.values():
            dialogue.talk(on)

    async def quiet(self) -> None:
        await asyncio.gather(*(dialogue.quiet() for dialogue in self._dialogues.values()))

    async def verify(self) -> dict[str, list[str]]:
        """What was accepted and is not there any more, by station."""
        talks = self._dialogues.items()
        found = await asyncio.gather(*(talk.verify() for _, talk in talks))
        return {name: lost for (name, _), lost in zip(talks, found, strict=True) if lost}

    def counts(self) -> dict[str, Any]:
        acts: dict[str, int] = {}
        for dialogue in self._dialogues.values():
            for name, count in dialogue.counts.items():
                acts[name] = acts.get(name, 0) + count
        return {"connections": self.opened, "linked": len(self.links), "calls": acts}


async def main() -> None:
    csms: Csms | None = None

    async def order(do: str, given: dict[str, Any]) -> Any:
        nonlocal csms
        match do:
            case "listen":
                csms = Csms(Path(given["directory"]), Options(**given["options"]))
                return await csms.listen()
            case "mode":
                return await csms.change(given["mode"])
            case "network":
                return await csms.proxy.set(given["mode"])
            case "reset":
                return csms.proxy.reset()
            case "in service":
                return csms.in_service(given["since"], given["stations"])
            case "talk":
                return csms.talk(given["on"])
            case "quiet":
                return await csms.quiet()
            case "verify":
                return await csms.verify()
            case "counts":
                return csms.counts()
            case "flush":
                return csms.recording.flush()
        raise ValueError(f"unknown order {do}")

    await obey(order)


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(main())

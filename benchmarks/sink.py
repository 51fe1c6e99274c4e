"""A CSMS that answers every Call with a canned, valid result and counts. As cheap as can be.

Runs by itself: `python -m benchmarks.sink`, orders on stdin (see benchmarks.child). It is the
same other side for our worker and for the bare client.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from benchmarks.child import obey
from benchmarks.processes import raise_file_limit

BACKLOG = 4096
READINGS = ("MeterValues", "TransactionEvent")
SUBPROTOCOLS = (b"ocpp1.6", b"ocpp2.0.1", b"ocpp2.1")


class Sink:
    """What all connections share."""

    def __init__(self) -> None:
        self.interval = 86400
        self.calls: Counter[str] = Counter()
        self.results = 0
        self.errors = 0
        self.links: dict[str, Link] = {}
        self.first_connect = self.last_boot = 0.0
        self.newest: dict[str, str] = {}
        self.transaction = itertools.count(1)
        self.server: asyncio.Server | None = None
        self.port = 0
        self._uid = itertools.count(1)

    async def orders(self, do: str, order: dict[str, Any]) -> Any:
        match do:
            case "listen":
                self.interval = order.get("interval", self.interval)
                await self._listen()
                return self.port
            case "interval":
                self.interval = order["seconds"]
            case "mark":
                for link in self.links.values():
                    link.said.clear()
            case "said":
                return self.said(order["action"])
            case "stats":
                return self.stats()
            case "reset":
                self.calls.clear()
                self.results = self.errors = 0
                self.first_connect = self.last_boot = 0.0
            case "newest":
                return self.newest.get(order["action"])
            case "call":
                return await self.call(order["action"], order["payload"], order["over"])
            case _:
                raise ValueError(f"unknown order {do}")
        return None

    async def _listen(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = listening.getsockname()[1]
        self.server = await ws_create_server(
            self.accept, sock=listening, backlog=BACKLOG, websocket_handshake_timeout=60,
            read_buffer_init_size=2048,
        )  # fmt: skip

    def accept(self, request: WSUpgradeRequest) -> Any:
        link = Link(self, request.path.rsplit(b"/", 1)[-1].decode())
        offered = request.headers.get("Sec-WebSocket-Protocol", "").encode()
        chosen = next((name for name in SUBPROTOCOLS if name in offered.split(b", ")), None)
        if chosen is None:
            chosen = next((name for name in SUBPROTOCOLS if name in offered), None)
        link.v2 = chosen not in (None, SUBPROTOCOLS[0])
        headers = {"Sec-WebSocket-Protocol": chosen.decode()} if chosen else {}
        response = WSUpgradeResponse.create_101_response(headers)
        return WSUpgradeResponseWithListener(response, link)

    def stats(self) -> dict[str, Any]:
        return {
            "time": time.time(),
            "connected": len(self.links),
            "calls": dict(self.calls),
            "total": sum(self.calls.values()),
            "results": self.results,
            "errors": self.errors,
            "first_connect": self.first_connect,
            "last_boot": self.last_boot,
        }

    def said(self, action: str) -> dict[str, int]:
        """Of the stations that are connected: Calls of this kind since their "mark"."""
        counts = [link.said[action] for link in self.links.values()]
        least, most = min(counts, default=0), max(counts, default=0)
        return {"stations": len(counts), "least": least, "most": most, "total": sum(counts)}

    async def call(self, action: str, payload: dict, over: float) -> int:
        """Send one Call to each station, spread evenly over so many seconds."""
        chosen = list(self.links.values())
        began = time.monotonic()
        for number, link in enumerate(chosen):
            frame = orjson.dumps([2, f"sink-{next(self._uid)}", action, payload])
            link.transport.send(WSMsgType.TEXT, frame)
            ahead = number / len(chosen) * over - (time.monotonic() - began)
            if ahead > 0.005:
                await asyncio.sleep(ahead)
        return len(chosen)

    def answer(self, action: str, v2: bool) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        match action:
            case "Heartbeat":
                return {"currentTime": now}
            case "BootNotification":
                self.last_boot = time.time()
                return {"currentTime": now, "interval": self.interval, "status": "Accepted"}
            case "Authorize":
                return {"idTokenInfo" if v2 else "idTagInfo": {"status": "Accepted"}}
            case "StartTransaction":
                accepted = {"status": "Accepted"}
                return {"transactionId": next(self.transaction), "idTagInfo": accepted}
            case "StopTransaction":
                return {"idTagInfo": {"status": "Accepted"}}
            case "DataTransfer":
                return {"status": "Accepted"}
            case _:
                return {}


class Link(WSListener):
    """One station's connection."""

    def __init__(self, sink: Sink, identity: str) -> None:
        self.sink = sink
        self.identity = identity
        self.transport: WSTransport | None = None
        self.v2 = False
        self.said: Counter[str] = Counter()  # since the last "mark"

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.sink.links[self.identity] = self
        if not self.sink.first_connect:
            self.sink.first_connect = time.time()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.sink.links.get(self.identity) is self:
            del self.sink.links[self.identity]

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close()
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        message = orjson.loads(text)
        if message[0] == 2:
            action = message[2]
            self.sink.calls[action] += 1
            self.said[action] += 1
            if action in READINGS or action == "BootNotification":
                self.sink.newest[action] = text.decode()
            answer = self.sink.answer(action, self.v2)
            transport.send(WSMsgType.TEXT, orjson.dumps([3, message[1], answer]))
        elif message[0] == 3:
            self.sink.results += 1
        else:
            self.sink.errors += 1


async def main() -> None:
    await obey(Sink().orders)


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())

"""A small CSMS on real sockets: answers what it knows and does what a test tells it to."""

import asyncio
import json
import ssl
import zlib
from datetime import UTC, datetime

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)  # fmt: skip


class SinkConnection(WSListener):
    """One charge point's connection, as the CSMS has it."""

    def __init__(self, sink: "Sink", request: WSUpgradeRequest) -> None:
        self.sink = sink
        self.identity = request.path.decode().rsplit("/", 1)[-1]
        self.headers = request.headers
        self.transport: WSTransport | None = None
        self.received: list[list] = []
        self.closed_with: int | None = None
        self.pings = self.pongs = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.sink.connections.append(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        match frame.msg_type:
            case WSMsgType.TEXT:
                data = frame.get_payload_as_bytes()
                if frame.rsv1:  # RFC 7692, 7.2.2
                    data = zlib.decompressobj(-15).decompress(data + b"\x00\x00\xff\xff")
                self._text(data.decode())
            case WSMsgType.PING:
                self.pings += 1
                if self.sink.answers_pings:
                    transport.send_pong(frame.get_payload_as_bytes())
            case WSMsgType.PONG:
                self.pongs += 1
            case WSMsgType.CLOSE:
                self.closed_with = int(frame.get_close_code())
                if not transport.is_close_frame_sent:
                    transport.send_close(frame.get_close_code())
                transport.disconnect()

    def _text(self, text: str) -> None:
        message = json.loads(text)
        self.received.append(message)
        if message[0] == 2 and self.sink.answers:
            self.send(json.dumps([3, message[1], self.sink.answer(message[2])]))

    def send(self, text: str) -> None:
        self.transport.send(WSMsgType.TEXT, text.encode())

    def actions(self) -> list[str]:
        return [message[2] for message in self.received if message[0] == 2]

    def close(self, code: int = 1001) -> None:
        self.transport.send_close(code, b"as told")

    def kill(self) -> None:
        """The connection breaks without a close frame."""
        self.transport.disconnect(False)


class Sink:
    """Use as `async with Sink() as sink`; `subprotocol` None: none is agreed."""

    def __init__(self) -> None:
        self.connections: list[SinkConnection] = []
        self.requests: list[WSUpgradeRequest] = []
        self.subprotocol: str | None = "ocpp1.6"
        self.answers = self.answers_pings = True
        self.more_headers: list[tuple[str, str]] = []
        self.status = 101
        self.tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> "Sink":
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.shut()

    async def open(self) -> None:
        self._server = await ws_create_server(
            self._accept, "127.0.0.1", self.port, ssl=self.tls,
            enable_auto_pong=False, logger_name="sink",
        )  # fmt: skip
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Stop listening and break every connection."""
        self._server.close()
        for connection in self.live():
            connection.kill()
        await asyncio.sleep(0)

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/ocpp"

    def live(self) -> list[SinkConnection]:
        return [c for c in self.connections if not c.transport.is_disconnected]

    def _accept(self, request: WSUpgradeRequest) -> object:
        self.requests.append(request)
        if self.status != 101:
            return WSUpgradeResponseWithListener(
                WSUpgradeResponse.create_error_response(self.status, b"no"), None
            )
        headers = {"Sec-WebSocket-Protocol": self.subprotocol} if self.subprotocol else {}
        response = WSUpgradeResponse.create_101_response([*headers.items(), *self.more_headers])
        return WSUpgradeResponseWithListener(response, SinkConnection(self, request))

    def answer(self, action: str) -> dict:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 300}
            case "Heartbeat":
                return {"currentTime": now}
            case "StartTransaction":
                return {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
            case "Authorize":
                return {"idTagInfo": {"status": "Accepted"}}
        return {}

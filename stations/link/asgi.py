"""The link of a charge point that an ASGI server serves, as tests and Channels' own tools do."""

import asyncio
from typing import Any

from chargepoint.config import StationConfig
from stations.link.targets import TlsOptions


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

    def pause(self, on: bool) -> None:
        """Nothing is taken from the server while the gate is shut."""

    def cut(self) -> None:
        """No server lets go of a socket without a close frame."""
        self.carry({"type": "websocket.close", "code": 1001, "reason": "no power"})

    def connect(self, pause: float) -> None:
        """The other side dials."""

    def tls(self) -> TlsOptions | None:
        return None

    def offered(self) -> tuple[StationConfig, ...]:
        """The other side offers; the station takes its own version."""
        return ()

    def describe(self) -> dict[str, Any]:
        return {"state": "open", "error": "", "attempt": 0, "next": None}

    def finish(self) -> None:
        self._events.put_nowait(None)

    async def run(self) -> None:
        while (event := await self._events.get()) is not None:
            await self._send(event)

"""Live viewers: WebSocket clients of ws/messages that acknowledge what they get, as a page does.

A process of its own (`python -m benchmarks.viewers`), orders on stdin.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop
import websockets

from benchmarks.child import obey
from benchmarks.processes import raise_file_limit
from runtime import lifetime


def _origin(url: str) -> str:
    """What a browser would send: the page comes from the same server."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}"


class Viewers:
    def __init__(self) -> None:
        self.tasks: list[asyncio.Task] = []
        self.changed = asyncio.Condition()
        self.open = self.rows = self.missed = self.lost = 0

    async def orders(self, do: str, order: dict[str, Any]) -> Any:
        match do:
            case "open":
                await self.start(order["url"], order["token"], order["viewers"])
            case "stats":
                return {"open": self.open, "rows": self.rows, "missed": self.missed,
                        "lost": self.lost}  # fmt: skip
            case "close":
                await lifetime.end(self.tasks)
                self.tasks.clear()
            case _:
                raise ValueError(f"unknown order {do}")
        return None

    async def start(self, url: str, token: str, viewers: int) -> None:
        for _ in range(viewers):
            self.tasks.append(asyncio.create_task(self.view(url, token)))
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: self.open >= viewers)

    async def view(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with websockets.connect(
            url, origin=_origin(url), additional_headers=headers, max_size=None,
            open_timeout=60, proxy=None,
        ) as socket:  # fmt: skip
            async with self.changed:
                self.open += 1
                self.changed.notify_all()
            try:
                async for text in socket:
                    message = orjson.loads(text)
                    if message["type"] == "messages":
                        self.rows += len(message["items"])
                        ack = {"type": "ack", "serial": message["serial"]}
                        await socket.send(orjson.dumps(ack).decode())
                    elif message["type"] == "missed":
                        self.missed += message["count"]
                self.lost += 1
            finally:
                self.open -= 1


async def main() -> None:
    await obey(Viewers().orders)


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())

"""A TCP proxy of our own: where the network is cut.

`Proxy` forwards bytes between whoever connects and a port. It can reset what is open, swallow
everything (a black hole), or hold everything still (half-open) and let it go again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

from benchmarks.child import obey
from benchmarks.processes import raise_file_limit

OPEN, BLACK_HOLE, HELD, REFUSING = "open", "black-hole", "held", "refusing"
CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no FIN, no TIME_WAIT, but RST


class Pipe:
    """One connection through the proxy: two sockets, a task each way."""

    def __init__(self, proxy: Proxy, client: Any, server: Any) -> None:
        self.proxy = proxy
        self.ends = (client, server)
        self.lost = False  # bytes were swallowed: it can never be whole again

    async def run(self) -> None:
        (up_in, up_out), (down_in, down_out) = self.ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(up_in, down_out))
                group.create_task(self._copy(down_in, up_out))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await self.proxy.flowing.wait()
            data = await reader.read(CHUNK)
            if self.proxy.mode == HELD:
                await self.proxy.flowing.wait()
            if self.proxy.mode == BLACK_HOLE:
                self.lost = True
                if not data:
                    return
                continue
            if not data:
                raise ConnectionAbortedError  # ends the other direction too
            writer.write(data)
            await writer.drain()

    def close(self, reset: bool = False) -> None:
        for _, writer in self.ends:
            with contextlib.suppress(Exception):
                if reset:
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    writer.transport.abort()
                else:
                    writer.close()


class Proxy:
    """Listens on a port of its own and forwards to `target` (a port on loopback)."""

    def __init__(self, target: int, path: str = "") -> None:
        self.target, self.path = target, path  # path: of a Unix socket, in place of a port
        self.mode = OPEN
        self.port = 0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._pipes: set[Pipe] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> int:
        if self.path:
            self._server = await asyncio.start_unix_server(
                self._accept, self.path, backlog=1024, limit=CHUNK
            )
            return 0
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, backlog=1024, limit=CHUNK
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == REFUSING:
            writer.transport.abort()
            return
        if self.mode in (BLACK_HOLE, HELD):
            # The kernel has accepted; the other side is never told.
            await self.flowing.wait()
            while self.mode == BLACK_HOLE and await reader.read(CHUNK):
                pass
            if self.mode != OPEN:
                writer.transport.abort()
                return
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        pipe = Pipe(self, (reader, writer), server)
        self._pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self._pipes.discard(pipe)

    async def set(self, mode: str) -> None:
        """Change the weather. What was held or swallowed is reset when it clears up."""
        before, self.mode = self.mode, mode
        if mode == HELD:
            self.flowing.clear()
        elif mode == REFUSING:
            self.reset()
        if mode == OPEN:
            if before == BLACK_HOLE:
                self.reset(lambda pipe: pipe.lost)
            elif before == HELD:
                # What a peer sent into a link that it has given up since is lost with the link.
                self.reset(_given_up)
            self.flowing.set()

    def reset(self, which: Any = lambda pipe: True) -> int:
        """Tear down connections as a dying router does; returns how many."""
        chosen = [pipe for pipe in self._pipes if which(pipe)]
        for pipe in chosen:
            pipe.close(reset=True)
        return len(chosen)


def _given_up(pipe: Pipe) -> bool:
    """One of the two ends has sent its FIN or RST while nobody looked."""
    for _, writer in pipe.ends:
        raw = writer.get_extra_info("socket")
        if raw is None:
            return True
        try:
            state = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        except OSError:
            return True
        if state != 1:  # TCP_ESTABLISHED
            return True
    return False


async def main() -> None:
    """Orders: open(name, target, path) -> port; set(name, mode); reset(name) -> connections."""
    proxies: dict[str, Proxy] = {}

    async def order(do: str, given: dict[str, Any]) -> Any:
        name = given["name"]
        match do:
            case "open":
                proxies[name] = Proxy(given["target"], given.get("path", ""))
                return await proxies[name].listen()
            case "set":
                return await proxies[name].set(given["mode"])
            case "reset":
                return proxies[name].reset()
        raise ValueError(f"unknown order {do}")

    await obey(order)


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(main())

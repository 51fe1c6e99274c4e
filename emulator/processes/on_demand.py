"""A page whose server is started at the first look at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from emulator.processes.preflight import CannotStart

PATIENCE = 5.0  # seconds for a client to say what it wants
LARGEST = 65536  # bytes of its request
PAUSE = 5.0  # seconds after a start that failed
PAGE = b"<!doctype html><title>Starting</title><p>It is being started; this page comes again.</p>"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nRefresh: 1\r\n"
    b"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
) % (len(PAGE), PAGE)


async def at_first_look(port: int, start: Callable[[], Awaitable[None]], say: Callable) -> None:
    """Answer on a port of loopback until somebody asks; then leave it to what `start` starts.

    start  returns once that serves the port; raises CannotStart
    """
    while True:
        try:
            await _asked(port)
            return await start()
        except (CannotStart, OSError) as problem:
            say(f"  port {port}: {problem}")
            await asyncio.sleep(PAUSE)


async def _asked(port: int) -> None:
    """Until a client was told to come again."""
    told = asyncio.Event()

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(ANSWER)
                await writer.drain()
                told.set()
        writer.close()

    async with await asyncio.start_server(tell, "127.0.0.1", port, limit=LARGEST):
        await told.wait()

"""A page whose server is started at the first look at it: real sockets."""

from __future__ import annotations

import asyncio
import contextlib

from benchmarks.processes import free_port
from emulator.processes.on_demand import at_first_look
from emulator.processes.preflight import CannotStart
from runtime import lifetime

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def look(port: int) -> bytes:
    """The answer to a browser; asked again until somebody listens."""
    while True:
        with contextlib.suppress(ConnectionError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            answer = await reader.read()
            writer.close()
            return answer
        await asyncio.sleep(0.01)


class Page:
    """What is started: it says "here" to whoever connects."""

    def __init__(self, port: int, failures: int = 0) -> None:
        self.port, self.failures, self.starts = port, failures, 0
        self.server: asyncio.Server | None = None

    async def start(self) -> None:
        self.starts += 1
        if self.starts <= self.failures:
            raise CannotStart("not today")
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)

    async def _answer(self, reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"here")
        writer.close()


async def test_nothing_is_started_until_somebody_looks():
    port = free_port()
    page = Page(port)
    task = asyncio.create_task(at_first_look(port, page.start, print))
    # A connection that asks nothing, as a check of the port makes, is no look.
    while True:
        with contextlib.suppress(ConnectionError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        await asyncio.sleep(0.01)
    writer.close()
    answer = await look(port)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"\r\nRefresh: 1\r\n" in answer
    await asyncio.wait_for(task, 30)
    assert page.starts == 1 and await look(port) == b"here"
    page.server.close()


async def test_a_start_that_fails_is_said_and_tried_at_the_next_look(monkeypatch):
    monkeypatch.setattr("emulator.processes.on_demand.PAUSE", 0.0)
    port, said = free_port(), []
    page = Page(port, failures=1)
    task = asyncio.create_task(at_first_look(port, page.start, said.append))
    await look(port)
    while not said:  # noqa: ASYNC110 - a list tells nobody
        await asyncio.sleep(0.01)
    assert "not today" in said[0]
    await look(port)
    await asyncio.wait_for(task, 30)
    assert page.starts == 2
    page.server.close()


async def test_it_ends_when_told_to():
    task = asyncio.create_task(at_first_look(free_port(), lambda: None, print))
    await asyncio.sleep(0)
    await lifetime.end([task])
    assert task.cancelled()

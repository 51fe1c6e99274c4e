"""An HTTP proxy on loopback that tunnels by CONNECT (RFC 9110, 9.3.6)."""

import asyncio
import base64
import contextlib


class HttpProxy:
    """Use as `async with`. `login`: (user, password) that it asks for.

    `answer`: bytes that it sends in place of a tunnel; b"" closes without a word, None is the
    usual. `heads`: the heads of the requests.
    """

    def __init__(self) -> None:
        self.login: tuple[str, str] | None = None
        self.answer: bytes | None = None
        self.holds = False  # keeps the connection open behind `answer`
        self.heads: list[str] = []
        self.tunnels = 0
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> "HttpProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader, writer) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader, writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        self.heads.append(head)
        method, authority, _ = head.split("\r\n")[0].split(" ")
        refusal = self.answer
        if refusal is None and not self._knows(head):
            refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        if refusal is not None or method != "CONNECT":
            writer.write(refusal or b"")
            await writer.drain()
            if self.holds:
                await reader.read()
            return
        host, _, port = authority.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
        self.tunnels += 1
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()

    def _knows(self, head: str) -> bool:
        if self.login is None:
            return True
        wanted = base64.b64encode(":".join(self.login).encode()).decode()
        return f"\r\nProxy-Authorization: Basic {wanted}\r\n" in head


async def _pump(reader, writer) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()

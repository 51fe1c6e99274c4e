"""Servers of files on loopback: HTTP(S) in this loop, FTP(S) in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path
from typing import Any

from aiohttp import web
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer


class HttpFiles:
    """`answer` may replace what GET does; `methods` are those that take an upload."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.files: dict[str, bytes] = {}
        self.uploaded: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, str]] = []  # method, path, Authorization
        self.methods = ("PUT", "POST")
        self.status = 200
        self.answer: Any = None
        self.tls = tls
        self.host = host
        self.busy = self.most_busy = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def __aenter__(self) -> HttpFiles:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, 0, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.place = f"{self.host}:{self.port}"
        self.url = f"{'https' if self.tls else 'http'}://{self.place}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.hold.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(
            (request.method, request.path, request.headers.get("Authorization", ""))
        )
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        try:
            await self.hold.wait()
            return await self._answered(request)
        finally:
            self.busy -= 1

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:
            return web.Response(status=self.status)
        if request.method == "GET":
            if self.answer is not None:
                return await self.answer(request)
            if request.path not in self.files:
                return web.Response(status=404)
            return web.Response(body=self.files[request.path])
        if request.method not in self.methods:
            return web.Response(status=405)
        if request.content_type.startswith("multipart/"):
            self.uploaded[request.path] = (await request.post())["file"].file.read()
        else:
            self.uploaded[request.path] = await request.read()
        return web.Response(status=201)


class FtpFiles:
    """Use as `with FtpFiles(directory) as server`; the user is `box`, the password `s%cret`."""

    def __init__(self, directory: Path, pem: Path | None = None, may: str = "elradfmw") -> None:
        self.directory, self.pem, self.may = directory, pem, may

    def __enter__(self) -> FtpFiles:
        people = DummyAuthorizer()
        people.add_user("box", "s%cret", str(self.directory), perm=self.may)
        members: dict[str, Any] = {"authorizer": people, "auth_failed_timeout": 0}
        base = FTPHandler
        if self.pem is not None:
            base = TLS_FTPHandler
            members |= {
                "certfile": str(self.pem), "tls_control_required": True, "tls_data_required": True,
            }  # fmt: skip
        self._loop = IOLoop()
        handler = type("Handler", (base,), members)
        self._server = FTPServer(("127.0.0.1", 0), handler, ioloop=self._loop)
        self.port = self._server.socket.getsockname()[1]
        scheme = "ftps" if self.pem else "ftp"
        self.url = f"{scheme}://box:s%25cret@127.0.0.1:{self.port}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._loop.loop(timeout=0.02, blocking=False)
        self._server.close_all()

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join(60)

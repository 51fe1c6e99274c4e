"""The server: ws://host:port/<anything>/<identity>, subprotocol ocpp1.6, ocpp2.0.1 or ocpp2.1."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import http
import logging
import random
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from ocpp.exceptions import OCPPError
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from democsms.control import application
from democsms.office import Office, now
from democsms.point import Point, Refused
from democsms.v16 import Point16
from democsms.v21 import Point21
from democsms.v201 import Point201

VERSIONS: dict[str, type[Point]] = {
    "ocpp1.6": Point16,
    "ocpp2.0.1": Point201,
    "ocpp2.1": Point21,
}
# Seconds: how long a station rests and charges in the demo loop.
REST, CHARGE = (20, 60), (60, 180)
MOST_BYTES = 2**22


@dataclass
class Doors:
    """Where it listens, on one host; 0: a free port is taken, None: not at all.

    wrap: what stands between the CSMS and the wire, for tests: a connection and the station's
    identity to something with `recv` and `send`. tls: of tls_port. select: which sub-protocol is
    confirmed, as `websockets` asks; the usual: the first of ours, or HTTP 400.
    """

    host: str = "127.0.0.1"
    port: int | None = 9220
    control_host: str = "127.0.0.1"
    control_port: int | None = None
    tls_port: int | None = None
    tls: ssl.SSLContext | None = None
    wrap: Callable[[Any, str], Any] = lambda connection, identity: connection
    select: Callable[[ServerConnection, Sequence[str]], str | None] | None = None


async def serve(doors: Doors, office: Office, demo: bool = False) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with serving(doors, office, demo):
        print(f"{now()} demo CSMS on ws://{doors.host}:{doors.port}/<identity>", flush=True)
        if doors.tls_port is not None:
            print(f"{now()} and on wss://{doors.host}:{doors.tls_port}/<identity>", flush=True)
        if doors.control_port is not None:
            where = f"http://{doors.control_host}:{doors.control_port}"
            print(f"{now()} its control port is {where}/api/octt/", flush=True)
        await ended.wait()


@contextlib.asynccontextmanager
async def serving(doors: Doors, office: Office, demo: bool = False) -> AsyncIterator[Doors]:
    """The CSMS while the block lasts; `doors` then has the ports that were taken."""
    logging.getLogger("ocpp").setLevel(logging.ERROR)  # it would print each message once more

    async def on_connection(connection: ServerConnection) -> None:
        await attend(connection, office, doors.wrap, demo)

    async with contextlib.AsyncExitStack() as stack:
        for name, tls in (("port", None), ("tls_port", doors.tls or _tls(doors, office))):
            if getattr(doors, name) is None:
                continue
            # websockets itself answers 400 to a client that offers none of these subprotocols.
            server = await stack.enter_async_context(
                listen(
                    on_connection, doors.host, getattr(doors, name), ssl=tls, compression=None,
                    subprotocols=list(VERSIONS), max_size=MOST_BYTES,
                    select_subprotocol=doors.select,
                    process_request=lambda connection, request: admit(office, connection, request),
                )
            )  # fmt: skip
            setattr(doors, name, server.sockets[0].getsockname()[1])
        if doors.control_port is not None:
            doors.control_port = await _control(stack, doors, office)
        yield doors


def _tls(doors: Doors, office: Office) -> ssl.SSLContext | None:
    """Of a certificate by the CSMS's own authority."""
    return None if doors.tls_port is None else office.authority.context(doors.host)


async def _control(stack: contextlib.AsyncExitStack, doors: Doors, office: Office) -> int:
    runner = web.AppRunner(application(office), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, doors.control_host, doors.control_port)
    await site.start()
    return runner.addresses[0][1]


def identity_of(path: str) -> str:
    """The last part of the request's path."""
    return unquote(path.partition("?")[0].rstrip("/").rpartition("/")[2])


def admit(office: Office, connection: ServerConnection, request: Request) -> Response | None:
    """403 for one that must show a certificate and does not; 401 for a station whose password is
    known and that does not tell it."""
    identity = identity_of(request.path)
    if identity in office.certified and not _shows_certificate(connection):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "A certificate is needed.\n")
    password = office.passwords.get(identity)
    if password is None or _gives(request.headers.get("Authorization", ""), identity, password):
        return None
    answer = connection.respond(http.HTTPStatus.UNAUTHORIZED, "A password is needed.\n")
    answer.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
    return answer


def _shows_certificate(connection: ServerConnection) -> bool:
    """TLS has looked whether it is one of ours."""
    secured = connection.transport.get_extra_info("ssl_object")
    return secured is not None and bool(secured.getpeercert())


def _gives(header: str, identity: str, password: str) -> bool:
    """Basic authentication; hexadecimal digits may stand for bytes (1.6 whitepaper, A00)."""
    kind, _, code = header.partition(" ")
    try:
        told = base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        return False
    user, colon, secret = told.partition(b":")
    meant = {password.encode()}
    with contextlib.suppress(ValueError):
        meant.add(bytes.fromhex(password))
    return bool(colon and kind.lower() == "basic" and user == identity.encode() and secret in meant)


async def attend(
    connection: ServerConnection, office: Office, wrap: Callable[[Any, str], Any], demo: bool
) -> None:
    """One station, from its connection to its leaving."""
    identity = identity_of(connection.request.path)
    if not identity:
        await connection.close(1008, "The path must end with the identity")
        return
    kind = VERSIONS.get(connection.subprotocol or "", Point16)  # another: `select` wants it so
    point = kind(identity, wrap(connection, identity), office)
    office.points[identity] = point  # a newer connection takes the place of an old one
    point.show("**", f"connected, {connection.subprotocol}")
    playing = asyncio.create_task(play(point)) if demo else None
    try:
        await point.start()
    except ConnectionClosed as closed:
        point.show("**", f"left: {closed}")
    finally:
        if office.points.get(identity) is point:
            del office.points[identity]
        if playing:
            playing.cancel()


async def play(point: Point) -> None:
    """Charge now and then, for ever."""
    while True:
        await asyncio.sleep(random.uniform(*REST))
        with contextlib.suppress(TimeoutError, Refused, OCPPError):
            await point.start_charging(f"DEMO{random.randrange(1000):04d}")
        await asyncio.sleep(random.uniform(*CHARGE))
        with contextlib.suppress(TimeoutError, Refused, OCPPError):
            await point.stop_charging()

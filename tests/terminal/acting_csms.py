"""A CSMS that acts when its API is asked: the demo CSMS's stations behind a small HTTP server.

python -m tests.terminal.acting_csms PORT CONTROL: prints "ready", serves until it is ended. The API
has the OCTT convention's address, and paths by which drivers' other sides are tested.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from ocpp.exceptions import OCPPError
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from democsms.charge_points import VERSIONS
from tests.system.csms_2x import call_verbatim

STATIONS: dict[str, Any] = {}
ASKED: list[dict[str, Any]] = []  # what the API was asked, for /asked


async def attend(connection: ServerConnection) -> None:
    identity = unquote(connection.request.path.rstrip("/").rpartition("/")[2])
    side = VERSIONS[connection.subprotocol](identity, connection)
    side.interval, side.printing = 10, False
    STATIONS[identity] = side
    try:
        await side.start()
    except ConnectionClosed:
        pass
    finally:
        if STATIONS.get(identity) is side:
            del STATIONS[identity]


async def act(request: web.Request) -> web.Response:
    """POST /api/octt/{version}/{station}/{action}."""
    side = STATIONS.get(request.match_info["station"])
    if side is None:
        return web.json_response({"error": "NotConnected"}, status=404)
    if request.headers.get("Authorization") == "Bearer wrong":
        return web.json_response({"error": "Unauthorized"}, status=401)
    try:
        answer = await call_verbatim(side, request.match_info["action"], await request.json())
    except OCPPError as refused:
        return web.json_response({"error": refused.code}, status=409)
    return web.json_response({"response": answer})


async def lie(request: web.Request) -> web.Response:
    """It says that it has acted, and has not."""
    return web.json_response({"response": {"status": "Accepted"}})


async def note(request: web.Request) -> web.Response:
    """Whatever was asked, told again and kept."""
    text = await request.text()
    told = {
        "method": request.method, "path": request.raw_path, "type": request.content_type,
        "authorization": request.headers.get("Authorization", ""),
        "body": json.loads(text) if text else None,
    }  # fmt: skip
    ASKED.append(told)
    return web.json_response(told)


async def asked(request: web.Request) -> web.Response:
    return web.json_response(ASKED)


async def main(port: int, control: int) -> None:
    app = web.Application()
    app.router.add_post("/api/octt/{version}/{station}/{action}", act)
    app.router.add_post("/lie/{rest:.*}", lie)
    app.router.add_get("/asked", asked)
    app.router.add_get("/away", lambda request: _away())
    app.router.add_route("*", "/note/{rest:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", control).start()
    async with serve(attend, "127.0.0.1", port, subprotocols=list(VERSIONS), compression=None):
        print("ready", flush=True)
        await asyncio.Event().wait()


async def _away() -> web.Response:
    return web.Response(status=302, headers={"Location": "http://192.0.2.1/"})


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:3])))

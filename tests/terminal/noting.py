"""An HTTP server in the place of a CSMS's API: it tells and keeps what it is asked, and lies.

python -m tests.terminal.noting PORT: prints "ready", serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

ASKED: list[dict[str, Any]] = []  # under /note, for /asked


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


async def steve(request: web.Request) -> web.Response:
    """As SteVe's API answers, see scenarios/drivers/steve.json."""
    body = await request.json()
    ASKED.append({"path": request.raw_path, "body": body,
                  "authorization": request.headers.get("Authorization", "")})  # fmt: skip
    (station,) = body["chargeBoxIdList"]
    away = [{"chargeBoxId": station, "exceptionMessage": "not connected"}]
    return web.json_response({
        "taskId": 1, "taskFinished": True, "errorResponses": [],
        "successResponses": [{"chargeBoxId": station, "response": "Accepted"}],
        "exceptions": away if body.get("resetType") == "Soft" else [],
    })  # fmt: skip


async def citrineos(request: web.Request) -> web.Response:
    """As CitrineOS' API answers, see scenarios/drivers/citrineos.json."""
    ASKED.append({"path": request.raw_path, "body": await request.json()})
    return web.json_response([{"success": request.query["tenantId"] == "1"}])


async def asked(request: web.Request) -> web.Response:
    return web.json_response(ASKED)


async def status(request: web.Request) -> web.Response:
    """The status that is asked for; each is kept."""
    ASKED.append({"path": request.raw_path})
    headers = {"Location": "http://192.0.2.1/"}
    return web.Response(status=int(request.match_info["code"]), headers=headers)


async def endless(request: web.Request) -> web.Response:
    return web.Response(body=b"x" * (2 << 20))


async def main(port: int) -> None:
    app = web.Application()
    app.router.add_post("/lie/{rest:.*}", lie)
    app.router.add_post("/steve/api/v1/operations/{action}", steve)
    app.router.add_post("/ocpp/{version}/{module}/{action}", citrineos)
    app.router.add_get("/asked", asked)
    app.router.add_route("*", "/status/{code}", status)
    app.router.add_route("*", "/endless", endless)
    app.router.add_route("*", "/note/{rest:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

"""The control port: HTTP by which a test makes the CSMS act.

POST /api/octt/{version}/{station}/{action}  body: the request's payload
    200 {"response": {...}}, 409 {"error", "description"} of a CallError, 400 for a body that the
    action does not take, 404 where no such station is connected in that version, 502 where it left,
    504 where it did not answer in 30 s
GET  /api/facts     addresses, certificates and signatures that a test needs
GET  /files/{name}  a firmware image; PUT and POST take what a station uploads, and keep nothing
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from ocpp.exceptions import OCPPError
from websockets.exceptions import ConnectionClosed

from democsms.authority import FIRMWARE
from democsms.office import Office
from democsms.own import OWN_ACTIONS, Wrong
from democsms.point import Refused

MOST_BYTES = 1 << 20  # of a request's payload
MOST_UPLOADED = 64 << 20
OFFICE = web.AppKey("office", Office)


def application(office: Office) -> web.Application:
    app = web.Application(client_max_size=MOST_BYTES)
    app[OFFICE] = office
    app.add_routes([
        web.post("/api/octt/{version}/{station}/{action}", act),
        web.get("/api/facts", facts),
        web.get("/files/{name}", download),
        web.put("/files/{name}", upload),
        web.post("/files/{name}", upload),
    ])  # fmt: skip
    return app


async def act(request: web.Request) -> web.Response:
    office, found = request.app[OFFICE], request.match_info
    body = await _body(request)
    if body is None:
        return _error(400, "FormationViolation", "Give the payload as a JSON object.")
    if own := OWN_ACTIONS.get(found["action"]):
        try:
            return web.json_response({"response": own(office, found["station"], body)})
        except Wrong as problem:
            return _error(400, "FormationViolation", str(problem))
    point = office.points.get(found["station"])
    if point is None or point.version != found["version"]:
        why = f"No station {found['station']} is connected in OCPP {found['version']}."
        return _error(404, "NotConnected", why)
    try:
        return web.json_response({"response": await point.ask(found["action"], body)})
    except Refused as refusal:
        return _error(409, refusal.code, refusal.description)
    except OCPPError as wrong:
        return _error(400, wrong.code, str(wrong.details.get("cause", wrong.description)))
    except TimeoutError:
        return _error(504, "Timeout", "The station did not answer.")
    except ConnectionClosed:
        return _error(502, "NotConnected", "The station left before it answered.")


async def facts(request: web.Request) -> web.Response:
    """What only this CSMS knows: its root, and its signature of /files/firmware.bin."""
    authority = request.app[OFFICE].authority
    files = f"{request.url.origin()}/files/"
    return web.json_response(
        {"root_certificate": authority.root_pem, "files": files, **authority.firmware()}
    )


async def download(request: web.Request) -> web.Response:
    if not request.match_info["name"].startswith("firmware"):
        return _error(404, "NotFound", "There are only names that begin with firmware.")
    return web.Response(body=FIRMWARE, content_type="application/octet-stream")


async def upload(request: web.Request) -> web.Response:
    total = 0
    async for chunk in request.content.iter_chunked(1 << 16):
        total += len(chunk)
        if total > MOST_UPLOADED:
            return _error(413, "TooLarge", "That is too much.")
    return web.json_response({"bytes": total}, status=201)


async def _body(request: web.Request) -> dict[str, Any] | None:
    """None where it is no object; an empty body is an empty one."""
    raw = await request.read()
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _error(status: int, code: str, description: str) -> web.Response:
    return web.json_response({"error": code, "description": description}, status=status)

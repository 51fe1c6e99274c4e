"""A CSMS that asks who is there: basic authentication, TLS, client certificates; on loopback."""

import asyncio
import base64
import contextlib
import json
import ssl
import time
from itertools import count
from pathlib import Path
from typing import Any

import websockets

from chargepoint.timing.times import iso
from tests.chargepoint.authority import Authority
from tests.stations.fleet.conftest import PATIENCE


class SecureCsms:
    """Use as `async with`. `password`: bytes that are asked for, None: nobody is asked.

    `subprotocol`: of which it speaks; a Call of 2.x is made by `call`, `change` is 1.6's.

    `links`: the connections so far; `requests`: the Calls of the station, (action, payload).
    """

    def __init__(
        self, context: ssl.SSLContext | None = None, subprotocol: str | None = "ocpp1.6"
    ) -> None:
        self.context = context
        self.subprotocol = subprotocol
        self.username = b"CP-1"
        self.password: bytes | None = None
        self.links: list[Any] = []
        self.refusals = 0
        self.requests: list[tuple[str, dict]] = []
        self.ids = count(1)
        self.answers: dict[str, asyncio.Future] = {}

    async def __aenter__(self) -> "SecureCsms":
        spoken = [self.subprotocol] if self.subprotocol else None
        self.server = await websockets.serve(
            self._serve, "127.0.0.1", 0, ssl=self.context, subprotocols=spoken,
            process_request=self._authenticate,
        )  # fmt: skip
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'wss' if self.context else 'ws'}://127.0.0.1:{self.port}/ocpp"

    def _authenticate(self, connection: Any, request: Any) -> Any:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        wanted = base64.b64encode(self.username + b":" + (self.password or b"")).decode()
        if self.password is not None and (kind, given) != ("Basic", wanted):
            self.refusals += 1
            return connection.respond(401, "who are you?")
        return None

    async def _serve(self, link: Any) -> None:
        self.links.append(link)
        async for text in link:
            frame = json.loads(text)
            if frame[0] == 2:
                self.requests.append((frame[2], frame[3]))
                # The station may have gone since it asked; what it said after is still to be read.
                with contextlib.suppress(websockets.ConnectionClosed):
                    await link.send(json.dumps([3, frame[1], self._answer(frame[2])]))
            else:
                self.answers[frame[1]].set_result(frame[2])

    def _answer(self, action: str) -> dict:
        now = iso(time.time())
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 300}
            case "SignCertificate":
                return {"status": "Accepted"}
            case "Heartbeat":
                return {"currentTime": now}
        return {}

    async def call(self, action: str, **payload: Any) -> dict:
        """Call the station on the newest link; its answer."""
        unique_id = f"m-{next(self.ids)}"
        answer = self.answers[unique_id] = asyncio.get_running_loop().create_future()
        await self.links[-1].send(json.dumps([2, unique_id, action, payload]))
        return await asyncio.wait_for(answer, PATIENCE)

    async def change(self, key: str, value: str) -> str:
        return (await self.call("ChangeConfiguration", key=key, value=value))["status"]

    async def set_variable(self, component: str, name: str, value: str) -> str:
        """2.x: the attributeStatus."""
        item = {
            "component": {"name": component}, "variable": {"name": name}, "attributeValue": value,
        }  # fmt: skip
        [result] = (await self.call("SetVariables", setVariableData=[item]))["setVariableResult"]
        return result["attributeStatus"]

    async def certify(self, authority: Authority, **more: Any) -> str:
        """Have the station ask for a certificate, and send it one; the status of its answer."""
        before = len(self.signing_requests())
        if self.subprotocol == "ocpp1.6":
            trigger, what = "ExtendedTriggerMessage", "SignChargePointCertificate"
        else:
            trigger, what = "TriggerMessage", "SignChargingStationCertificate"
        await self.call(trigger, requestedMessage=what)
        async with asyncio.timeout(PATIENCE):
            while len(self.signing_requests()) == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        chain = authority.answer(self.signing_requests()[-1], **more)
        return (await self.call("CertificateSigned", certificateChain=chain))["status"]

    def signing_requests(self) -> list[str]:
        return [payload["csr"] for action, payload in self.requests if action == "SignCertificate"]

    def events(self) -> list[str]:
        return [p["type"] for action, p in self.requests if action == "SecurityEventNotification"]

    def subject(self) -> str | None:
        """Common name of the client certificate on the newest link."""
        shown = self.links[-1].transport.get_extra_info("peercert")
        return dict(pair for (pair,) in shown["subject"])["commonName"] if shown else None


def server_context(
    folder: Path, authority: Authority, clients: Authority | None = None, **more: Any
) -> ssl.SSLContext:
    """With a certificate by the authority; `clients`: whose client certificates are demanded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = authority.issue("csms", **{"address": "127.0.0.1", **more})
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem)
    return context

"""The reference CSMS in this process, and charge points of the package `ocpp` on it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16

from democsms.office import Office
from democsms.server import Doors, serving
from runtime import lifetime


class Reference:
    """office, doors: of the CSMS; `post` asks its control port."""

    def __init__(self, office: Office, doors: Doors, http: aiohttp.ClientSession) -> None:
        self.office, self.doors, self.http = office, doors, http

    async def post(self, action: str, body: object, station: str = "CP-1", version: str = "1.6"):
        """(status, JSON of the answer)."""
        where = f"http://127.0.0.1:{self.doors.control_port}"
        path = f"{where}/api/octt/{version}/{station}/{action}"
        async with self.http.post(path, json=body) as answer:
            return answer.status, await answer.json()

    def connect(self, station: str = "CP-1", protocol: str = "ocpp1.6", password: str = ""):
        """A WebSocket to it, as an async context."""
        headers = {}
        if password:
            code = base64.b64encode(f"{station}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {code}"
        return websockets.connect(
            f"ws://127.0.0.1:{self.doors.port}/ocpp/{station}", subprotocols=[protocol],
            additional_headers=headers, proxy=None,
        )  # fmt: skip


@pytest.fixture
async def reference() -> AsyncIterator[Reference]:
    office = Office(strict=True)
    async with serving(Doors(port=0, control_port=0), office) as doors:
        async with aiohttp.ClientSession() as http:
            yield Reference(office, doors, http)


class Station16(ChargePoint16):
    """Takes what it is asked, and remembers it."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.asked: asyncio.Queue[tuple[str, dict]] = asyncio.Queue()

    @on("Reset")
    def on_reset(self, **payload):
        self.asked.put_nowait(("Reset", payload))
        return result16.Reset("Accepted")

    @on("ChangeConfiguration")
    def on_change_configuration(self, **payload):
        return result16.ChangeConfiguration("Accepted")

    @on("CertificateSigned")
    def on_certificate_signed(self, **payload):
        self.asked.put_nowait(("CertificateSigned", payload))
        return result16.CertificateSigned("Accepted")

    @on("DataTransfer")
    def on_data_transfer(self, **payload):
        self.asked.put_nowait(("DataTransfer", payload))
        return result16.DataTransfer("Accepted")


@contextlib.asynccontextmanager
async def on_16(reference: Reference, station: str = "CP-1", password: str = ""):
    async with reference.connect(station, password=password) as socket:
        point = Station16(station, socket)
        listening = asyncio.create_task(point.start())
        try:
            yield point
        finally:
            await lifetime.end([listening])


@pytest.fixture
async def station(reference) -> AsyncIterator[Station16]:
    async with on_16(reference) as point:
        yield point

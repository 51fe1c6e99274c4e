"""The demo CSMS answers a charge point of any version, by the schemas of `ocpp`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys

import pytest
import websockets
from ocpp import v21, v201
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16

from tests.emulator.processes import ROOT, free_port


@pytest.fixture
async def csms():
    """(port, lines printed so far) of a demo CSMS in a process of its own."""
    port, lines = free_port(), []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "democsms", "--port", str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    lines.append((await asyncio.wait_for(process.stdout.readline(), 30)).decode())

    async def read() -> None:
        while line := await process.stdout.readline():
            lines.append(line.decode())

    reading = asyncio.create_task(read())
    yield port, lines
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    await reading


@contextlib.asynccontextmanager
async def connected(kind, port: int, protocol: str):
    address = f"ws://127.0.0.1:{port}/ocpp/CP%201"
    async with websockets.connect(address, subprotocols=[protocol], proxy=None) as socket:
        charge_point = kind("CP 1", socket)
        listening = asyncio.create_task(charge_point.start())
        yield charge_point
        listening.cancel()


async def test_a_16_session(csms):
    port, lines = csms
    async with connected(ChargePoint16, port, "ocpp1.6") as point:
        boot = await point.call(call16.BootNotification("model", "vendor"))
        assert (boot.status, boot.interval) == ("Accepted", 60)
        assert (await point.call(call16.Authorize("tag"))).id_tag_info["status"] == "Accepted"
        now = boot.current_time
        start = await point.call(call16.StartTransaction(1, "tag", 0, now))
        again = await point.call(call16.StartTransaction(2, "tag", 0, now))
        assert start.transaction_id != again.transaction_id
        await point.call(call16.StopTransaction(100, now, start.transaction_id))
    shown = "".join(lines)
    assert re.search(r'CP 1 -> \[2,"[^"]+","BootNotification"', shown)
    assert re.search(r"CP 1 <- \[3,", shown)


@pytest.mark.parametrize(("package", "protocol"), [(v201, "ocpp2.0.1"), (v21, "ocpp2.1")])
async def test_a_2x_session(csms, package, protocol):
    port, _ = csms
    async with connected(package.ChargePoint, port, protocol) as point:
        station = {"model": "m", "vendor_name": "v"}
        boot = await point.call(package.call.BootNotification(station, "PowerUp"))
        assert boot.status == "Accepted"
        event = await point.call(
            package.call.TransactionEvent(
                event_type="Started", timestamp=boot.current_time, trigger_reason="Authorized",
                seq_no=0, transaction_info={"transaction_id": "t1"}, evse={"id": 1},
                id_token={"id_token": "tag", "type": "Central"},
            )
        )  # fmt: skip
        assert event.id_token_info["status"] == "Accepted"


async def test_a_stranger_is_sent_away(csms):
    port, _ = csms
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(f"ws://127.0.0.1:{port}/x", proxy=None):
            pass
    assert refusal.value.response.status_code == 400

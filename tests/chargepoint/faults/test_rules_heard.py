"""What the PyPI package `ocpp`, as a CSMS, makes of answers by rules."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from ocpp import v16, v21, v201
from ocpp.exceptions import NotSupportedError

from tests.chargepoint.faults.bench import VERSIONS, Bench

RULES = (
    {"action": "Reset", "status": "Rejected"},
    {"action": "ClearCache", "code": "NotSupported", "description": "no cache", "count": 1},
    {"action": "DataTransfer", "match": {"vendorId": "com.acme"},
     "payload": {"status": "Accepted", "data": "{{payload.messageId}} {{count}}"}},
    {"action": "UnlockConnector", "nothing": True},
)  # fmt: skip
LIBRARY = {"1.6": v16, "2.0.1": v201, "2.1": v21}


class Wire:
    """The connection that the library has: in memory, to a station that has booted."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, text: str) -> None:
        before = len(self.bench.log)
        self.bench.perform(self.bench.station.received(text, self.bench.now))
        for frame in self.bench.log[before:]:
            if frame.direction == "sent" and frame.kind in ("CallResult", "CallError"):
                self.answers.put_nowait(frame.text)

    async def recv(self) -> str:
        return await self.answers.get()


async def told(version: str) -> dict[str, Any]:
    library = LIBRARY[version]
    call = library.call
    csms = library.ChargePoint("CP1", Wire(Bench(version, rules=RULES).connect()), 0.2)
    listening = asyncio.create_task(csms.start())
    old = version == "1.6"
    made: dict[str, Any] = {}
    try:
        made["reset"] = (await csms.call(call.Reset("Soft" if old else "OnIdle"))).status
        try:
            await csms.call(call.ClearCache(), suppress=False)
        except NotSupportedError as error:
            made["cache"] = error.description
        made["again"] = (await csms.call(call.ClearCache())).status
        for _ in range(2):
            answer = await csms.call(call.DataTransfer("com.acme", message_id="Show"))
            made["data"] = (answer.status, answer.data)
        unlock = call.UnlockConnector(1) if old else call.UnlockConnector(1, 1)
        with pytest.raises(asyncio.TimeoutError):
            await csms.call(unlock)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_the_library_hears_them(version):
    assert asyncio.run(told(version)) == {
        "reset": "Rejected", "cache": "no cache", "again": "Accepted",
        "data": ("Accepted", "Show 2"),
    }  # fmt: skip

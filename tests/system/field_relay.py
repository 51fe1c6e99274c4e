"""A relay before a CSMS that makes of its frames what CSMSs in the field send.

The CSMS behind it is strict with what the station sends; the station reads what is not strict.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection

from .csms import ThreadedServer

# action -> what its answer has besides, or instead.
NULLS: dict[str, dict[str, Any]] = {
    "BootNotification": {"message": "welcome"},
    "StartTransaction": {"idTagInfo": {"status": "accepted", "expiryDate": None,
                                       "parentIdTag": None}},
    "Authorize": {"certificateStatus": None},
    "TransactionEvent": {"totalCost": None, "chargingPriority": None},
}  # fmt: skip


class FieldRelay(ThreadedServer):
    def __init__(self, csms_url: str) -> None:
        super().__init__(self._serve, max_size=None)
        self.csms_url = csms_url

    async def _serve(self, station: ServerConnection) -> None:
        url = f"{self.csms_url}/{station.request.path.rsplit('/', 1)[-1]}"
        asked: dict[str, str] = {}
        async with connect(url, subprotocols=[station.subprotocol], proxy=None) as csms:

            async def outward() -> None:
                async for text in station:
                    frame = json.loads(text)
                    if frame[0] == 2:
                        asked[frame[1]] = frame[2]
                    await csms.send(text)

            async def inward() -> None:
                async for text in csms:
                    await station.send(json.dumps(_as_in_the_field(json.loads(text), asked)))

            tasks = [asyncio.create_task(outward()), asyncio.create_task(inward())]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                wrong = [e for e in ended if isinstance(e, Exception)]
                assert all(isinstance(e, websockets.ConnectionClosed) for e in wrong), wrong


def _as_in_the_field(frame: list, asked: dict[str, str]) -> list:
    if frame[0] == 2:
        frame[3]["correlation"] = "a-1"
    elif frame[0] == 3 and frame[2]:
        frame[2] |= NULLS.get(asked.pop(frame[1], ""), {})
        if "currentTime" in frame[2]:
            frame[2]["currentTime"] = frame[2]["currentTime"][:19]  # without a zone
    return frame

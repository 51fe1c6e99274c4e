"""A CSMS of OCPP 1.6 that answers properly, and dies of what it did not expect: it hears, and says
no more, as one whose only loop has hung up.

It dies for the stations of one case only: CP-1 and CP-2, CP-3 and CP-4, ...
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

NOW = "%Y-%m-%dT%H:%M:%S.%fZ"
KNOWN = frozenset({
    "Authorize", "BootNotification", "DataTransfer", "Heartbeat", "MeterValues",
    "StartTransaction", "StatusNotification", "StopTransaction",
})  # fmt: skip
MOST_CALLS, MOST_LINKS, LONGEST = 100, 3, 20_000


class Fragile:
    """mortal: whether it dies at all. `address` while it is entered."""

    def __init__(self, mortal: bool) -> None:
        self._mortal = mortal
        self.dead: dict[int, str] = {}  # case -> of what
        self._links: dict[str, list[ServerConnection]] = defaultdict(list)
        self._transactions: set[int] = set()
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Fragile:
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        self.address = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _listen(self) -> Any:
        return await serve(self._attend, "127.0.0.1", 0, subprotocols=["ocpp1.6"])

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _attend(self, connection: ServerConnection) -> None:
        name = connection.request.path.rpartition("/")[2]
        case = (int(name.rpartition("-")[2]) + 1) // 2
        before = self._links[name]
        before.append(connection)
        if len(before) > MOST_LINKS:
            self._dies(case, "many links")
        if len(before) > 1 and before[-2].close_code in (None, 1006):
            self._dies(case, "a link that was torn")
        heard: list[tuple[float, str, str]] = []  # time, unique id, action
        async for text in _said(connection):
            why, answer = self._read(text, heard)
            if why:
                self._dies(case, why)
            if case not in self.dead and answer is not None:
                await connection.send(json.dumps(answer))

    def _dies(self, case: int, why: str) -> None:
        if self._mortal:
            self.dead.setdefault(case, why)

    def _read(self, text: str, heard: list) -> tuple[str, list | None]:
        """(what it dies of, the answer)."""
        try:
            kind, uid, action, payload = json.loads(text)
            assert kind == 2 and isinstance(uid, str) and isinstance(payload, dict)
        except (ValueError, TypeError, AssertionError):
            return "no frame", None
        now = time.monotonic()
        why = self._shocked(text, uid, action, payload, heard, now)
        heard.append((now, uid, action))
        if action not in KNOWN:
            return why, [4, uid, "NotImplemented", "", {}]
        return why, [3, uid, self._answer(action)]

    def _shocked(self, text: str, uid: str, action: str, payload: dict, heard: list,
                 now: float) -> str:  # fmt: skip
        if action not in KNOWN:
            return "an unknown action"
        if len(text) > LONGEST or "[[[[" in text:
            return "a large message"
        if any(uid == other for _, other, _ in heard):
            return "an id that was there"
        if heard and _number(uid) < _number(heard[-1][1]):
            return "a Call that was overtaken"
        if len(heard) > MOST_CALLS:
            return "a flood"
        if action == "BootNotification" and any(other == action for _, _, other in heard):
            return "a second boot"
        if heard and now - heard[-1][0] > 4:
            return "a silence"
        stamp = payload.get("timestamp")
        if stamp and abs(datetime.fromisoformat(stamp).timestamp() - time.time()) > 600:
            return "another time"
        if action == "StopTransaction" and payload["transactionId"] not in self._transactions:
            return "an unknown transaction"
        if action == "StatusNotification" and "status" not in payload:
            return "a missing field"
        return ""

    def _answer(self, action: str) -> dict[str, Any]:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        accepted = {"idTagInfo": {"status": "Accepted"}}
        match action:
            case "BootNotification":
                return {"status": "Accepted", "interval": 300, "currentTime": moment}
            case "Heartbeat":
                return {"currentTime": moment}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "Authorize":
                return accepted
            case "StartTransaction":
                number = len(self._transactions) + 1
                self._transactions.add(number)
                return {"transactionId": number, **accepted}
        return {}


async def _said(connection: ServerConnection) -> AsyncIterator[str]:
    """What comes until the link ends, however it does."""
    with contextlib.suppress(ConnectionClosed):
        async for text in connection:
            yield text


def _number(uid: str) -> int:
    """Of a station's ids, crafted ones too: they count up."""
    number = uid.split("-")[1:2]
    return int(number[0]) if number and number[0].isdecimal() else 10**9

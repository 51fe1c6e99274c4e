"""The WebSocket that the page of a station opens: ws/station?station=<identity>."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from messaging.live.consumers import LoggedInConsumer
from stations.life.hub import life_hub
from stations.rights import PART


class StationConsumer(LoggedInConsumer):
    """ws/station: what one station is doing, some 2 s apart and soon after a command.

    From the server: hello{station}, figures{time, station, look}, gone{message},
    error{code, message}. `station` is as the list's live data, `look` as the command `look` of the
    core; null where the station does not run or its worker is away.
    From the browser: look{}, for a look at once.
    """

    address = "ws/station"
    table = PART
    _identity = ""

    async def entered(self) -> None:
        """Say `hello` and begin to send what the station of ?station= is doing."""
        query = dict(parse_qsl(self.scope.get("query_string", b"").decode("latin-1")))
        identity = query.get("station", "")[:48]
        if not identity:
            self.tell(type="error", code="bad_request", message="Name it: ?station=IDENTITY.")
            return
        self._identity = identity
        self.tell(type="hello", station=identity)
        life_hub().join(identity, self.put)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            if json.loads(text_data or "")["type"] != "look":
                raise ValueError("send a look")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self.tell(type="error", code="bad_request", message=f"Not understood: {error}.")
            return
        if self._identity:
            life_hub().look_soon(self._identity)

    async def disconnect(self, code: int) -> None:
        """Nobody looks at the station by this socket any more."""
        if self._identity:
            life_hub().leave(self._identity, self.put)
            self._identity = ""
        await super().disconnect(code)

"""The WebSockets that browsers open: ws/messages and ws/stats."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.auth import user_of_token
from accounts.errors import ApiError
from messaging.hub import hub
from messaging.live_stats import LiveStats
from messaging.rows import LiveFilter
from messaging.viewer import Viewer

NOT_LOGGED_IN = 4401
STATS_INTERVAL = 1.0


class LoggedInConsumer(AsyncWebsocketConsumer):
    """Accepts who is logged in by session or token; others are closed with 4401."""

    # No layer of its own: Channels would subscribe each socket, and the hub does that for all.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.accept()  # a refusal before this would reach the browser without its code
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task] = []
        if not await self._logged_in():
            await self.close(NOT_LOGGED_IN)
            return
        self._tasks.append(asyncio.create_task(self._write()))
        await self.entered()

    async def _logged_in(self) -> bool:
        user = self.scope.get("user")
        if user is not None and user.is_authenticated and user.is_active:
            return True
        header = dict(self.scope.get("headers", ())).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in ("bearer", "token") or not token.strip():
            return False
        try:
            await user_of_token(token.strip())
        except ApiError:
            return False
        return True

    async def _write(self) -> None:
        """Send in an own task, so that no viewer waits for another's socket."""
        while True:
            await self.send(text_data=await self._outbox.get())

    def put(self, text: str) -> None:
        """Send soon, without waiting."""
        self._outbox.put_nowait(text)

    def tell(self, **message: object) -> None:
        """Send one JSON object soon."""
        self.put(json.dumps(message))

    async def entered(self) -> None:
        """Called once the user is known."""
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class MessagesConsumer(LoggedInConsumer):
    """ws/messages: the live stream by this viewer's filter.

    From the server: hello, messages{serial, items}, missed{count, first, last} (ids, inclusive),
    gap{count, after, before} (ids, exclusive), beat{rate...}, filtering{filter}, error{message}.
    From the browser: ack{serial}, filter{stationId?, direction?, messageType?, action?, text?,
    errorsOnly?, marked?} (replaces the whole filter).
    """

    _viewer: Viewer | None = None

    async def entered(self) -> None:
        query = dict(parse_qsl(self.scope.get("query_string", b"").decode("latin-1")))
        try:
            wanted = LiveFilter(query)
        except ValueError as error:
            self.tell(type="error", code="bad_filter", message=f"{error}: no filter is set.")
            wanted = LiveFilter()
        self._viewer = Viewer(wanted)
        self.tell(type="hello", window=self._viewer.window, filter=wanted.as_dict())
        hub().join(self._viewer, self.put)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        viewer = self._viewer
        if viewer is None:
            return
        try:
            wish = json.loads(text_data or "")
            kind = wish["type"]
            if kind == "ack":
                for text in viewer.acknowledge(int(wish["serial"])):
                    self.put(text)
            elif kind == "filter":
                viewer.filter = LiveFilter(wish)
                self.tell(type="filtering", filter=viewer.filter.as_dict())
            else:
                raise ValueError(f"{kind!r} is not known: send 'ack' or 'filter'")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self.tell(type="error", code="bad_request", message=f"Not understood: {error}.")

    async def disconnect(self, code: int) -> None:
        if self._viewer is not None:
            hub().leave(self._viewer)
            self._viewer = None
        await super().disconnect(code)


class StatsConsumer(LoggedInConsumer):
    """ws/stats: once a second the stream's numbers, the workers' and the log queue's depth."""

    _watching = False

    async def entered(self) -> None:
        hub().watch()
        self._watching = True
        self._tasks.append(asyncio.create_task(self._tell_stats()))

    async def _tell_stats(self) -> None:
        stats = LiveStats()
        while True:
            self.tell(type="stats", **await stats.read())
            await asyncio.sleep(STATS_INTERVAL)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is expected of the browser here."""

    async def disconnect(self, code: int) -> None:
        if self._watching:
            self._watching = False
            hub().unwatch()
        await super().disconnect(code)

"""The WebSockets that browsers open: ws/messages and ws/stats."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.passes import look_soon, pass_of, watch
from accounts.rights import Part
from accounts.secrecy import SECRECY, SEE_SECRETS
from messaging.live.hub import hub
from messaging.live.stats import LiveStats
from messaging.live.viewer import Viewer
from messaging.rights import PART
from messaging.rows import LiveFilter
from runtime import lifetime

STATS_INTERVAL = 1.0


class LoggedInConsumer(AsyncWebsocketConsumer):
    """Accepts who has the right by session or token, for as long as he has it.

    Others are closed with 4401 (no login) or 4403 (no right to this).
    """

    address: str  # of the table of rights
    table: Part = PART

    # No layer of its own: Channels would subscribe each socket, and the hub does that for all.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        """Accept the socket, or close it with a code (docs/reference/live-stream.md) where the
        right is missing. The right is looked at again for as long as it is open."""
        await self.accept()  # a refusal before this would reach the browser without its code
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task] = []
        self._right = self.table.sockets[self.address]
        self._pass = pass_of(self.scope)
        if code := await look_soon(self._pass, self.table, self._right):
            await self.close(code)
            return
        self._tasks.append(asyncio.create_task(self._write()))
        watch().begin(self._pass, self.table, self._right, self._end)
        await self.entered()

    def _end(self, code: int) -> None:
        """What it came in by does not open it any more."""
        self._leaving = asyncio.create_task(self._leave(code))

    async def _leave(self, code: int) -> None:
        await lifetime.end(self._tasks)
        await self.close(code)

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
        """Called once the user is known. Raises NotImplementedError: each socket has its own."""
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        """Nobody listens any more: end its tasks and do not look at its right any longer."""
        watch().leave(self._pass, self._right, self._end)
        await lifetime.end(self._tasks)


class MessagesConsumer(LoggedInConsumer):
    """ws/messages: the live stream by this viewer's filter.

    From the server: hello, messages{serial, items}, missed{count, first, last} (ids, inclusive),
    gap{count, after, before} (ids, exclusive), beat{reached, rate...}, filtering{filter},
    error{message}.
    From the browser: ack{serial}, filter{stationId?, direction?, messageType?, action?, text?,
    errorsOnly?, marked?} (replaces the whole filter).
    """

    address = "ws/messages"
    _viewer: Viewer | None = None

    async def entered(self) -> None:
        """Say `hello` with the filter of the query string, and begin to send rows; who may not
        see secrets gets them masked."""
        query = dict(parse_qsl(self.scope.get("query_string", b"").decode("latin-1")))
        try:
            wanted = LiveFilter(query)
        except ValueError as error:
            self.tell(type="error", code="bad_filter", message=f"{error}: no filter is set.")
            wanted = LiveFilter()
        masks = bool(await look_soon(self._pass, SECRECY, SEE_SECRETS))
        self._viewer = Viewer(wanted, masks=masks)
        if not masks:
            watch().begin(self._pass, SECRECY, SEE_SECRETS, self._mask)
        self.tell(type="hello", window=self._viewer.window, filter=wanted.as_dict())
        hub().join(self._viewer, self.put)

    def _mask(self, code: int) -> None:
        """The right to see secrets is gone."""
        if self._viewer is not None:
            self._viewer.masks = True

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take `ack` with the serial of the last rows drawn, or a new `filter`; all else is
        answered with an `error` and raises nothing."""
        viewer = self._viewer
        if viewer is None:
            return
        try:
            wish = json.loads(text_data or "")
            kind = wish["type"]
            if f"{self.address} {kind}" not in PART.sockets:  # the rights are the socket's own
                raise ValueError(f"{kind!r} is not known: send 'ack' or 'filter'")
            if kind == "ack":
                for text in viewer.acknowledge(int(wish["serial"])):
                    self.put(text)
            else:
                viewer.filter = LiveFilter(wish)
                self.tell(type="filtering", filter=viewer.filter.as_dict())
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self.tell(type="error", code="bad_request", message=f"Not understood: {error}.")

    async def disconnect(self, code: int) -> None:
        """Forget the viewer: no rows are kept for it."""
        if self._viewer is not None:
            watch().leave(self._pass, SEE_SECRETS, self._mask)
            hub().leave(self._viewer)
            self._viewer = None
        await super().disconnect(code)


class StatsConsumer(LoggedInConsumer):
    """ws/stats: once a second the stream's numbers, the workers' and the log queue's depth."""

    address = "ws/stats"
    _watching = False

    async def entered(self) -> None:
        """Begin to send the figures of the fleet, for as long as somebody looks."""
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
        """As every socket's; the last one ends the watching of the figures."""
        if self._watching:
            self._watching = False
            hub().unwatch()
        await super().disconnect(code)

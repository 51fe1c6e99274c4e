"""An answer in seconds where MongoDB is away, whatever the request would wait for.

A question to a large log may take its time, so no limit on it can tell a slow answer from one that
never comes. While a request is under way for longer than GRACE, the store is asked for a ping.
Where that fails, or the store has answered none for SILENCE, the request has its 503 and is left to
itself, since a thread that waits for a socket cannot be cancelled. A store that is only slow is
waited for. Errors that a store raises in time are answered where they arise, see
accounts/error_handlers.py and emulator/web/error_pages.py.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from emulator.web import error_pages, headers
from messaging.keeping.store import async_database
from runtime import lifetime
from runtime.stores import MONGODB, STORE_ERRORS, away

log = logging.getLogger(__name__)

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

GRACE = 0.3  # seconds without an answer, before each question whether the store lives
PING_LIMIT = 0.5  # seconds for it to say so, at a time
SILENCE = 3.0  # seconds without an answer to any ping after which a slow store counts as away
# These have their own limits, or need no store.
FREE = ("/api/health", "/api/docs", "/api/openapi.json", "/docs/", "/static/")
TRY_AGAIN_LATER = 4503  # as HTTP 503; autobahn sends no 1013, which is meant for this


async def ping() -> None:
    await async_database().client.admin.command("ping")


class Pulse:
    """Whether MongoDB answers; any number may ask at a time, it is asked once."""

    def __init__(
        self, ask: Callable[[], Awaitable[None]] = ping, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.lost = False
        self._now = now
        self._silence = (0.0, 0.0)  # of the pings without an answer: the first began, the last
        self._ask = ask
        self._asking: asyncio.Task[bool] | None = None

    async def beats(self) -> bool:
        """Ask it, within PING_LIMIT: False once it is known to be away."""
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking.done() or self._asking.get_loop() is not loop:
            self._asking = asyncio.create_task(self._look())
        return await asyncio.shield(self._asking)

    async def _look(self) -> bool:
        began = self._now()
        limit = asyncio.timeout(PING_LIMIT)
        try:
            async with limit:
                await self._ask()
        except STORE_ERRORS as error:
            if limit.expired():
                self._silent(began)
            else:
                self._away(str(error)[:200])
        else:
            if self.lost:
                log.warning("MongoDB answers again")
            self.lost, self._silence = False, (0.0, 0.0)
        return not self.lost

    def _silent(self, began: float) -> None:
        first, last = self._silence
        first = first if began - last < SILENCE else began  # else nobody has asked in between
        self._silence = (first, began)
        if self._now() - first >= SILENCE:
            self._away(f"no answer to a ping for {SILENCE} s")

    def _away(self, why: str) -> None:
        if not self.lost:
            log.warning("MongoDB is away, requests are refused: %s", why)
        self.lost = True


class StoreGuard:
    """ASGI: the application behind it, for HTTP and WebSockets."""

    def __init__(self, app: Callable[..., Awaitable[None]], pulse: Pulse | None = None) -> None:
        self._app = app
        self._pulse = pulse or Pulse()
        self._left: set[asyncio.Task] = set()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        guarded = scope["type"] in ("http", "websocket") and not scope["path"].startswith(FREE)
        if not guarded:
            await self._app(scope, receive, send)
            return
        talk = Talk(scope, send)
        if self._pulse.lost and not await self._pulse.beats():
            await talk.refuse(MONGODB)
            return
        task = asyncio.create_task(self._carried_out(talk, receive))
        try:
            while await self._waits(talk, task):
                if not await self._pulse.beats():
                    await talk.refuse(MONGODB)
                    break
            else:
                await asyncio.wait([task])
        finally:
            await self._part(talk, task)

    async def _waits(self, talk: Talk, task: asyncio.Task) -> bool:
        """Whether it still waits for its first word, after a while."""
        await asyncio.wait([task, talk.opened], timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
        return not task.done() and not talk.opened.done()

    async def _part(self, talk: Talk, task: asyncio.Task) -> None:
        """Its end: its error is raised; what was cut off is ended, or left if it may hang."""
        if task.done():
            task.result()
        elif talk.answering:
            await lifetime.end([task])
        else:
            self._left.add(task)
            task.add_done_callback(self._left.discard)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _carried_out(self, talk: Talk, receive: Receive) -> None:
        async def hear() -> Event:
            event = await receive()
            if event["type"] == "http.disconnect":
                # Django would cancel the view and wait for its thread in the loop, for ever
                # where that waits for a store. So it hears of it when there is something to cut.
                await talk.opened
            return event

        try:
            await self._app(talk.scope, hear, talk.send)
        except Exception as error:
            store = away(error)
            if not store:
                raise
            log.warning("%s ended early, %s is away: %s", talk.scope["path"], store, error)
            await talk.refuse(store)


class Talk:
    """One request's or socket's way out, closed to it once it was refused."""

    def __init__(self, scope: Event, send: Send) -> None:
        self.scope = scope
        self.opened = asyncio.get_running_loop().create_future()  # its answer has begun
        self._send = send
        self._refused = False

    @property
    def answering(self) -> bool:
        return self.opened.done() and not self._refused

    async def send(self, event: Event) -> None:
        """Pass an event of the answer on, unless the guard has answered already."""
        if self._refused:
            return
        self._open()
        await self._send(event)

    def _open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    async def refuse(self, store: str) -> None:
        """503, a page or JSON; a socket is closed with 4503. What has begun is cut off."""
        if self._refused:
            return
        self._refused, had_opened = True, self.opened.done()
        self._open()
        if self.scope["type"] == "websocket":
            if not had_opened:
                await self._send({"type": "websocket.accept"})
            reason = f"{store} is away: try again later."
            await self._send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": reason})
        elif had_opened:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            request = ASGIRequest(self.scope, BytesIO())
            await self._answer(headers.secure(request, error_pages.without(request, store)))

    async def _answer(self, answer: HttpResponse) -> None:
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        status = answer.status_code
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.content})

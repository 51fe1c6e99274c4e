"""By what a WebSocket came in, and whether that still opens it.

A request is over at once, a socket may stay for days: so it is asked again every few seconds, once
for all sockets of one login, in threads of its own, as those that are shared may wait for a store.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import weakref
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.auth import SCHEMES, token_of, token_row
from accounts.errors import ApiError
from accounts.models import digest
from accounts.rights import Part, holds
from runtime.stores import MONGODB, STORE_ERRORS, StoreAway

log = logging.getLogger(__name__)

NOT_LOGGED_IN, FORBIDDEN = 4401, 4403  # close codes, after HTTP's
INTERVAL = 2.0  # seconds; a socket ends within 5 of the end of what it came in by
PATIENCE = 2.0  # seconds for one look


class Pass(NamedTuple):
    """Either the digest of a token or the key of a session; both empty: neither was sent."""

    token: str = ""
    session: str = ""


def pass_of(scope: dict[str, Any]) -> Pass:
    """Of a WebSocket's scope, behind Channels' CookieMiddleware."""
    header = dict(scope.get("headers", ())).get(b"authorization", b"").decode("latin-1")
    scheme, _, text = header.partition(" ")
    if scheme.lower() in SCHEMES and text.strip():
        return Pass(token=digest(text.strip()))
    return Pass(session=scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME, ""))


def pass_of_request(request: HttpRequest) -> Pass:
    """What a request shows to be let in: a token's digest, else the session's key."""
    text = token_of(request)
    if text is not None:
        return Pass(token=digest(text))
    return Pass(session=request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))


def look(given: Pass, part: Part, right: str) -> int:
    """0 if it opens what needs this right; else the code to close with."""
    scopes = None
    if given.token:
        try:
            row = token_row(given.token)
        except ApiError:
            return NOT_LOGGED_IN
        user, scopes = row.user, row.scopes
    elif given.session:
        user = _user_of_session(given.session)
    else:
        return NOT_LOGGED_IN
    if not (user.is_authenticated and user.is_active):
        return NOT_LOGGED_IN
    in_scope = scopes is None or part.in_scopes(scopes, right)
    return 0 if in_scope and holds(user, right) else FORBIDDEN


def _user_of_session(key: str) -> Any:
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return get_user(SimpleNamespace(session=store))


async def look_soon(given: Pass, part: Part, right: str) -> int:
    """The same from an event loop. Raises StoreAway."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PATIENCE):
            return await loop.run_in_executor(_lookers(), look, given, part, right)
    except (*STORE_ERRORS, TimeoutError) as error:
        raise StoreAway(MONGODB) from error


@functools.lru_cache(maxsize=1)
def _lookers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="passes")


class Watch:
    """Calls back with the close code where a pass does not open any more what it opened."""

    def __init__(self) -> None:
        self._watched: dict[tuple[Pass, str], set[Callable[[int], None]]] = defaultdict(set)
        self._parts: dict[str, Part] = {}
        self._task: asyncio.Task | None = None

    def begin(self, given: Pass, part: Part, right: str, end: Callable[[int], None]) -> None:
        """Look at a right again from time to time; `end` is called with a close code once it is
        gone."""
        self._parts[right] = part
        self._watched[given, right].add(end)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._go_round())

    def leave(self, given: Pass, right: str, end: Callable[[int], None]) -> None:
        """Undo `begin` with the same arguments."""
        others = self._watched.get((given, right), set())
        others.discard(end)
        if not others:
            self._watched.pop((given, right), None)

    async def _go_round(self) -> None:
        """Until nobody is left to be watched."""
        while self._watched:
            await asyncio.sleep(INTERVAL)
            await asyncio.gather(*(self._look_at(*each) for each in list(self._watched)))

    async def _look_at(self, given: Pass, right: str) -> None:
        try:
            code = await look_soon(given, self._parts[right], right)
        except StoreAway:
            return  # nobody knows; when the store is back it is asked
        if code:
            for end in self._watched.pop((given, right), set()):
                end(code)


_watches: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = weakref.WeakKeyDictionary()


def watch() -> Watch:
    """The running event loop's."""
    return _watches.setdefault(asyncio.get_running_loop(), Watch())

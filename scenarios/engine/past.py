"""Frames that were before: read from the log, where the live stream has a gap or began too late."""

from __future__ import annotations

import asyncio

from messaging.keeping.store import async_database
from messaging.queries.history import Wanted, read_page
from scenarios.rules.patterns import Frame, Pattern

MOST_PAGES = 20
PAGE = 200
AT_ONCE = 6  # questions that the store is asked at a time


class Past:
    """The log, asked by few at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.asked = 0

    async def frames(self, station: str, after: str, pattern: Pattern | None) -> list[Frame]:
        """The station's frames beyond an id, oldest first: those of the pattern's direction and
        actions, of any kind; without a pattern all of them."""
        wanted = Wanted((station,), first_id=after[:14])
        if pattern is not None:
            actions = tuple(dict.fromkeys(action for action, _ in pattern.actions))
            wanted = Wanted((station,), pattern.direction, (), actions, first_id=after[:14])
        found: list[Frame] = []
        cursor = ""
        async with self._turn:
            for _ in range(MOST_PAGES):
                self.asked += 1
                page = await read_page(
                    async_database(), wanted, limit=PAGE, cursor=cursor, newest_first=False
                )
                found += map(Frame.of_document, page.items)
                if page.next is None:
                    break
                cursor = page.next
        return [frame for frame in found if frame.id > after]

    async def last_boot(self, station: str) -> str:
        """An id just before the station's last BootNotification; "" where none is known."""
        wanted = Wanted((station,), "sent", ("Call",), ("BootNotification",))
        cursor = ""
        async with self._turn:
            for _ in range(MOST_PAGES):
                self.asked += 1
                page = await read_page(async_database(), wanted, limit=1, cursor=cursor)
                if page.items:
                    return f"{int(page.items[0]['_id'][:14], 16) - 1:014x}"
                if page.next is None:
                    break
                cursor = page.next
        return ""

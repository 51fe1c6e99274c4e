"""Whether a worker may speak: it is silent once it may have been taken for dead.

Each round of the leases opens the gate for a part of a lease. A process that was frozen, or whose
loop was stuck, finds the time over when it goes on: whatever its stations would send, log or write
is held, in order, until a round has told whether they are ours still. The time is monotonic, which
runs on while a process is stopped.

While Redis is away the gate stays open, since nobody can take a station then; unless it is only we
who do not reach it. So no link is made, and on one that was being made meanwhile nothing is said,
before a round has been tried once more: a host that was cut off learns there what it has lost.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

log = logging.getLogger(__name__)

PAUSE = 0.25  # seconds after which a deadline that found the gate shut is looked at again
DRAIN = 200  # held steps that are carried out in one turn of the loop


class Holder(Protocol):
    """A consumer, as far as the gate knows it."""

    gone: bool  # another worker has it, so nothing that is held for it happens
    link: Any


class Gate:
    """One a worker. Open for ever until `open_until` is called, as where nobody else could own."""

    def __init__(self) -> None:
        self.until = float("inf")  # monotonic seconds; compared at each step that may send
        self.closed = False  # a gap was seen, or what was held is being carried out
        self._held: deque[tuple[Holder, Callable[..., None], tuple]] = deque()
        self._draining = False
        self._paused: set[Any] = set()  # links on which nothing is read
        self._opened = asyncio.Event()
        self._opened.set()
        self.unsure = False  # no round was answered for so long that others may own what we have
        self._asking: list[asyncio.Future[None]] = []

    def shut(self) -> bool:
        """True while nothing may be said."""
        if not self.closed and monotonic() > self.until:
            self._close()
        return self.closed

    async def opened(self) -> None:
        """Wait until something may be said."""
        while self.shut():
            await self._opened.wait()

    def asked(self) -> asyncio.Future[None] | None:
        """Done at the end of the next round that begins, answered or not; None where the last
        answer still holds."""
        if not self.unsure:
            return None
        asking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asking.append(asking)
        return asking

    def asking(self) -> list[asyncio.Future[None]]:
        """Those that wait for the round that begins; who holds it sets their results."""
        asking, self._asking = self._asking, []
        return asking

    def hold(self, holder: Holder, step: Callable[..., None], *arguments: Any) -> None:
        """Have the step carried out when the gate opens, unless the station is lost by then.

        Its link is not read meanwhile, so what one station can make us hold is a read buffer.
        """
        self._close()
        if self._draining:  # it is the rest of the step that is being carried out
            self._held.appendleft((holder, step, arguments))
        else:
            self._held.append((holder, step, arguments))
        link = holder.link
        if link is not None and link not in self._paused:
            self._paused.add(link)
            link.pause(True)

    def open_until(self, until: float) -> None:
        """The leases that are held are ours up to `until`; those that were lost are gone."""
        self.until = until
        if self.closed and not self._draining:
            asyncio.get_running_loop().call_soon(self._drain)

    def _close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._opened.clear()
        log.warning("this process stood still for too long: silent until its leases are looked at")

    def _drain(self) -> None:
        self._draining = True
        try:
            for _ in range(DRAIN):
                if not self._held or monotonic() > self.until:
                    break
                self._carry_out(*self._held.popleft())
        finally:
            self._draining = False
        if monotonic() > self.until:
            return  # the next round goes on
        if self._held:
            asyncio.get_running_loop().call_soon(self._drain)
        else:
            self._open()

    def _carry_out(self, holder: Holder, step: Callable[..., None], arguments: tuple) -> None:
        if holder.gone:
            return
        self.closed = False
        try:
            step(*arguments)
        except Exception:
            log.exception("%r: what was held was not carried out", holder)
        finally:
            self.closed = True

    def _open(self) -> None:
        self.closed = False
        self._opened.set()
        paused, self._paused = self._paused, set()
        for link in paused:
            link.pause(False)

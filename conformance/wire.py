"""A breakage between the reference CSMS and the wire: a connection that spoils what is sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed

from conformance.breakages import Breakage, changed, with_values
from conformance.forms import MADE_UP, call_id, written
from conformance.triggers import Trigger, close
from scenarios.rules.matching import mismatch

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6


class Wires:
    """What is broken for whom; `wrap` is democsms.server.Doors'.

    Numbers of frames count from `break_` on, over all links of the station.
    """

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._trials: dict[str, Trigger] = {}  # that of a case's stations is one
        self._connections: dict[str, Any] = {}

    def break_(
        self, station: str, breakage: Breakage | None, trigger: Trigger | None = None
    ) -> None:
        """trigger: shared by the stations of a case; without: its own."""
        if trigger is None:
            after, harms = (breakage.after, breakage.harms) if breakage else ({}, "all")
            trigger = Trigger(after, harms)
        self._states[station] = _State(station, breakage, trigger)
        self._trials[station] = trigger

    def link_of(self, station: str) -> str:
        """The kind of a broken link; "" where it is not that."""
        state = self._states.get(station)
        broken = state.breakage if state else None
        return broken.of if broken and broken.kind == "link" else ""

    def wrap(self, connection: Any, station: str) -> Any:
        state = self._states.get(station)
        self._connections[station] = connection
        if state is None or state.breakage is None:
            return connection
        state.trigger.linked(station)
        return BrokenWire(connection, state, lambda: self._beside(station))

    def _beside(self, station: str) -> Any:
        """The connection of another station of the same case; None where there is none."""
        trial = self._trials[station]
        for name, connection in self._connections.items():
            if name != station and self._trials.get(name) is trial:
                return connection
        return None


class _State:
    def __init__(self, station: str, breakage: Breakage | None, trigger: Trigger) -> None:
        self.station, self.breakage, self.trigger = station, breakage, trigger
        self.seen: Counter[tuple[str, str]] = Counter()
        self.first: Any = None  # payload of the first answer that was broken

    def strikes(self, kind: str, action: str, payload: Any) -> bool:
        """`payload`: of the Call."""
        broken = self.breakage
        if (broken.kind, broken.of) != (kind, action) or mismatch(broken.when, payload):
            return False
        if not self.trigger.strikes(self.station):
            return False
        self.seen[kind, action] += 1
        return broken.nth in (0, self.seen[kind, action])


class BrokenWire:
    """As a `websockets` connection, in what a charge point of `ocpp` uses."""

    def __init__(
        self, connection: Any, state: _State, beside: Callable[[], Any] = lambda: None
    ) -> None:
        """beside: the connection of another station, or None."""
        self._connection, self._state, self._beside = connection, state, beside
        self._asked: dict[str, tuple[str, Any]] = {}  # the station's: id -> action, payload
        self._misheard: set[str] = set()  # ids of Calls whose answers the CSMS hears otherwise
        self._renamed: dict[str, str] = {}  # ids that Calls went out under -> the CSMS's own
        self._made: deque[str] = deque()  # what the CSMS is to believe that it got
        self._news = asyncio.Event()
        self._coming: asyncio.Task | None = None
        self._tasks: set[asyncio.Task] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def recv(self) -> str | bytes:
        while True:
            if self._made:
                return self._made.popleft()
            self._news.clear()
            self._coming = self._coming or asyncio.ensure_future(self._connection.recv())
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait([self._coming, news], return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if self._coming.done():
                coming, self._coming = self._coming, None
                text = coming.result()
                self._note(text)
                return self._heard(text)

    def _note(self, text: str | bytes) -> None:
        frame, called = _read(text), ""
        if len(frame) > 3 and frame[0] == CALL and isinstance(frame[1], str):
            called = frame[1]
            self._asked[called] = str(frame[2]), frame[3]
        words = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self._state.trigger.heard(self._state.station, words, called)

    def _heard(self, text: str | bytes) -> str | bytes:
        frame = _read(text)
        if len(frame) < 3 or frame[0] not in (RESULT, ERROR) or not isinstance(frame[1], str):
            return text
        if (own := self._renamed.get(frame[1])) is not None:
            text = _text([frame[0], own, *frame[2:]])
        if frame[0] != RESULT or frame[1] not in self._misheard:
            return text
        return _text([RESULT, frame[1], with_values(frame[2], self._state.breakage.hears)])

    async def send(self, text: str) -> None:
        frame = _read(text)
        broken = self._state.breakage
        if len(frame) == 4 and frame[0] == CALL:
            self._state.trigger.called(self._state.station, frame[2])
        match frame[:1]:
            case [2] if len(frame) == 4 and self._state.strikes("call", *frame[2:]):
                await self._call(frame, broken)
            case [3] | [4] if self._state.strikes("answer", *self._asked.get(frame[1], ("", {}))):
                await self._answer(frame, broken)
            case _:
                await self._connection.send(text)

    async def _call(self, frame: list, broken: Breakage) -> None:
        if broken.silent:
            self._made.append(_text([RESULT, frame[1], {"status": "Accepted"}]))
            self._news.set()
            return
        if broken.hears:
            self._misheard.add(frame[1])
        payload = changed({} if broken.instead else frame[3], broken)
        uid = call_id(frame[1], broken.id)
        if uid != frame[1]:
            self._renamed[uid] = frame[1]
        made = [CALL, uid, broken.instead or frame[2], payload]
        await self._connection.send(written(made, broken.form))
        if broken.twice:
            await self._connection.send(_text([CALL, f"{frame[1][:30]}-2", *made[2:]]))

    async def _answer(self, frame: list, broken: Breakage) -> None:
        if broken.silent:
            return
        if broken.closes:
            await close(self._connection)
            return
        if broken.result is not None:
            frame = [RESULT, frame[1], broken.result]
        elif broken.error:
            frame = [ERROR, frame[1], broken.error, "It is broken on purpose.", {}]
        elif frame[0] == RESULT:
            payload = self._state.first if self._state.first is not None else frame[2]
            frame = [RESULT, frame[1], changed(payload, broken)]
            self._state.first = payload if broken.stale else None
        if broken.id:
            frame[1] = self._former(frame[1]) if broken.id == "former" else MADE_UP
        if broken.late:
            self._later(broken.late, _text(frame))
            return
        if broken.astray:
            await self._lead_astray(_text(frame))
            return
        for _ in range(2 if broken.twice else 1):
            await self._connection.send(written(frame, broken.form))
        if broken.then and frame[0] == RESULT:
            await self._connection.send(
                _text([RESULT, frame[1], with_values(frame[2], broken.then)])
            )
        if broken.ends:
            await close(self._connection)

    def _former(self, uid: str) -> str:
        """The id of the Call before this one; there may have been none."""
        before = [known for known in self._asked if known != uid]
        return before[-1] if before else MADE_UP

    async def _lead_astray(self, text: str) -> None:
        if (other := self._beside()) is not None:
            with contextlib.suppress(ConnectionClosed):
                await other.send(text)

    def _later(self, seconds: float, text: str) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await self._connection.send(text)

        task = asyncio.ensure_future(wait())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the station may have left meanwhile


def _read(text: str | bytes) -> list:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _text(frame: list) -> str:
    return json.dumps(frame, separators=(",", ":"))

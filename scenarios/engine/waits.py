"""Steps that wait: for a message, for none, for a state, for a while."""

from __future__ import annotations

import asyncio
import logging
import operator
import time
from collections.abc import Callable, Mapping
from typing import Any

from pymongo.errors import PyMongoError

from scenarios.engine.strand import Order, StepFailed, Strand
from scenarios.matching import MISSING, look_up, mismatch, shown
from scenarios.patterns import Frame, Pattern, pattern
from scenarios.values import Unresolved, duration_ms
from scenarios.vocabulary import is_in_state

log = logging.getLogger(__name__)

# Seconds into a wait at which the log is asked for what was before the live stream: a message is
# stored some tenths of a second after it was sent.
LOOK_BACK = (0.0, 1.0, 3.0)
STORING = 1.5  # seconds that a message may take into the log
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    "<": operator.lt, "<=": operator.le,
}  # fmt: skip


class Search:
    """Looks for one frame, in what came live and, where that is not enough, in the log."""

    def __init__(self, strand: Strand, wanted: Pattern, after: str) -> None:
        self._strand, self._wanted, self._after = strand, wanted, after
        self._seen = 0
        self._gaps = strand.inbox.gaps
        self._began = time.monotonic()
        self._looks = list(LOOK_BACK) if after < strand.inbox.since else []
        self.near: tuple[Frame, str] | None = None  # the last one that was about right, and why not

    def _examine(self, frames: list[Frame]) -> Frame | None:
        for frame in frames:
            if frame.id <= self._after or not self._wanted.concerns(frame):
                continue
            why = self._wanted.why_not(frame)
            if why is None:
                return frame
            if self.near is None or self.near[0].id < frame.id:
                self.near = (frame, why)
        return None

    def live(self) -> Frame | None:
        new = self._strand.inbox.after(self._seen)
        if new:
            self._seen = new[-1][0]
        return self._examine([frame for _, frame in new])

    async def back(self) -> Frame | None:
        """What the log has. A store that is away is no verdict: the live stream goes on."""
        try:
            found = await self._strand.services.past.frames(
                self._strand.identity, self._after, self._wanted
            )
        except (PyMongoError, OSError) as failure:
            log.warning("%s: the log was not asked: %s", self._strand.identity, failure)
            return None
        return self._examine(found)

    async def within(self, seconds: float) -> Frame | None:
        """The first frame that matches, or None when the time is over."""
        inbox, deadline = self._strand.inbox, self._began + seconds
        while True:
            news = inbox.news
            if found := self.live():
                return found
            now = time.monotonic()
            if inbox.gaps > self._gaps:
                self._gaps = inbox.gaps
                self._looks = [now - self._began + wait for wait in LOOK_BACK]
            if self._looks and now >= self._began + self._looks[0]:
                self._looks.pop(0)
                if found := await self.back():
                    return found
                continue
            if now >= deadline:
                return None
            until = min(deadline, *(self._began + look for look in self._looks[:1]), deadline)
            try:
                async with asyncio.timeout(max(0.0, until - now)):
                    await news.wait()
            except TimeoutError:
                pass

    async def verdict(self) -> Frame | None:
        """Before a wait fails: what the log knows after all. The stream may have lost some, and
        of its last ones no gap tells before the next comes."""
        if found := await self.back():
            return found
        await asyncio.sleep(STORING)
        return self.live() or await self.back()

    async def missed(self) -> Frame | None:
        """Before a wait for nothing passes: what the log has, if the stream may have lost some."""
        inbox = self._strand.inbox
        certain = self._after >= inbox.since and not inbox.gaps
        return None if certain else await self.back()


def captured(strand: Strand, order: Order, payload: Any) -> None:
    capture = order.params.get("capture") or order.step.get("capture") or {}
    for name, path in capture.items():
        value = look_up(payload, path)
        if value is MISSING:
            raise StepFailed(f'There is no "{path}" to capture in {shown(payload)}.')
        strand.variables[name] = value


def _wanted(strand: Strand, order: Order, translate: bool) -> Pattern:
    params = order.params
    validate = strand.resolved(order.step.get("validate")) or params.get("validate")
    payload = params.get("payload")
    if payload and validate and isinstance(payload, Mapping) and isinstance(validate, Mapping):
        payload = {**payload, **validate}
    if params.get("answers") and not strand.call:
        raise StepFailed("No Call has matched yet whose answer could be expected.")
    uid = strand.call if params.get("answers") else ""
    try:
        return pattern(params, payload or validate, strand.subject.version, translate, uid)
    except (TypeError, ValueError) as problem:
        raise StepFailed(f"What is expected makes no sense: {problem}") from None


async def expect(strand: Strand, order: Order, translate: bool = False) -> tuple[str, str]:
    wanted = _wanted(strand, order, translate)
    after = await strand.place(order.params.get("since", ""))
    search = Search(strand, wanted, after)
    found = await search.within(order.timeout) or await search.verdict()
    if found is None:
        sentence = f"No {wanted} came within {order.timeout:g} s"
        if search.near is None:
            raise StepFailed(f"{sentence}.")
        frame, why = search.near
        raise StepFailed(f"{sentence} that matches: of the last one {why}.", frame.id)
    strand.cursor = max(strand.cursor, found.id)
    if found.kind == "Call":
        strand.call = found.uid
    captured(strand, order, found.payload())
    return "", found.id


async def wait_for_message(strand: Strand, order: Order) -> tuple[str, str]:
    """The predecessor's: OCPP 1.6's words, and "received X" is the answer to X as well."""
    return await expect(strand, order, translate=True)


async def expect_none(strand: Strand, order: Order) -> tuple[str, str]:
    wanted = _wanted(strand, order, translate=False)
    after = await strand.place(order.params.get("since", ""))
    search = Search(strand, wanted, after)
    found = await search.within(order.timeout) or await search.missed()
    if found is not None:
        raise StepFailed(f"A {wanted} came, and none should have.", found.id)
    strand.acted(time.time())
    return "", ""


# --- states --------------------------------------------------------------------------------------


def _fits_station(wanted: str) -> Callable[[dict], bool]:
    match wanted:
        case "connected" | "station_connected":
            return lambda state: bool(state.get("connected"))
        case "disconnected" | "station_disconnected":
            return lambda state: not state.get("connected")
    return lambda state: bool(state.get("connected")) and state.get("registration") == "Accepted"


async def _state(
    strand: Strand, order: Order, fits: Callable[[dict], bool], words: str, is_now: Callable
) -> tuple[str, str]:
    if await strand.services.states.wait(strand.identity, fits, order.timeout) is not None:
        return "", ""
    last = (await strand.services.states.read([strand.identity]))[strand.identity]
    if last is not None and fits(last):
        return "", ""
    known = "it has never run" if last is None else is_now(last)
    raise StepFailed(f"{words} within {order.timeout:g} s: {known}.")


async def wait_condition(strand: Strand, order: Order) -> tuple[str, str]:
    wanted = order.params["condition"]
    return await _station_state(strand, order, wanted.removeprefix("station_"))


async def _station_state(strand: Strand, order: Order, wanted: str) -> tuple[str, str]:
    def is_now(state: dict) -> str:
        if wanted != "disconnected" and not state.get("connected"):
            error = (state.get("link") or {}).get("error")
            return f"it is not connected ({error})" if error else "it is not connected, or stopped"
        if wanted == "accepted":
            return f"its registration is {state.get('registration') or 'open'}"
        return "it is connected"

    words = f"The station was not {wanted}"
    return await _state(strand, order, _fits_station(wanted), words, is_now)


async def wait_for_state(strand: Strand, order: Order) -> tuple[str, str]:
    params = order.params
    if params.get("target") == "station":
        return await _station_state(strand, order, params["state"])
    number = params.get("connectorId", params.get("connector", 1))

    def connector(state: dict) -> dict | None:
        return next((c for c in state.get("connectors") or [] if c["id"] == number), None)

    if "field" in params:
        name, value = params["field"], params["value"]
        compare = OPERATORS.get(params["op"], operator.eq)
        words = f"Connector {number}'s {name} was not {params['op']} {shown(value)}"

        def holds(found: dict) -> bool:
            try:
                return compare(found.get(name), value)
            except TypeError:
                return False
    else:
        name, value = "status", params["state"]
        words = f"Connector {number} was not {value}"

        def holds(found: dict) -> bool:
            return is_in_state(found, value)

    def fits(state: dict) -> bool:
        found = connector(state)
        return found is not None and holds(found)

    def is_now(state: dict) -> str:
        found = connector(state)
        return "there is no such connector" if found is None else f"it is {shown(found.get(name))}"

    return await _state(strand, order, fits, words, is_now)


async def read_state(strand: Strand, order: Order) -> tuple[str, str]:
    """Captures from the snapshot, or from one connector of it."""
    state = (await strand.services.states.read([strand.identity]))[strand.identity]
    if state is None:
        raise StepFailed("Nothing is known of the station: it has never run.")
    found = {name: part for name, part in state.items() if name != "saved"}
    if number := order.params.get("connector"):
        rows = [row for row in state.get("connectors") or [] if row["id"] == number]
        if not rows:
            raise StepFailed(f"The station has no connector {number}.")
        found = rows[0]
    captured(strand, order, found)
    return "", ""


# --- others --------------------------------------------------------------------------------------


async def delay(strand: Strand, order: Order) -> tuple[str, str]:
    try:
        pause = duration_ms(order.params.get("duration"), strand.rng)
    except Unresolved as problem:
        raise StepFailed(str(problem)) from None
    if pause is None:
        raise StepFailed("A delay at a rate of 0 would never end: let the rate be above 0.")
    await asyncio.sleep(pause / 1000)
    return f"{pause / 1000:.3g} s", ""


def hold(strand: Strand, given: list[Mapping[str, Any]]) -> str | None:
    """None if all conditions hold; else why the first does not. `given` as it was written."""
    for each in given:
        value = strand.resolved(each["value"])
        if why := mismatch(strand.resolved(each["is"]), value, "it"):
            named = each["value"] if isinstance(each["value"], str) else shown(each["value"])
            return each.get("message") or why.replace("it is", f"{named} is", 1)
    return None


async def assert_(strand: Strand, order: Order) -> tuple[str, str]:
    if why := hold(strand, order.step["params"]["conditions"]):
        raise StepFailed(f"{why[0].upper()}{why[1:]}.".replace("..", "."))
    return "", ""


async def set_variables(strand: Strand, order: Order) -> tuple[str, str]:
    strand.variables.update(order.params["variables"])
    told = ", ".join(f"{name} = {shown(v)}" for name, v in order.params["variables"].items())
    return told[:300], ""

"""Steps that wait: for a state, for a while, for a condition. For messages: see expecting.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from runtime import lifetime
from scenarios.engine.searching import captured
from scenarios.engine.strand import Order, StepFailed, Strand
from scenarios.rules.matching import compare, mismatch, shown
from scenarios.rules.values import Unresolved, duration_ms, too_large
from scenarios.rules.vocabulary import is_in_state
from scenarios.watch.rules import FAIL

EQUALS = {"==": True, "!=": False}
WRONG_ANSWERS = ("schema", "time_zone", "unreadable", "call_error")
GRACE = 1.0  # seconds
RULES = {">": "@gt", ">=": "@ge", "<": "@lt", "<=": "@le"}


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
    clock = strand.services.clock
    began = clock.monotonic()
    if await _came(strand, fits, order.timeout):
        return "", ""
    last = (await strand.services.states.read([strand.identity]))[strand.identity]
    if last is not None and fits(last):
        return "", ""
    known = "it has never run" if last is None else is_now(last)
    spent = clock.monotonic() - began
    within, early = order.patience, ""
    if spent < order.timeout - GRACE:
        within, early = f"{spent / clock.speed:.1f} s", ", and an answer was wrong"
    raise StepFailed(f"{words} within {within}{early}: {known}.")


async def _came(strand: Strand, fits: Callable[[dict], bool], seconds: float) -> bool:
    """Whether the state came. After a wrong answer, which fails the run anyhow, it is waited for
    only as long as a station may take to read that kindly."""
    inbox = strand.inbox
    known = _wrong_answers(strand)
    waiting = asyncio.ensure_future(strand.services.states.wait(strand.identity, fits, seconds))
    try:
        while not waiting.done() and _wrong_answers(strand) == known:
            found = asyncio.ensure_future(inbox.found.wait())
            try:
                await asyncio.wait([waiting, found], return_when=asyncio.FIRST_COMPLETED)
            finally:
                await lifetime.end([found])
        await asyncio.wait([waiting], timeout=GRACE)
        return waiting.done() and waiting.result() is not None
    finally:
        await lifetime.end([waiting])


def _wrong_answers(strand: Strand) -> int:
    """How often the CSMS has answered so that the run fails by it."""
    watch = strand.inbox.watch
    failed = () if watch is None else watch.findings.of_level(FAIL)
    return sum(found.count for found in failed if found.rule in WRONG_ANSWERS)


async def wait_condition(strand: Strand, order: Order) -> tuple[str, str]:
    """Wait for a condition on the station as the predecessor wrote it ("station_connected").

    Raises StepFailed at the timeout.
    """
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
    """Wait until the station, or a connector (1 unless named), has a state or a field with a value.

    Raises StepFailed at the timeout, in seconds.
    """
    params = order.params
    if params.get("target") == "station":
        return await _station_state(strand, order, params["state"])
    number = params.get("connectorId", params.get("connector", 1))

    def connector(state: dict) -> dict | None:
        return next((c for c in state.get("connectors") or [] if c["id"] == number), None)

    if "field" in params:
        name, value = params["field"], params["value"]
        words = f"Connector {number}'s {name} was not {params['op']} {shown(value)}"

        def holds(found: dict) -> bool:
            there = found.get(name)
            if params["op"] in EQUALS:
                return (there == value) == EQUALS[params["op"]]
            return compare(RULES[params["op"]], value, there) is None
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
    """Captures from the snapshot, or from one connector of it.

    Raises StepFailed where the station has never run, or has no such connector.
    """
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
    """Pause for `duration`: milliseconds, or a distribution of them.

    Raises StepFailed where it cannot be drawn or would never end.
    """
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
    """Pass if all `conditions` hold now. Raises StepFailed with the first that does not."""
    if why := hold(strand, order.step["params"]["conditions"]):
        raise StepFailed(f"{why[0].upper()}{why[1:]}.".replace("..", "."))
    return "", ""


async def set_variables(strand: Strand, order: Order) -> tuple[str, str]:
    """Set the variables of `variables` for the steps after it.

    Raises StepFailed where a value is too large to keep.
    """
    for name, value in order.params["variables"].items():
        if too_large(value):
            raise StepFailed(f"${name} would be too large to keep.")
    strand.variables.update(order.params["variables"])
    told = ", ".join(f"{name} = {shown(v)}" for name, v in order.params["variables"].items())
    return told[:300], ""

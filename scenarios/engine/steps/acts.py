"""Steps that have the station do something: commands, the predecessor's api_call, configuration.

**The predecessor's `stop_charging`** stops the transaction and then the driver leaves: the car is
unplugged. So its "wait until connector 1 is Available" holds on stations that, like real ones, are
Finishing (OCPP 2.x: Occupied) until the cable is out. Our own `stop-transaction` only stops; then
a step `unplug` says when the car goes. `start_charging` likewise brings a car if none is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from scenarios.engine.searching import captured
from scenarios.engine.strand import Order, StepFailed, Strand
from scenarios.rules.station_steps import CALLED, arguments
from stations.orders.commands import CommandFailed
from stations.orders.completing import completed, is_free

# Commands by which a link is cut or made.
LINK = frozenset({
    "connect", "disconnect", "half-open", "heal", "power-cut", "power-on", "reset",
})  # fmt: skip
COMMAND_TIMEOUT = 10.0  # seconds; more when the step says so


async def _send(strand: Strand, name: str, args: Mapping[str, Any], timeout: float) -> dict:
    """A command's result; the strand's place moves to now. Raises CommandFailed."""
    began = strand.here()
    try:
        result = await strand.services.commander.command(strand.identity, name, dict(args), timeout)
    finally:
        if name in LINK:
            strand.inbox.cut()
    strand.acted(began)
    return result


async def _perform(strand: Strand, name: str, args: dict[str, Any], timeout: float) -> dict:
    args = completed(name, args, strand.subject)
    if name == "start-transaction" and "ev" in args:
        car = {"connector": args["connector"], "ev": args.pop("ev")}
        if await _is_free(strand, car["connector"]):
            await _send(strand, "plug", car, timeout)
    return await _send(strand, name, args, timeout)


async def _is_free(strand: Strand, connector: int) -> bool:
    state = (await strand.services.states.read([strand.identity]))[strand.identity]
    return is_free(state, connector)


async def command(strand: Strand, order: Order) -> tuple[str, str]:
    """Any command of station_steps.COMMANDS.

    Raises StepFailed where its arguments cannot be used, where it is refused (unless the step's
    `refused` says so), and where it is carried out though it should be refused.
    """
    try:
        args = arguments(order.kind, order.params)
    except ValueError as problem:
        raise StepFailed(str(problem)) from None
    timeout = order.timeout if order.has_timeout else COMMAND_TIMEOUT
    refused = order.step.get("refused")
    try:
        name = CALLED.get(order.kind, order.kind)
        result = await _perform(strand, name, args, timeout)
    except CommandFailed as failure:
        if refused is True or (refused and refused == failure.code):
            return f"Refused as expected: {failure.message}", ""
        raise StepFailed(f"{order.kind} was refused ({failure.code}): {failure.message}") from None
    if refused:
        raise StepFailed(f"{order.kind} was carried out, but should have been refused.")
    captured(strand, order, result)
    return "", ""


async def api_call(strand: Strand, order: Order) -> tuple[str, str]:
    """The predecessor's: start_station, stop_station, start_charging, stop_charging; or any
    command, by its name with _ or -."""
    params = dict(order.params)
    action = str(params.pop("action")).replace("-", "_")
    timeout = order.timeout if order.has_timeout else COMMAND_TIMEOUT
    match action:
        case "start_station" | "stop_station":
            return await _switch(strand, action == "start_station")
        case "start_charging":
            args = {"connector": params.get("connectorId", 1)}
            if params.get("idTag"):
                args["id_tag"] = params["idTag"]
            return await _told(_perform(strand, "start-transaction", args, timeout), action)
        case "stop_charging":
            return await _told(_stop_charging(strand, params, timeout), action)
    inner = Order(action.replace("_", "-"), params, order.step, order.timeout)
    return await command(strand, inner)


async def _told(work: Any, action: str) -> tuple[str, str]:
    try:
        await work
    except CommandFailed as failure:
        raise StepFailed(f"{action} was refused ({failure.code}): {failure.message}") from None
    return "", ""


async def _stop_charging(strand: Strand, params: Mapping[str, Any], timeout: float) -> None:
    connector = params.get("connectorId", 1)
    args = {"connector": connector}
    if params.get("reason"):
        args["reason"] = params["reason"]
    began = strand.here()
    await _send(strand, "stop-transaction", args, timeout)
    try:
        await _send(strand, "unplug", {"connector": connector}, timeout)
    except CommandFailed as failure:
        if failure.code != "not_possible_now":  # the car has left already
            raise
    # What the stop brought about counts, though the unplugging came later.
    strand.acted(began)


async def _switch(strand: Strand, running: bool) -> tuple[str, str]:
    """Start or stop the station. If it is so already nothing is done, and its place stays: the
    BootNotification of before is the one that a scenario then waits for."""
    began = strand.here()
    try:
        changed = await strand.services.commander.switch(strand.identity, running)
    except CommandFailed as failure:
        raise StepFailed(failure.message) from None
    strand.inbox.cut()
    if not changed:
        return f"It was {'running' if running else 'stopped'} already.", ""
    strand.acted(began)
    return "", ""


async def start(strand: Strand, order: Order) -> tuple[str, str]:
    return await _switch(strand, True)


async def stop(strand: Strand, order: Order) -> tuple[str, str]:
    return await _switch(strand, False)


async def set_configuration(strand: Strand, order: Order) -> tuple[str, str]:
    """Configuration overrides of the station, as its form in the admin has them; null takes one
    away. They stay when the scenario is over: a cleanup step may set them back.

    Raises StepFailed where the station's row cannot be changed or does not take them.
    """
    began = strand.here()
    overrides = {
        key: value if value is None or isinstance(value, str) else str(value)
        for key, value in order.params["configuration"].items()
    }
    try:
        await strand.services.commander.configure(strand.identity, overrides)
    except CommandFailed as failure:
        raise StepFailed(failure.message) from None
    except Exception as problem:
        texts = getattr(problem, "messages", None) or [str(problem)]
        raise StepFailed(f"The configuration was not taken: {' '.join(texts)}") from None
    strand.acted(began)
    return "", ""


async def wait_for_held(strand: Strand, order: Order) -> tuple[str, str]:
    """Until a breakpoint holds a frame; captures id, text, action ... of it.

    Raises StepFailed where the station refuses to be asked, and when no frame was held within the
    step's timeout (seconds of the scenario).
    """
    action = order.params.get("action") or ""
    direction = order.params.get("direction") or ""
    direction = "" if direction == "both" else direction
    clock = strand.services.clock
    deadline = clock.monotonic() + order.timeout
    while True:
        news = strand.inbox.news
        try:
            told = await strand.services.commander.command(
                strand.identity, "interception", {}, COMMAND_TIMEOUT
            )
        except CommandFailed as failure:
            raise StepFailed(f"interception was refused: {failure.message}") from None
        for held in told["held"]:
            if _fits(held, action, direction):
                captured(strand, order, held)
                return f"Frame {held['id']} is held.", ""
        if clock.monotonic() >= deadline:
            raise StepFailed(f"No {action or 'frame'} was held within {order.patience}.")
        try:  # a held frame is in the log as well, so it is news
            async with asyncio.timeout(min(2.0, deadline - clock.monotonic())):
                await news.wait()
        except TimeoutError:
            pass


def _fits(held: Mapping[str, Any], action: str, direction: str) -> bool:
    return (not action or held["action"] == action) and (
        not direction or held["direction"] == direction
    )

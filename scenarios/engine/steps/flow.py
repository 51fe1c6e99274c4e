"""Steps that hold steps: repeat, parallel, choose, if."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from runtime import lifetime
from scenarios.engine.clock import Clock
from scenarios.engine.steps.waits import hold
from scenarios.engine.strand import StepFailed, Strand
from scenarios.rules.step_rules import MOST_BRANCHES
from scenarios.rules.values import Unresolved, duration_ms, is_number

STRANDS_AT_MOST = 1000  # of one station's run at a time: parallel within parallel multiplies
QUICKEST_ROUND = 0.05  # seconds: a loop of steps that take no time must not eat the runner
Params = Mapping[str, Any]


async def repeat(strand: Strand, params: Params, path: str) -> tuple[str, str]:
    """Rounds begin `every` so often, or at once if the one before took longer: a rate is kept
    as far as it can be. $index is the round's number, from 1."""
    count, seconds = (_limit(strand, params, name) for name in ("count", "seconds"))
    clock = strand.services.clock
    began = due = clock.monotonic()
    index = 0
    while count is None or index < count:
        gap = _gap(strand, params)
        if gap is None:
            return "The rate is 0: nothing was done.", ""
        due += gap
        if seconds is not None and due - began >= seconds:
            await _rest(clock, began + seconds)
            break
        await _rest(clock, due)
        started = clock.monotonic()
        due = started
        if seconds is not None and started - began >= seconds:
            break
        index += 1
        strand.variables["index"] = index
        await strand.run(params["steps"], f"{path}.")
        if "until" in params and hold(strand, params["until"]) is None:
            break
        await _rest(clock, started + QUICKEST_ROUND)
    return f"{index} rounds", ""


def _limit(strand: Strand, params: Params, name: str) -> float | None:
    value = strand.resolved(params.get(name))
    if value is not None and not (is_number(value) and value >= 0):
        raise StepFailed(f"{name} is {value!r}: give a number.")
    return value


def _gap(strand: Strand, params: Params) -> float | None:
    """Seconds from a round's beginning to the next; None: never."""
    if "every" not in params:
        return 0.0
    try:
        gap = duration_ms(strand.resolved(params["every"]), strand.rng)
    except Unresolved as problem:
        raise StepFailed(str(problem)) from None
    return None if gap is None else gap / 1000


async def _rest(clock: Clock, until: float) -> None:
    await asyncio.sleep(max(0.0, until - clock.monotonic()))


async def parallel(strand: Strand, params: Params, path: str) -> tuple[str, str]:
    """All branches at the same time; the first that fails ends the others. What they captured is
    known afterwards (with for_each it is each branch's own).

    Raises StepFailed where more than STRANDS_AT_MOST branches would run at a time.
    """
    branches = _branches(strand, params, path)
    strand.others[0] += len(branches)
    try:
        if strand.others[0] > STRANDS_AT_MOST:
            raise StepFailed(f"At most {STRANDS_AT_MOST} branches run at a time in all.")
        return await _together(strand, params, branches)
    finally:
        strand.others[0] -= len(branches)


async def _together(
    strand: Strand, params: Params, branches: list[tuple[Strand, list]]
) -> tuple[str, str]:
    tasks = [asyncio.create_task(branch.run(steps, branch.path)) for branch, steps in branches]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await lifetime.end(tasks)
    failed = [t.exception() for t in tasks if not t.cancelled() and t.exception()]
    for failure in failed:
        raise failure
    if any(task.cancelled() for task in tasks):
        raise asyncio.CancelledError
    strand.cursor = max(strand.cursor, *(branch.cursor for branch, _ in branches))
    if "for_each" not in params:
        for branch, _ in branches:
            strand.variables.update(branch.variables)
    return f"{len(branches)} branches", ""


def _branches(strand: Strand, params: Params, path: str) -> list[tuple[Strand, list]]:
    if "for_each" not in params:
        return [
            (strand.branch(f"{path}.{n}."), steps)
            for n, steps in enumerate(params["branches"], start=1)
        ]
    values = strand.resolved(params["for_each"])
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_BRANCHES:
        raise StepFailed(f"for_each is {values!r}: give a list of 1 to {MOST_BRANCHES} values.")
    return [
        (strand.branch(f"{path}.{value}.", **{params["as"]: value}), params["steps"])
        for value in values
    ]


async def choose(strand: Strand, params: Params, path: str) -> tuple[str, str]:
    """One branch, drawn by weight.

    Raises StepFailed where a weight is no number of 0 or more, or all are 0.
    """
    weights = [strand.resolved(branch.get("weight", 1)) for branch in params["branches"]]
    if not all(is_number(weight) and weight >= 0 for weight in weights) or not sum(weights):
        raise StepFailed(f"The weights are {weights!r}: give numbers, not all of them 0.")
    (number,) = strand.rng.choices(range(len(weights)), weights)
    await strand.run(params["branches"][number].get("steps") or [], f"{path}.{number + 1}.")
    return f"branch {number + 1}", ""


async def if_(strand: Strand, params: Params, path: str) -> tuple[str, str]:
    """Run `steps` where all conditions hold, else the steps of `else`.

    Returns (words, ""): why the conditions did not hold.
    """
    why_not = hold(strand, params["conditions"])
    await strand.run(params.get("steps" if why_not is None else "else") or [], f"{path}.")
    return "" if why_not is None else f"else: {why_not}"[:300], ""

"""Conversations about one action: made from a seed, played, and cut down where one goes wrong."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.chargepoint.bounds.stations import sends
from tests.chargepoint.conversation import requests
from tests.chargepoint.conversation.hints import hints_for
from tests.chargepoint.conversation.rules import Violation
from tests.chargepoint.conversation.states import BEGINNINGS, CONFIGURED, DEEDS, STATES, fitting
from tests.chargepoint.conversation.talk import Step, Talk

VERSIONS = ("1.6", "2.0.1", "2.1")
IN_ONE = 5  # requests about the action in a conversation
_REPLAYS = 400  # of a conversation that is cut down
_TIMES = (0.0, 0.5, 5.0, 61.0, 1000.0)


def conversations(version: str, action: str, requests_of_it: int, seed: int) -> Iterator[list]:
    """As many requests about the action as are wanted, over several conversations."""
    rng = Random(f"{seed} {version} {action}")
    asked = list(requests_about(version, action, requests_of_it, rng))
    others = sorted(sends(version) - {action, "Reset"})
    for first in range(0, len(asked), IN_ONE):
        steps = _beginning(version, action, first // IN_ONE, rng)
        for request in asked[first : first + IN_ONE]:
            if rng.random() < 0.25:
                steps += _between(version, others, rng)
            steps.append(request)
        yield steps


def _beginning(version: str, action: str, number: int, rng: Random) -> list[Step]:
    """A station as some operator has it, in some states, often one that the action fits."""
    configured = rng.choice(CONFIGURED[version])
    if action == "RequestBatterySwap":
        configured = {"BatterySwapCtrlr.Available": "true"}
    steps: list[Step] = [("configuration", configured)] if configured else []
    if number % 2:
        steps.append(("lenient",))
    # Each action is asked of a station that was not accepted, too.
    if number % 10 < len(BEGINNINGS):
        steps += BEGINNINGS[number % 10](rng)
    if rng.random() < 0.9:
        steps.append(("link",))
    states = rng.sample(STATES[version], rng.choice((0, 1, 1, 2, 3)))
    fits = fitting(action)
    if fits and rng.random() < 0.75:
        states.append(rng.choice(fits))
    for state in states:
        steps += state(rng, version)
    return steps


def requests_about(version: str, action: str, number: int, rng: Random) -> Iterator[Step]:
    """Steps that ask it: three of five are legal, and the kinds take turns."""
    ways = requests.LEGAL * (number // len(requests.LEGAL) + 1)
    kinds = requests.ILLEGAL * (number // len(requests.ILLEGAL) + 1)
    made: list[Step] = []
    for place in range(number):
        hints = hints_for(version)
        wrong = None
        if place % 5 in (1, 3):
            wrong = requests.illegal(version, action, kinds[place // 2], rng, hints)
        if wrong is not None:
            made.append(("ask", action, wrong[1], wrong[0]))
        else:
            payload = requests.legal(version, action, ways[place], rng, hints)
            made.append(("ask", action, payload, ""))
    rng.shuffle(made)
    return iter(made)


def _between(version: str, others: list[str], rng: Random) -> list[Step]:
    chance = rng.random()
    if chance < 0.4:
        action, way = rng.choice(others), rng.choice(requests.LEGAL)
        return [("ask", action, requests.legal(version, action, way, rng, hints_for(version)), "")]
    if chance < 0.7:
        return [("time", rng.choice(_TIMES))]
    if chance < 0.9:
        return [rng.choice(DEEDS)]
    return rng.choice(STATES[version])(rng, version)


def fault_of(version: str, steps: list[Step], **talk: Any) -> tuple[str, str, list[str]] | None:
    """(rule, what was wrong, every word until then); None where all is as it should be."""
    conversation = Talk(version, **talk)
    try:
        for step in steps:
            conversation.do(step)
        conversation.end()
    except Violation as broken:
        return broken.rule, str(broken), conversation.witness.words
    except Exception as error:
        where = error.__traceback__
        while where.tb_next is not None:
            where = where.tb_next
        code = where.tb_frame.f_code
        place = f"{code.co_filename.rpartition('/')[2]}:{where.tb_lineno} {code.co_name}"
        rule = f"{type(error).__name__} in {place}"
        return rule, f"{rule}: {error}"[:1500], conversation.witness.words
    return None


def shortest(version: str, steps: list[Step], rule: str, **talk: Any) -> list[Step]:
    """The conversation without the steps that the fault does not need."""
    left, size = _REPLAYS, max(1, len(steps) // 2)
    while size and left > 0:
        place = 0
        while place < len(steps) and left > 0:
            fewer = steps[:place] + steps[place + size :]
            found = fault_of(version, fewer, **talk)
            left -= 1
            if found is not None and found[0] == rule:
                steps = fewer
            else:
                place += size
        size //= 2
    return steps


def report(version: str, steps: list[Step], found: tuple, seed: int, **talk: Any) -> str:
    """What a person needs to repeat the fault."""
    fewer = shortest(version, steps, found[0], **talk)
    again = fault_of(version, fewer, **talk) or found
    lines = "\n".join(f"    {json.dumps(step)}" for step in fewer)
    words = "\n".join(f"    {word[:400]}" for word in again[2][-30:])
    return f"OCPP {version}, seed {seed}: {again[1]}\n{lines}\nthe last words:\n{words}"

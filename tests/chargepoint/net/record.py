"""Make the recordings anew, from the code as it is. Only where a change of behaviour is meant.

    python -m tests.chargepoint.net.record

The random tests of the core run with fixed seeds, the others as they are. Each station that they
make is recorded; what a replay cannot repeat (a test has reached inside) is cut off.
"""

from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chargepoint.bounds.stations import sends
from tests.chargepoint.conversation.play import conversations, fault_of
from tests.chargepoint.net.recorder import Tape, recording
from tests.chargepoint.net.replay import VERSIONS, Life, digests, keep, lived
from tests.chargepoint.net.values import PLACES, digest
from tests.chargepoint.v16.test_state_machine import Life as Life16
from tests.chargepoint.v201.test_state_machine import Life as Life201
from tests.chargepoint.v201.test_state_machine import Life21

SEED = 20
REQUESTS = 10  # of each action
MACHINES = {"1.6": Life16, "2.0.1": Life201, "2.1": Life21}
LIVES_OF_MACHINES = 25
STEPS = 40
LONGEST = 250  # events of a life
EVENTS_OF_TESTS = 6000  # a version, of the tests that are not random
AFTER = (("crash",), ("link",), ("time", 700.0), ("drop",), ("time", 100.0), ("link",))


def random_lives(version: str) -> list[Tape]:
    tapes: list[Tape] = []
    with recording(tapes, LONGEST):
        for action in sorted(sends(version)):
            for steps in conversations(version, action, REQUESTS, SEED):
                fault_of(version, [*steps, *AFTER])
        chosen = settings(
            max_examples=LIVES_OF_MACHINES, stateful_step_count=STEPS, derandomize=True,
            database=None, deadline=None, phases=[Phase.generate],
        )  # fmt: skip
        run_state_machine_as_test(MACHINES[version], settings=chosen)
    return tapes


def lives_of_tests() -> list[Tape]:
    tapes: list[Tape] = []
    with recording(tapes, LONGEST):
        pytest.main([
            "-q", "--confcutdir", "tests/chargepoint", "-p", "no:django", "-p", "no:randomly",
            "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not slow",
            "--ignore", "tests/chargepoint/bounds", "--ignore", "tests/chargepoint/conversation",
            "--ignore", "tests/chargepoint/net", "--ignore", "tests/chargepoint/test_weight.py",
            "--ignore", "tests/chargepoint/tariff", "tests/chargepoint",
        ], plugins=[_NoneAtRandom()])  # fmt: skip
    return tapes


class _NoneAtRandom:
    """Hypothesis makes thousands of lives that are much the same."""

    @staticmethod
    def pytest_collection_modifyitems(items: list[Any]) -> None:
        items[:] = [item for item in items if not hasattr(item.obj, "hypothesis")]


def repeatable_part(tape: Tape) -> Life | None:
    """The life up to where a replay differs from what was recorded, or from another replay."""
    life = tape.life()
    steps = 0
    with suppress(Exception):
        for step, (effects, _) in enumerate(lived(life)):
            if step and digest(effects) != tape.told[step - 1]:
                break
            steps = step
    if not steps:
        return None
    life["events"] = life["events"][:steps]
    one, other = digests(life), digests(life)
    same = next((n for n in range(steps + 1) if _differ(one, other, n)), steps + 1)
    if same < 2:
        return None
    return {**life, "events": life["events"][: same - 1], "digests": one[: same * PLACES]}


def _differ(one: str, other: str, step: int) -> bool:
    part = slice(step * PLACES, (step + 1) * PLACES)
    return one[part] != other[part]


def main() -> None:
    from chargepoint.core import calls

    calls.STRICT = True
    of_tests = [tape for tape in lives_of_tests() if tape.events]
    calls.STRICT = True
    Random(SEED).shuffle(of_tests)
    for version in VERSIONS:
        tapes = random_lives(version)
        room = EVENTS_OF_TESTS
        for tape in of_tests:
            if tape.start["config"]["version"] == version and room > 0:
                tapes.append(tape)
                room -= len(tape.events)
        lives = [life for tape in tapes if tape.events and (life := repeatable_part(tape))]
        names = Counter(event[0] for life in lives for event in life["events"])
        begun = sum(life["saved"] is not None for life in lives)
        size = keep(version, lives)
        print(version, f"{len(lives)} of {len(tapes)} lives, {begun} of them resumed,", end=" ")
        print(f"{names.total()} events, {size} bytes:", dict(names))


if __name__ == "__main__":
    main()

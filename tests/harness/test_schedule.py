"""The schedule comes from the seed alone, and has everything in it."""

from __future__ import annotations

from itertools import islice

import pytest

from chaos.faults import BY_WORD
from chaos.schedule import AT_ONCE, KINDS, MOST_AT_ONCE, SINGLE, laps, subject


def first(number: int, *arguments, **more) -> list:
    return list(islice(laps(*arguments, **more), number))


def test_the_same_seed_makes_the_same_schedule():
    assert first(3, 7, (1, 3)) == first(3, 7, (1, 3))
    assert first(1, 7, (1,)) != first(1, 8, (1,))


def test_a_lap_has_every_kind_and_all_at_once():
    one, three = first(2, 7, (1, 3))
    for lap, workers in ((one, 1), (three, 3)):
        assert sorted(r.name for r in lap) == sorted((*KINDS, AT_ONCE))
        assert {r.workers for r in lap} == {workers}
    assert [r.name for r in one] != [r.name for r in three]


@pytest.mark.parametrize("seed", range(1, 30))
def test_what_comes_at_once_does_not_meet_itself(seed):
    (lap,) = first(1, seed, (1,), kinds=(AT_ONCE,))
    faults = lap[0].faults
    assert len(faults) == MOST_AT_ONCE
    assert len({subject(fault.kind) for fault in faults}) == MOST_AT_ONCE


def test_no_fault_lasts_longer_than_asked():
    lengths = [fault.seconds for lap in first(4, 3, (1,), longest=8.0) for r in lap
               for fault in r.faults]  # fmt: skip
    assert max(lengths) <= 8.0


def test_kinds_that_were_asked_for_come_in_their_order():
    (lap,) = first(1, 5, (3,), kinds=("freeze:worker", "kill:redis"))
    assert [r.name for r in lap] == ["freeze:worker", "kill:redis"]
    assert [str(r).split(":")[0] for r in lap] == ["3 workers"] * 2


def test_every_kind_can_be_made_and_has_a_subject():
    for kind in KINDS:
        assert kind.split(":")[0] in BY_WORD
        assert subject(kind) in SINGLE

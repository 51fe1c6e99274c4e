"""What Redis has and MongoDB may not, against a plain list: let go of in order and in time."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.journals import unstored
from messaging.journals.segments import Stretch
from messaging.journals.unstored import Unstored

ERAS = st.sampled_from("ab")
STEPS = st.one_of(
    st.tuples(st.just("add"), ERAS, st.booleans()),  # in memory only?
    st.tuples(st.just("look"), ERAS, st.sets(st.integers(0, 30))),
    st.tuples(st.just("again"), ERAS, st.booleans()),  # is its file gone?
)


def stretch(number: int) -> Stretch:
    return Stretch(Path("x"), number, 0, 1)


class Model:
    """Batches in their order: [number, era, stored]."""

    def __init__(self) -> None:
        self.batches: list[list] = []
        self.era = ""
        self.released: list[int] = []

    def let_go(self) -> None:
        while self.batches and self.batches[0][2]:
            self.released.append(self.batches.pop(0)[0])

    def lost(self) -> list | None:
        return next((b for b in self.batches if not b[2] and b[1] != self.era), None)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_a_batch_is_let_go_of_once_it_and_all_before_it_are_stored(steps):
    released: list[Stretch | None] = []
    real, model, count = Unstored(released.append), Model(), 0
    memory: set[int] = set()
    for verb, era, how in steps:
        if verb == "add":
            real.add(f"n{count}", era, None if how else stretch(count))
            model.era = era
            model.batches.append([count, era, how])
            memory |= {count} if how else set()
            count += 1
        elif verb == "look":
            real.look(era, {f"n{number}" for number in how})
            model.era = era
            for batch in model.batches:
                batch[2] |= batch[1] == era and batch[0] in how
        elif (lost := model.lost()) is not None:
            found = real.lost()
            assert found.name == f"n{lost[0]}"
            real.handed_again(found, "" if how else era)
            model.era = model.era if how else era
            lost[1], lost[2] = model.era, how
        model.let_go()
        wanted = [None if number in memory else stretch(number) for number in model.released]
        assert released == wanted
        lost = model.lost()
        assert (real.lost() is None) == (lost is None) == real.whole
        assert real.names(100) == [f"n{b[0]}" for b in model.batches if not b[2]]
        assert real.era == model.era


def test_of_too_many_the_oldest_count_as_stored(monkeypatch):
    monkeypatch.setattr(unstored, "MOST", 5)
    released: list[Stretch | None] = []
    real = Unstored(released.append)
    for number in range(12):
        real.add(f"n{number}", "a", stretch(number))
    assert len(real) == 5
    assert released == [stretch(number) for number in range(7)]

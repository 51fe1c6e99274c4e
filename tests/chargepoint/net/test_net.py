"""What the core did when it was recorded it does still: see record.py for how that is made anew.

A failure names the first event that differs. What it was before is to be seen beside the code as
it was, a checkout of an older commit:

    python -m tests.chargepoint.net --against PATH [VERSION]
"""

import pytest

from tests.chargepoint.net.__main__ import words_of
from tests.chargepoint.net.replay import VERSIONS, first_difference, kept

PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("version", VERSIONS)
def test_each_recorded_life_is_lived_as_before(version, part):
    lives = kept(version)[part::PARTS]
    assert lives
    for number, life in enumerate(lives):
        found = first_difference(life)
        if found is not None:
            where = number * PARTS + part
            pytest.fail(words_of(version, where, life, found), pytrace=False)


def test_a_replay_sees_what_differs():
    life = next(life for life in kept("1.6") if len(life["events"]) > 5)
    assert first_difference(life) is None
    places = [0, 11, 4 * 8 + 2]  # the state that it was made in, and effects and state of steps
    for place in places:
        text = life["digests"]
        other = "A" if text[place + 4] != "A" else "B"
        spoilt = text[: place + 4] + other + text[place + 5 :]
        step, what, _ = first_difference({**life, "digests": spoilt})
        assert (step, what) == ((place + 4) // 8, "effects" if (place + 4) % 8 < 4 else "state")

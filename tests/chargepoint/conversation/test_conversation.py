"""Every action that a CSMS may send, legal and illegal, in all sorts of states of a station.

    CONVERSATION_REQUESTS=500 CONVERSATION_SEED=7 pytest --confcutdir tests/chargepoint \
        -p no:django tests/chargepoint/conversation \
        -k 'test_every_request and 2.1-SetChargingProfile'

CONVERSATION_SEED=random takes another seed each time. A failure names it, with the fewest steps
that show the fault.
"""

import os
from random import SystemRandom

import pytest

from tests.chargepoint.bounds.stations import sends
from tests.chargepoint.conversation.play import VERSIONS, conversations, fault_of, report

REQUESTS = int(os.environ.get("CONVERSATION_REQUESTS", "50"))
_SEED = os.environ.get("CONVERSATION_SEED", "17")
SEED = SystemRandom().randrange(10**6) if _SEED == "random" else int(_SEED)
ACTIONS = [(version, action) for version in VERSIONS for action in sorted(sends(version))]


@pytest.mark.parametrize(("version", "action"), ACTIONS)
def test_every_request_is_answered_as_the_rules_have_it(version, action):
    for steps in conversations(version, action, REQUESTS, SEED):
        found = fault_of(version, steps)
        if found is not None:
            pytest.fail(report(version, steps, found, SEED), pytrace=False)

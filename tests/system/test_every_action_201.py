"""Every action of OCPP 2.0.1, with a CSMS on PyPI `ocpp`.

One station lives through it, chapter by chapter. The CSMS's library checks each frame by its
schemas and so does the test at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .chapters_2x import FIRST
from .chapters_messages_2x import MESSAGES
from .chapters_upkeep_2x import LAST
from .conversation import Conversation, conversation
from .life import live_through


@pytest.fixture
def talk(python_csms, stack, fresh_name) -> Iterator[Conversation]:
    with conversation(python_csms, stack, fresh_name("every-action"), "2.0.1") as talk:
        yield talk


def test_every_action_of_2_0_1(talk):
    live_through(talk, (*FIRST, *MESSAGES, *LAST))

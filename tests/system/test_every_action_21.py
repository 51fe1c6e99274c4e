"""Every action of OCPP 2.1, with a CSMS on PyPI `ocpp`: the chapters of 2.0.1, and its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .chapters_2x import FIRST
from .chapters_21 import GRID
from .chapters_messages_2x import MESSAGES
from .chapters_money_21 import MONEY, SLOTS, SWAP
from .chapters_upkeep_2x import LAST
from .conversation import Conversation, conversation
from .life import live_through


@pytest.fixture
def talk(python_csms, stack, fresh_name) -> Iterator[Conversation]:
    with conversation(python_csms, stack, fresh_name("every-action"), "2.1", **SLOTS) as talk:
        yield talk


def test_every_action_of_2_1(talk):
    live_through(talk, (*FIRST, *GRID, *MESSAGES, *MONEY, *LAST, *SWAP))

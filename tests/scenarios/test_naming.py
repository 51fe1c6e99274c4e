"""A step in a few words, where its author has none for it."""

from __future__ import annotations

import pytest

from scenarios.engine.naming import LONGEST, in_words


@pytest.mark.parametrize(("kind", "params", "words"), [
    ("expect", {"direction": "sent", "action": "Authorize", "kind": "Call"},
     "sent Authorize (Call)"),
    ("expect", {"answers": True}, "the answer"),
    ("expect", {"answers": True, "action": "Reset"}, "the answer to Reset"),
    ("expect_none", {"direction": "received"}, "received frame"),
    ("csms", {"call": "Reset", "payload": {}}, "Reset"),
    ("message", {"action": "Heartbeat"}, "Heartbeat"),
    ("message", {"text": "[2]"}, ""),
    ("wait_for_state", {"target": "station", "state": "accepted"}, "station: accepted"),
    ("wait_for_state", {"connectorId": 2, "state": "Charging"}, "connector 2: Charging"),
    ("wait_for_state", {"state": "Charging"}, "connector 1: Charging"),
    ("plug", {"connector": "$outlet"}, "connector $outlet"),
    ("delay", {"duration": 500}, "500 ms"),
    ("delay", {"duration": {"min": 1, "max": 2}}, ""),
    ("set", {"variables": {"a": 1}}, ""),
    ("plug", None, ""),
    ("csms", {"call": ["odd"]}, ""),
])  # fmt: skip
def test_words(kind, params, words):
    assert in_words({"type": kind, "params": params}) == words


def test_they_are_short():
    assert len(in_words({"type": "csms", "params": {"call": "x" * 1000}})) == LONGEST

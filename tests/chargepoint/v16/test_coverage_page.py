"""docs/ocpp-1.6.md tells what the code does, and each action that it tells of has its test."""

import pytest

from tests.chargepoint.v16.coverage_page import ROOT, actions, page, proof, sent


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/ocpp-1.6.md").read_text() == page()


@pytest.mark.parametrize("action", [action for action, ways in actions() if ways])
def test_each_action_that_is_emulated_has_a_test(action):
    assert proof(action)


def test_what_is_sent_is_found_in_the_code():
    assert {"BootNotification", "Heartbeat", "StartTransaction", "MeterValues"} <= sent()
    assert "Reset" not in sent()

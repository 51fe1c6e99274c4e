"""docs/reference/ocpp-1.6.md tells what the code does, and the test that proves each line."""

from chargepoint.v16.keys import KEYS
from chargepoint.v16.plug_and_charge.served import SERVED
from tests.chargepoint.coverage import ROOT, actions, proofs, sent
from tests.chargepoint.v16.coverage_page import READINGS, TRANSFERRED, page


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/reference/ocpp-1.6.md").read_text() == page()


def test_every_action_and_every_key_has_a_test_that_proves_it():
    emulated = {action for action, ways in actions("1.6") if ways}
    assert {*emulated, *KEYS} - set(proofs()["1.6"]) == set()


def test_every_key_was_read():
    assert set(READINGS) == set(KEYS)


def test_what_is_sent_is_found_in_the_code():
    assert {"BootNotification", "Heartbeat", "StartTransaction", "MeterValues"} <= sent("1.6")
    assert "Reset" not in sent("1.6")


def test_every_message_of_plug_and_charge_has_a_test_that_proves_it():
    assert {name for name, way in TRANSFERRED.items() if way == "served"} == set(SERVED)
    assert {f"PnC {name}" for name in TRANSFERRED} - set(proofs()["1.6"]) == set()

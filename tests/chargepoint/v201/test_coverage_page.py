"""docs/reference/ocpp-2.md says what the code says, and which test proves each line."""

import pytest

from tests.chargepoint.coverage import ROOT, actions, proofs
from tests.chargepoint.v201.coverage_page import READINGS, VERSIONS, inventory, missing, page


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/reference/ocpp-2.md").read_text() == page()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_and_every_variable_has_a_test_that_proves_it(version):
    emulated = {action for action, ways in actions(version) if ways}
    assert {*emulated, *inventory(version)} - set(proofs()[version]) == set()


def test_every_variable_was_read():
    assert set(READINGS) == {key for version in VERSIONS for key in inventory(version)}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_required_variable_is_there(version):
    assert missing(version) == set()

"""docs/ocpp-2.md says what the code says."""

import pytest

from tests.chargepoint.v201.coverage_page import ROOT, page, rows


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/ocpp-2.md").read_text() == page()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_every_action_that_is_emulated_has_a_test_that_speaks_of_it(version):
    assert [action for action, how, test in rows(version) if how != "not yet" and not test] == []

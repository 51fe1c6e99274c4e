"""docs/ocpp-2.md says what the code says, and which test proves each line."""

import pytest

from tests.chargepoint.coverage import ROOT, actions, proofs
from tests.chargepoint.v201.coverage_page import VERSIONS, inventory, missing, page
from tests.chargepoint.v201.required import always, with_block

# Emulated, but without a proof yet. To be empty.
PENDING_PROOFS = {
    "OCPPCommCtrlr.NetworkConfigurationPriority", "OCPPCommCtrlr.NetworkProfileConnectionAttempts",
    "SecurityCtrlr.SecurityProfile",
}  # fmt: skip
# Required, of blocks that are not emulated yet. To be empty.
PENDING_COMPONENTS = {
    "ACDERCtrlr", "DCDERCtrlr", "DisplayMessageCtrlr", "NetworkConfiguration", "PaymentCtrlr",
    "TariffCostCtrlr", "V2XChargingCtrlr", "WebPaymentsCtrlr",
}  # fmt: skip


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/ocpp-2.md").read_text() == page()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_and_every_required_variable_has_a_test_that_proves_it(version):
    emulated = {action for action, ways in actions(version) if ways}
    required = (always() | with_block(version)) & set(inventory(version))
    assert (emulated | required) - set(proofs()[version]) == PENDING_PROOFS


@pytest.mark.parametrize("version", VERSIONS)
def test_every_required_variable_is_there(version):
    absent = {key for key in missing(version) if key.partition(".")[0] not in PENDING_COMPONENTS}
    assert absent == set()


def test_no_component_is_pending_that_is_whole():
    absent = {key.partition(".")[0] for version in VERSIONS for key in missing(version)}
    assert absent >= PENDING_COMPONENTS, "take what is built out of PENDING_COMPONENTS"

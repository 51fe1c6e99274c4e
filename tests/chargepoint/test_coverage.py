"""The marks that name what a test proves name things that there are."""

import pytest

from chargepoint.v16.keys import KEYS
from chargepoint.wire import schemas
from tests.chargepoint.coverage import VERSIONS, proofs
from tests.chargepoint.v16.coverage_page import TRANSFERRED
from tests.chargepoint.v201.coverage_page import inventory


def things(version: str) -> set[str]:
    named = KEYS if version == "1.6" else inventory(version)
    return {*schemas.actions(version), *named}


def test_every_mark_names_an_action_a_key_or_a_variable():
    # A test for both versions of 2.x may name what only one of them has.
    known = set().union(*map(things, VERSIONS)) | {f"PnC {name}" for name in TRANSFERRED}
    marked = {name for names in proofs().values() for name in names}
    assert marked - known == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_proof_is_a_test_that_is_collected(version):
    for place in proofs()[version].values():
        path, _, name = place.partition("::")
        assert path.startswith("tests/") and name.startswith("test_"), place

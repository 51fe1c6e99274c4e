"""How wide an integer of a CSMS may be, by schema and in the station."""

import pytest

from chargepoint.wire import schemas


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("interval", "fits"),
    [(2**31 - 1, True), (2**31, False), (-(2**31), True), (-(2**31) - 1, False),
     (1e300, False), (10**4000, False), (300.5, False)],
)  # fmt: skip
def test_an_integer_has_32_bits(version, interval, fits):
    answer = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": interval}
    fault = schemas.check(version, "BootNotification", answer, True)
    assert (fault is None) == fits


@pytest.mark.parametrize(("version", "fits"), [("1.6", False), ("2.0.1", True), ("2.1", True)])
def test_a_whole_float_is_an_integer_by_the_draft_that_the_schema_names(version, fits):
    """JSON Schema draft 4 (1.6): no fraction part; draft 6 (2.x): a zero fraction is none."""
    answer = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300.0}
    assert (schemas.check(version, "BootNotification", answer, True) is None) == fits


@pytest.mark.parametrize(
    ("number", "fits"), [(1_764_374_400_000, True), (2**63 - 1, True), (2**63, False)]
)
def test_a_transaction_may_be_numbered_by_milliseconds(number, fits):
    answer = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    assert (schemas.check("1.6", "StartTransaction", answer, True) is None) == fits

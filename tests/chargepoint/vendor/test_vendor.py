"""A vendor's block comes from outside the package, by the setting CHARGE_POINT_BLOCKS."""

import pytest

from chargepoint import versions
from tests.chargepoint.v201.csms import booted

HERE = "tests.chargepoint.vendor.acme."
TOKEN = {"idToken": "04A1B2C3", "type": "ISO14443"}


@pytest.fixture
def added():
    """Add these blocks to OCPP 2.0.1, for one test."""
    yield lambda *names: versions.add_blocks({"2.0.1": [HERE + name for name in names]})
    versions.add_blocks({})


def ask(csms, message="Tickets", vendor="com.acme"):
    return csms.call("DataTransfer", {"vendorId": vendor, "messageId": message})


def test_without_it_nobody_knows_the_vendor():
    assert ask(booted()) == {"status": "UnknownVendorId"}


def test_it_serves_its_own_data_transfer(added):
    added("Lottery")
    csms = booted()
    assert ask(csms) == {"status": "Accepted", "data": "0"}
    assert ask(csms, "Jackpot") == {"status": "UnknownMessageId"}
    assert ask(csms, vendor="org.other") == {"status": "UnknownVendorId"}


def test_it_is_there_only_when_it_is_needed(added):
    added("Lottery")
    csms = booted()
    assert csms.station.there("acme.lottery") is None
    assert csms.command("acme.give", count=2) == {"tickets": 2}
    assert csms.station.there("acme.lottery").tickets == 2


def test_it_hears_what_happens_keeps_it_and_wakes_by_its_timer(added):
    added("Lottery")
    csms = booted()
    csms.answers["DataTransfer"] = {"status": "Accepted"}
    csms.command("start-transaction", connector=1)
    csms.command("stop-transaction", connector=1)
    saved = csms.saved()
    assert saved["acme.tickets"] == 1
    again = csms.restart(saved)
    again.connect()
    assert ask(again) == {"status": "Accepted", "data": "1"}
    csms.pass_time(3601)
    assert [p["data"] for p in csms.sent("DataTransfer")] == ["1"]


def test_it_takes_the_place_of_ours_by_a_subclass(added):
    reserve = {"id": 1, "expiryDateTime": "2001-09-09T03:00:00Z", "evseId": 1,
               "idToken": {"idToken": "SOMEBODY", "type": "Central"}}  # fmt: skip
    start = {"evseId": 1, "remoteStartId": 5, "idToken": TOKEN}
    csms = booted()
    assert csms.call("ReserveNow", reserve) == {"status": "Accepted"}
    assert csms.call("RequestStartTransaction", start)["status"] == "Rejected"
    added("Generous")
    csms = booted()
    assert csms.call("ReserveNow", reserve) == {"status": "Accepted"}
    assert csms.call("RequestStartTransaction", start)["status"] == "Accepted"


@pytest.mark.parametrize("names, words", [
    (["Nowhere"], "There is no block"),
    (["VENDOR"], "no subclass of chargepoint"),
    (["Unmarked"], "begin with the vendor"),
    (["Lottery", "Greedy"], "two owners"),
    (["Stranger"], "no subclass of the row"),
])  # fmt: skip
def test_one_that_does_not_fit_is_refused_in_words_at_the_start(added, names, words):
    with pytest.raises(ValueError, match=words):
        added(*names)


def test_other_versions_go_without(added):
    added("Lottery")
    assert "acme.lottery" not in versions.station_class("2.1").ROWS

"""A certificate that is not valid yet is kept and used from its begin on (whitepaper A02, A03)."""

import pytest

from chargepoint.effects import Dial
from tests.chargepoint.authority import DAY, Authority
from tests.chargepoint.peer import START
from tests.chargepoint.v16.test_certificates import events, install, peer, requested, signed
from tests.chargepoint.v16.test_security_keys import change

__all__ = ["peer"]


@pytest.fixture(scope="module")
def root():
    return Authority("Root", START)


@pytest.fixture
def secure(peer, root):
    """A station of profile 3, with a certificate in use."""
    install(peer, root.pem)
    assert signed(peer, root.answer(requested(peer), days=400)) == "Accepted"
    assert change(peer, "AuthorizationKey", "a-plain-text-key-1") == "Accepted"
    assert change(peer, "SecurityProfile", "3") == "Accepted"
    peer.connect()
    peer.closes.clear()
    return peer


def in_use(peer):
    return peer.station.link_security().certificate


def test_it_waits_for_its_begin_and_the_link_is_made_anew_with_it(secure, root):
    old = in_use(secure)
    new = root.answer(requested(secure), since=2, days=500)
    assert signed(secure, new) == "Accepted"
    assert in_use(secure) == old and not secure.closes
    secure.pass_time(2 * DAY - 60)
    assert in_use(secure) == old and not secure.closes
    secure.pass_time(61)
    assert in_use(secure) == new and len(secure.closes) == 1
    secure.connect()
    secure.pass_time(3600)
    assert in_use(secure) == new


def test_the_csms_that_will_not_have_it_gets_the_old_one_again(secure, root):
    old = in_use(secure)
    signed(secure, root.answer(requested(secure), since=2, days=500))
    secure.pass_time(2 * DAY + 1)
    effects = []
    for _ in range(3):
        effects += secure.station.dial_failed("refused", "why", secure.now)
    assert in_use(secure) == old and Dial(0.0) in effects


def test_it_survives_a_restart_and_its_key_is_a_secret(secure, root):
    new = root.answer(requested(secure), since=2, days=500)
    signed(secure, new)
    saved = secure.station.snapshot()["saved"]
    assert "PRIVATE KEY" in saved["secrets"]["coming"][1]
    assert "PRIVATE KEY" not in str({k: v for k, v in saved.items() if k != "secrets"})
    again = secure.crash()
    again.pass_time(2 * DAY + 1)
    assert in_use(again) == new


def test_a_later_certificate_goes_before_it(secure, root):
    signed(secure, root.answer(requested(secure), since=2, days=500))
    newest = root.answer(requested(secure), days=500)
    assert signed(secure, newest) == "Accepted"
    secure.connect()
    secure.pass_time(3 * DAY)
    assert in_use(secure) == newest


def test_a_moved_clock_brings_it_sooner(secure, root):
    new = root.answer(requested(secure), since=2, days=500)
    signed(secure, new)
    secure.do("clock", offset_seconds=2 * DAY, follow=False)
    secure.pass_time(1)
    assert in_use(secure) == new


def test_what_else_is_wrong_with_it_counts_at_once(peer, root):
    install(peer, root.pem)
    request = requested(peer)
    between = Authority("Between", START, issuer=root)  # ends after 100 days
    for chain in (
        Authority("Stranger", START).answer(request, since=2),
        root.issue("SN-7", since=2, days=500)[0],
        between.answer(request, since=120, days=200) + between.pem,
    ):
        assert signed(peer, chain) == "Rejected"
        assert events(peer)[-1] == "InvalidChargePointCertificate"
    assert signed(peer, between.answer(request, since=2) + between.pem) == "Accepted"

"""Certificates that the operator's lists have as revoked (RFC 5280; whitepaper L01, A02, M05)."""

import pytest

from chargepoint.config import StationConfig
from tests.chargepoint.authority import Authority, named, revocation_list
from tests.chargepoint.files import FilePeer, Signer
from tests.chargepoint.peer import START
from tests.chargepoint.v16.test_certificates import events, install, requested, signed
from tests.chargepoint.v16.test_signed_firmware import update

MAKER = "ManufacturerRootCertificate"


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture(scope="module")
def root():
    return Authority("Root", START)


def station(*lists, **keys):
    keys |= {"EmulatorRevocationList": "".join(lists), "EmulatorSecurityEvents": "true"}
    peer = FilePeer(configuration=keys)
    peer.answers["SignCertificate"] = {"status": "Accepted"}
    return peer.connect()


def of_signer(signer, *pems, key=None, **more):
    return revocation_list(named("Root"), key or signer.root_key, START, *pems, **more)


@pytest.mark.proves("EmulatorRevocationList")
def test_firmware_signed_under_a_revoked_certificate_is_refused(signer):
    peer = station(of_signer(signer, signer.pem))
    assert update(peer, signer) == "RevokedCertificate"
    assert events(peer)[-1] == "InvalidFirmwareSigningCertificate"
    assert peer.downloads == [] and peer.told("SignedFirmwareStatusNotification") == []


def test_another_certificate_of_the_same_maker_is_not_revoked(signer):
    peer = station(of_signer(signer, signer.root), "rubbish")
    assert update(peer, signer) == "Accepted"


def test_a_revocation_counts_from_its_date_on(signer):
    peer = station(of_signer(signer, signer.pem, since=1.0))
    assert update(peer, signer) == "Accepted"
    peer.pass_time(86_400 + 60)
    assert update(peer, signer) == "RevokedCertificate"


def test_a_list_that_the_issuer_has_not_signed_counts_for_nothing(signer):
    forged = of_signer(signer, signer.pem, key=Signer().root_key)
    peer = station(forged)
    assert update(peer, signer) == "RevokedCertificate"  # its issuer is not at hand
    install(peer, signer.root, MAKER)
    assert update(peer, signer) == "Accepted"


def test_what_expired_is_said_to_be_invalid_before_it_is_revoked(signer):
    old = Signer(days=(-10, -1))
    peer = station(of_signer(old, old.pem))
    assert update(peer, old) == "InvalidCertificate"


def test_new_lists_count_at_once(signer):
    peer = station()
    assert update(peer, signer) == "Accepted"
    keys = {**peer.config.configuration, "EmulatorRevocationList": of_signer(signer, signer.pem)}
    config = StationConfig(**{**vars_of(peer.config), "configuration": keys})
    peer.take(peer.station.reconfigure(config, peer.now))
    assert update(peer, signer) == "RevokedCertificate"


def vars_of(config):
    return {name: getattr(config, name) for name in config.__struct_fields__}


def test_a_revoked_certificate_of_the_station_is_discarded(root):
    peer = station()
    request = requested(peer)
    chain = root.answer(request)
    lists = revocation_list(root.name, root.key, START, chain)
    peer.config.configuration["EmulatorRevocationList"] = lists
    assert signed(peer, chain) == "Rejected"
    assert events(peer)[-1] == "InvalidChargePointCertificate"
    assert signed(peer, root.answer(request)) == "Accepted"


def test_a_revoked_root_is_not_installed(root):
    heir = Authority("Heir", START, issuer=root)
    peer = station(revocation_list(root.name, root.key, START, heir.pem))
    assert install(peer, root.pem) == "Accepted"
    assert install(peer, heir.pem) == "Rejected"


def test_the_csms_sees_how_many_lists_there_are_and_cannot_change_them(signer):
    peer = station(of_signer(signer, signer.pem), of_signer(signer))
    payload = {"key": "EmulatorRevocationList", "value": "0"}
    assert peer.call("ChangeConfiguration", payload)[2] == {"status": "Rejected"}
    [entry] = peer.call("GetConfiguration", {"key": [payload["key"]]})[2]["configurationKey"]
    assert entry == {"key": payload["key"], "readonly": True, "value": "2"}

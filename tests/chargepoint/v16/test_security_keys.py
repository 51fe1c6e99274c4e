"""AuthorizationKey, SecurityProfile and the fall-back (security whitepaper, A01 and A05)."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.effects import Dial
from chargepoint.versions import make_station
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.peer import START, Peer

KEY = "a-plain-text-key-1"


@pytest.fixture(scope="module")
def root():
    return Authority("Root", START)


def secured(**configuration) -> Peer:
    peer = Peer(configuration=configuration)
    peer.answers |= {"SignCertificate": {"status": "Accepted"}, "SecurityEventNotification": {}}
    return peer.connect()


@pytest.fixture
def peer():
    return secured()


def change(peer, key, value):
    return peer.call("ChangeConfiguration", {"key": key, "value": value})[2]["status"]


def shown(peer, key):
    return peer.call("GetConfiguration", {"key": [key]})[2]["configurationKey"][0]


def install(peer, root):
    payload = {"certificateType": "CentralSystemRootCertificate", "certificate": root.pem}
    assert peer.call("InstallCertificate", payload)[2] == {"status": "Accepted"}


def certified(peer, root):
    install(peer, root)
    peer.call("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    chain = root.answer(peer.calls("SignCertificate")[-1]["csr"])
    return peer.call("CertificateSigned", {"certificateChain": chain})[2]["status"]


def failed(peer, kind="network", times=1):
    effects = []
    for _ in range(times):
        effects += peer.station.dial_failed(kind, "why", peer.now)
    peer.take(effects)
    return effects


def raised(peer, profile, root=None):
    change(peer, "AuthorizationKey", KEY)
    if root is not None:
        certified(peer, root)
    assert change(peer, "SecurityProfile", profile) == "Accepted"


# --- AuthorizationKey ----------------------------------------------------------------------------


@pytest.mark.proves("AuthorizationKey")
@pytest.mark.parametrize(
    ("value", "password"),
    [
        (KEY, KEY),
        ("0" * 32, "\0" * 16),
        ("FF" * 20, b"\xff".decode("utf-8", "surrogateescape") * 20),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_key_that_fits_is_the_password(value, password):
    peer = secured()
    assert change(peer, "authorizationkey", value) == "Accepted"
    assert peer.station.link_security().password == password


@pytest.mark.parametrize(
    "value", ["", "too short", "x" * 41, "sixteen characters\u00e9", "\n" * 20]
)
def test_a_key_that_does_not_fit_is_rejected(peer, value):
    assert change(peer, "AuthorizationKey", value) == "Rejected"
    assert peer.station.link_security() is None


def test_the_key_is_never_shown(peer):
    change(peer, "AuthorizationKey", KEY)
    assert shown(peer, "AuthorizationKey") == {"key": "AuthorizationKey", "readonly": False}
    assert KEY not in str(peer.call("GetConfiguration", {}))
    saved = peer.station.snapshot()["saved"]
    assert saved["secrets"] == {"password": KEY}
    assert KEY not in str({name: part for name, part in saved.items() if name != "secrets"})


@pytest.mark.proves("SecurityProfile")
def test_a_key_in_use_is_used_on_a_new_link_after_the_answer(peer):
    raised(peer, "1")
    peer.connect()
    before = len(peer.closes)
    assert change(peer, "AuthorizationKey", KEY + "2") == "Accepted"
    assert (len(peer.closes), peer.closes[-1].reconnect_after) == (before + 1, 0.0)
    assert not peer.station.connected


def test_a_key_that_no_profile_uses_leaves_the_link_alone(peer):
    change(peer, "AuthorizationKey", KEY)
    assert peer.station.connected
    assert not peer.closes


# --- SecurityProfile -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1", "2", "3", "4", "-1", "one", ""])
def test_a_profile_without_what_it_needs_is_rejected(peer, value):
    assert change(peer, "SecurityProfile", value) == "Rejected"
    assert shown(peer, "SecurityProfile")["value"] == "0"


def test_each_profile_needs_its_own_things(peer, root):
    change(peer, "AuthorizationKey", KEY)
    assert change(peer, "SecurityProfile", "2") == "Rejected"
    install(peer, root)
    assert change(peer, "SecurityProfile", "3") == "Rejected"
    assert change(peer, "SecurityProfile", "2") == "Accepted"


def test_profiles_go_up_only(peer, root):
    raised(peer, "1")
    peer.connect()
    assert change(peer, "SecurityProfile", "0") == "Rejected"
    assert certified(peer, root) == "Accepted"
    assert change(peer, "SecurityProfile", "3") == "Accepted"
    peer.connect()
    assert [change(peer, "SecurityProfile", p) for p in "210"] == ["Rejected"] * 3
    assert change(peer, "SecurityProfile", "3") == "Accepted"
    assert shown(peer, "SecurityProfile")["value"] == "3"
    link = peer.station.link_security()
    assert (link.profile, link.roots) == (3, (root.pem,))
    assert link.certificate and link.key


def test_the_last_root_cannot_be_deleted_while_tls_needs_it(peer, root):
    raised(peer, "2", root)
    peer.connect()
    use = {"certificateType": "CentralSystemRootCertificate"}
    data = peer.call("GetInstalledCertificateIds", use)[2]["certificateHashData"][0]
    answer = peer.call("DeleteCertificate", {"certificateHashData": data})[2]
    assert answer == {"status": "Failed"}


def test_an_open_transaction_goes_on_over_the_reconnect(peer):
    peer.do("start-transaction", connector=1)
    raised(peer, "1")
    peer.connect()
    assert not peer.calls("StopTransaction")
    assert peer.actions().count("BootNotification") == 1
    peer.do("stop-transaction", connector=1)
    assert len(peer.calls("StopTransaction")) == 1


# --- the trial -----------------------------------------------------------------------------------


def test_refused_credentials_are_given_up_for_the_old_ones(peer):
    raised(peer, "1")
    assert not [e for e in failed(peer, "refused", 2) if type(e) is Dial]
    assert Dial(0.0) in failed(peer, "refused")
    assert block(peer.station, "security").security_profile() == 0
    peer.connect()
    assert shown(peer, "SecurityProfile")["value"] == "0"
    log = [kind for _, kind, _ in block(peer.station, "security").security_log()]
    assert log.count("FailedToAuthenticateAtCentralSystem") == 1


def test_accepted_credentials_stay_whatever_comes_later(peer):
    raised(peer, "1")
    failed(peer, "refused", 2)
    peer.connect()
    peer.drop()
    failed(peer, "refused", 10)
    assert block(peer.station, "security").security_profile() == 1


def test_a_trial_survives_a_restart(peer):
    raised(peer, "1")
    failed(peer, times=2)
    peer.restart()
    assert block(peer.station, "security").security_profile() == 1
    failed(peer)
    assert block(peer.station, "security").security_profile() == 0


def test_a_renewed_certificate_that_is_refused_gives_way_to_the_old_one(peer, root):
    raised(peer, "3", root)
    peer.connect()
    old = peer.station.link_security()
    assert certified(peer, root) == "Accepted"
    assert not peer.station.connected  # it reconnects with the new one
    assert peer.station.link_security().certificate != old.certificate
    failed(peer, "tls", 3)
    assert peer.station.link_security() == old


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("certificate", "InvalidCentralSystemCertificate"),
        ("version", "InvalidTLSVersion"),
        ("cipher", "InvalidTLSCipherSuite"),
    ],
)
def test_why_the_csms_is_not_trusted_is_told_once_it_is_reached(peer, root, kind, event):
    raised(peer, "2", root)
    failed(peer, kind, 3)
    peer.connect()
    told = [note["type"] for note in peer.calls("SecurityEventNotification")]
    assert told.count(event) == 1


def test_an_operators_new_credentials_replace_those_of_the_csms():
    peer = secured()
    raised(peer, "1")
    peer.connect()
    config = StationConfig("CP1", "1.6", connectors=peer.config.connectors, credentials="other")
    peer.take(peer.station.reconfigure(config, peer.now))
    assert peer.station.link_security() is None
    saved = Peer.crash(peer).station.snapshot()["saved"]
    again = make_station(config, saved, peer.now)
    assert block(again, "security").security_profile() == 0


def test_a_station_without_the_extension_keeps_nothing(peer):
    peer.feed("no frame")
    failed(peer, "refused", 3)
    peer.call("Reset", {"type": "Hard"})
    assert block(peer.station, "security").vault is None
    assert not {"security", "secrets"} & set(peer.station.snapshot()["saved"])

"""SignedUpdateFirmware (security whitepaper of 1.6, L01): certificates, signatures, dates."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chargepoint.core.topics import SECURITY_EVENT
from chargepoint.timing.times import iso
from chargepoint.v16.security.certificates import Certificates
from chargepoint.v16.security.events import Security
from chargepoint.v16.topics import STATUS_ASKED
from tests.chargepoint.files import FIRMWARE, FilePeer, Signer

NEWS = "SignedFirmwareStatusNotification"
HAPPY = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]


class Noting:
    """Stands where the security part's events and certificate store are."""

    def __init__(self, peer, monkeypatch):
        self.events, self.roots = [], []
        told = peer.station.tell
        monkeypatch.setattr(
            type(peer.station), "tell",
            lambda _, event, *what: (
                self.events.append(what[0]) if event is SECURITY_EVENT else told(event, *what)
            ),
        )  # fmt: skip
        monkeypatch.setattr(
            Security, "security_event", lambda _, kind, info, now: self.events.append(kind)
        )
        monkeypatch.setattr(Certificates, "roots_of", lambda _, use: self.roots)


@pytest.fixture
def peer():
    return FilePeer().connect()


@pytest.fixture
def noted(peer, monkeypatch):
    return Noting(peer, monkeypatch)


@pytest.fixture(scope="module")
def signer():
    return Signer()


def update(peer, signer, request=7, content=FIRMWARE, after=0.0, install=None, **more):
    firmware = {
        "location": "https://files.example/fw-2.1.0.bin",
        "retrieveDateTime": iso(peer.now + after),
        "signingCertificate": signer.pem,
        "signature": signer.sign(content),
    } | more
    if install is not None:
        firmware["installDateTime"] = iso(peer.now + install)
    return peer.call("SignedUpdateFirmware", {"requestId": request, "firmware": firmware})[2][
        "status"
    ]


@pytest.mark.proves("SignedFirmwareStatusNotification", "SignedUpdateFirmware")
def test_the_whole_way(peer, noted, signer):
    assert update(peer, signer) == "Accepted"
    peer.fetched()
    peer.pass_time(8)
    assert peer.told(NEWS) == HAPPY
    peer.reconnect()
    assert peer.told(NEWS) == [*HAPPY, "Installed"]
    news = peer.calls("SignedFirmwareStatusNotification")
    assert {note["requestId"] for note in news} == {7}
    assert peer.calls("FirmwareStatusNotification") == []
    assert noted.events == ["ResetOrReboot", "StartupOfTheDevice", "FirmwareUpdated"]


@pytest.mark.parametrize("pss", [True, False])
def test_signatures_by_rsa(peer, noted, pss):
    signer = Signer(rsa.generate_private_key(65537, 2048))
    update(peer, signer, signature=signer.sign(FIRMWARE, pss))
    peer.fetched()
    assert peer.told(NEWS)[2] == "SignatureVerified"


@pytest.mark.parametrize("wrong", ["another content", "another key", "no base64"])
def test_a_wrong_signature_ends_it(peer, noted, signer, wrong):
    signature = {
        "another content": signer.sign(b"else"),
        "another key": Signer().sign(FIRMWARE),
        "no base64": "%%%",
    }[wrong]
    assert update(peer, signer, signature=signature) == "Accepted"
    peer.fetched()
    peer.pass_time(20)
    assert peer.told(NEWS) == ["Downloading", "Downloaded", "InvalidSignature"]
    assert noted.events == ["InvalidFirmwareSignature"]
    assert peer.station.snapshot()["firmware"] == "1.0.0"


@pytest.mark.parametrize(
    "bad",
    [
        Signer(days=(-10, -1)),
        Signer(days=(1, 10)),
        Signer(ed25519.Ed25519PrivateKey.generate()),
        Signer(signs=False),
    ],
    ids=["expired", "not yet valid", "a key of no use", "not for signatures"],
)
def test_a_certificate_that_cannot_be_trusted(peer, noted, bad):
    assert update(peer, bad, signature="AAAA") == "InvalidCertificate"
    assert noted.events == ["InvalidFirmwareSigningCertificate"]
    assert peer.downloads == [] and peer.calls(NEWS) == []


def test_what_is_no_certificate(peer, noted, signer):
    assert update(peer, signer, signingCertificate="hello") == "InvalidCertificate"
    assert update(peer, signer, signingCertificate="") == "InvalidCertificate"


def test_an_installed_root_must_have_issued_it(peer, noted, signer):
    noted.roots = [Signer().root]
    assert update(peer, signer) == "InvalidCertificate"
    noted.roots = [Signer().root, signer.root]
    assert update(peer, signer) == "Accepted"


def test_a_namesake_of_the_root_is_not_the_root(peer, noted, signer):
    forger = Signer(ec.generate_private_key(ec.SECP256R1()))
    noted.roots = [signer.root]
    assert update(peer, forger, signingCertificate=forger.pem + forger.root) == "InvalidCertificate"


def test_dates_to_come_are_scheduled(peer, signer):
    assert update(peer, signer, after=100, install=500) == "Accepted"
    assert peer.told(NEWS) == ["DownloadScheduled"]
    peer.pass_time(101)
    peer.fetched()
    assert peer.told(NEWS)[-2:] == ["SignatureVerified", "InstallScheduled"]
    assert peer.statuses(1)[-1] == "Available"
    peer.restart()
    peer.connect()
    peer.pass_time(398)
    assert peer.told(NEWS)[-1] == "InstallScheduled"
    peer.pass_time(2)
    assert peer.told(NEWS)[-1] == "Installing"


def test_it_waits_for_transactions(peer, signer):
    peer.do("start-transaction", connector=1)
    update(peer, signer)
    peer.fetched()
    assert peer.told(NEWS)[-1] == "InstallScheduled"
    peer.do("stop-transaction", connector=1)
    peer.pass_time(1)
    assert peer.told(NEWS)[-1] == "Installing"


def test_a_newer_one_cancels_what_is_not_installed_yet(peer, signer):
    update(peer, signer, request=1)
    assert update(peer, signer, request=2) == "AcceptedCanceled"
    assert len(peer.stopped) == 1
    peer.fetched()
    assert [note["requestId"] for note in peer.calls(NEWS)] == [1, 2, 2, 2, 2]
    assert update(peer, signer, request=3) == "Rejected"


def test_what_it_cannot_do_is_rejected(peer, signer):
    assert update(peer, signer, location="sftp://files.example/fw") == "Rejected"
    assert update(peer, signer, signature="") == "Rejected"
    assert peer.downloads == []


@pytest.mark.parametrize("outcome", ["InstallVerificationFailed", "InstallationFailed"])
def test_installations_fail_if_an_operator_wants_it(peer, signer, outcome):
    peer.do("firmware", outcome=outcome)
    update(peer, signer)
    peer.fetched()
    peer.pass_time(20)
    assert peer.told(NEWS)[-2:] == ["Installing", outcome]


def test_failed_signatures_on_demand(peer, signer):
    peer.do("firmware", outcome="InvalidSignature")
    update(peer, signer)
    peer.fetched()
    assert peer.told(NEWS)[-1] == "InvalidSignature"


def test_nothing_of_the_signature_is_kept_when_it_is_over(peer, signer):
    update(peer, signer)
    peer.fetched(b"x")
    saved = peer.station.snapshot()["saved"]["jobs"]["firmware"]
    assert "certificate" not in saved and "signature" not in saved


def test_the_status_for_an_extended_trigger(peer, signer):
    def triggered():
        peer.station.tell(STATUS_ASKED, "SignedFirmwareStatusNotification", peer.now)
        peer.pass_time(0)
        peer.take(peer.station.finish(peer.now))
        return peer.calls(NEWS)[-1]

    assert triggered() == {"status": "Idle"}
    update(peer, signer)
    assert triggered() == {"status": "Downloading", "requestId": 7}
    peer.fetched(b"wrong")
    assert triggered() == {"status": "InvalidSignature", "requestId": 7}
    update(peer, signer)
    peer.fetched()
    peer.pass_time(8)
    peer.reconnect()
    assert triggered() == {"status": "Idle"}

"""A download that pauses and goes on (whitepaper, FirmwareStatusEnumType DownloadPaused)."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Download
from chargepoint.timing.times import iso
from tests.chargepoint.files import FilePeer, Signer
from tests.chargepoint.v16.test_signed_firmware import HAPPY, NEWS, update

PAUSE = ["Downloading", "DownloadPaused", "Downloading"]


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def peer():
    return FilePeer().connect()


def test_an_operator_pauses_it_and_lets_it_go_on(peer, signer):
    update(peer, signer)
    assert peer.do("firmware", download="pause")["status"] == "DownloadPaused"
    assert peer.stopped == [peer.downloads[0].id]
    peer.pass_time(3600)
    assert peer.told(NEWS) == PAUSE[:2] and len(peer.downloads) == 1
    peer.do("firmware", download="resume")
    peer.pass_time(1)
    assert peer.told(NEWS) == PAUSE and len(peer.downloads) == 2
    peer.fetched()
    assert peer.told(NEWS) == [*PAUSE, *HAPPY[1:4]]
    with pytest.raises(CommandRejected):
        peer.do("firmware", download="pause")
    with pytest.raises(CommandRejected):
        peer.do("firmware", download="resume")
    with pytest.raises(CommandRejected):
        peer.do("firmware", download="hurry")


def test_nothing_can_be_paused_where_nothing_is_fetched(peer):
    with pytest.raises(CommandRejected):
        peer.do("firmware", download="pause")


def test_a_transfer_that_breaks_off_pauses_it_until_the_next_attempt(peer, signer):
    update(peer, signer)
    peer.failed()
    assert peer.told(NEWS) == PAUSE[:2]
    peer.pass_time(31)
    assert peer.told(NEWS) == PAUSE
    peer.failed()
    peer.pass_time(31)
    peer.failed()  # the last attempt
    assert peer.told(NEWS) == [*PAUSE, *PAUSE[1:], "DownloadFailed"]


def test_it_stays_paused_over_a_restart_and_can_be_replaced(peer, signer):
    update(peer, signer)
    peer.do("firmware", download="pause")
    peer.restart()
    peer.connect()
    peer.pass_time(600)
    assert len(peer.downloads) == 1
    assert update(peer, signer, request=8) == "AcceptedCanceled"
    assert peer.told(NEWS)[-1] == "Downloading" and len(peer.downloads) == 2


@pytest.mark.parametrize("how", ["reset", "power", "worker"])
def test_what_a_restart_interrupts_is_told_as_a_pause(peer, signer, how):
    update(peer, signer)
    if how == "reset":
        peer.call("Reset", {"type": "Hard"})
        peer.pass_time(3)
    elif how == "power":
        peer.do("power-cut", seconds=30)
        peer.pass_time(31)
    else:
        peer.restart()
    assert len(peer.downloads) == 1
    peer.connect()
    assert peer.told(NEWS) == PAUSE[:2]
    peer.pass_time(15)
    assert peer.told(NEWS) == PAUSE and len(peer.downloads) == 2
    peer.fetched()
    assert peer.told(NEWS)[-1] == "Installing"


def test_the_last_status_is_told_when_asked_for(peer, signer):
    update(peer, signer)
    peer.do("firmware", download="pause")
    peer.call("ExtendedTriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    assert peer.calls(NEWS)[-1] == {"status": "DownloadPaused", "requestId": 7}


def test_the_plain_update_has_no_word_for_it(peer):
    location = "http://files.example/fw-2.1.bin"
    peer.call("UpdateFirmware", {"location": location, "retrieveDate": iso(peer.now)})
    peer.do("firmware", download="pause")
    peer.call("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    peer.do("firmware", download="resume")
    peer.pass_time(1)
    assert type(peer.downloads[1]) is Download
    peer.fetched()
    assert peer.told()[:3] == ["Downloading", "Downloading", "Downloaded"]  # one was asked for

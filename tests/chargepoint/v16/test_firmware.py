"""UpdateFirmware and FirmwareStatusNotification (1.6 sections 4.5 and 5.19)."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import DENIED
from chargepoint.timing.times import iso
from tests.chargepoint.files import FilePeer

URL = "http://files.example/fw-2.1.0.bin"


@pytest.fixture
def peer():
    return FilePeer().connect()


def update(peer, location=URL, after=0.0, **more):
    payload = {"location": location, "retrieveDate": iso(peer.now + after), **more}
    return peer.call("UpdateFirmware", payload)


def trigger(peer, message):
    assert peer.call("TriggerMessage", {"requestedMessage": message})[2]["status"] == "Accepted"
    return peer.calls()[-1]["status"]


@pytest.mark.proves("FirmwareStatusNotification", "UpdateFirmware")
def test_an_update_is_fetched_installed_and_booted(peer):
    assert update(peer)[2] == {}
    assert peer.downloads[-1].url == URL
    peer.fetched()
    assert peer.told() == ["Downloading", "Downloaded", "Installing"]
    assert peer.statuses(1)[-1] == peer.statuses(2)[-1] == "Unavailable"
    peer.pass_time(8)
    assert peer.closes and not peer.station.connected
    peer.reconnect()
    assert peer.calls("BootNotification")[-1]["firmwareVersion"] == "2.1.0"
    assert peer.told() == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert peer.statuses(1)[-1] == peer.statuses(2)[-1] == "Available"
    assert peer.station.snapshot()["firmware"] == "2.1.0"


def test_the_new_version_survives_a_restart_until_an_operator_configures_another(peer):
    update(peer)
    peer.fetched()
    peer.pass_time(8)
    peer.restart()
    assert peer.station.snapshot()["firmware"] == "2.1.0"
    config = {f: getattr(peer.config, f) for f in ("identity", "version", "connectors")}
    peer.take(peer.station.reconfigure(StationConfig(**config, firmware="5.0"), peer.now))
    assert peer.station.snapshot()["firmware"] == "5.0"
    peer.config = StationConfig(**config, firmware="1.0.0")
    peer.restart()
    assert peer.station.snapshot()["firmware"] == "1.0.0"


def test_a_version_that_was_configured_while_it_was_off_wins_too(peer):
    update(peer)
    peer.fetched()
    peer.pass_time(8)
    config = {f: getattr(peer.config, f) for f in ("identity", "version", "connectors")}
    peer.config = StationConfig(**config, firmware="1.1")
    peer.restart()
    assert peer.station.snapshot()["firmware"] == "1.1"


def test_the_retrieve_date_is_waited_for_also_over_a_restart(peer):
    update(peer, after=3600)
    peer.pass_time(1800)
    peer.restart()
    peer.connect()
    peer.pass_time(1799)
    assert peer.downloads == []
    peer.pass_time(2)
    assert len(peer.downloads) == 1
    assert peer.told() == ["Downloading"]


def test_retries_are_made_at_their_interval_and_then_it_has_failed(peer):
    update(peer, retries=3, retryInterval=100)
    for number in (1, 2):
        peer.failed()
        peer.pass_time(99)
        assert len(peer.downloads) == number
        peer.pass_time(2)
        assert len(peer.downloads) == number + 1
    peer.failed()
    peer.pass_time(1000)
    assert len(peer.downloads) == 3
    assert peer.told() == ["Downloading", "DownloadFailed"]
    assert peer.station.snapshot()["firmware"] == "1.0.0"


def test_a_second_attempt_may_succeed(peer):
    update(peer, retries=2, retryInterval=5)
    peer.failed(DENIED)
    peer.pass_time(6)
    peer.fetched()
    assert peer.told() == ["Downloading", "Downloaded", "Installing"]


@pytest.mark.parametrize("location", ["sftp://files.example/fw", "file:///fw.bin", "ftp:///x"])
def test_an_address_that_cannot_be_used_is_a_failed_download(peer, location):
    update(peer, location)
    assert peer.downloads == []
    assert peer.told() == ["DownloadFailed"]


@pytest.mark.parametrize("location", ["fw-2.bin", "http://["])
def test_what_is_no_address_is_refused(peer, location):
    assert update(peer, location)[0] == 4
    assert peer.downloads == [] and peer.told() == []


def test_an_empty_file_is_no_firmware(peer):
    update(peer, retries=1)
    peer.fetched(b"")
    assert peer.told() == ["Downloading", "DownloadFailed"]


def test_it_waits_for_transactions_while_the_free_connectors_are_unavailable(peer):
    peer.do("start-transaction", connector=1)
    update(peer)
    peer.fetched()
    assert peer.told() == ["Downloading", "Downloaded"]
    assert peer.statuses(2)[-1] == "Unavailable"
    start = {"idTag": "TAG1", "connectorId": 2}
    assert peer.call("RemoteStartTransaction", start)[2]["status"] == "Rejected"
    peer.pass_time(600)
    peer.do("stop-transaction", connector=1)
    peer.pass_time(1)
    assert peer.statuses(1)[-1] == "Unavailable"
    assert peer.told()[-1] == "Installing"
    peer.pass_time(10)
    peer.reconnect()
    assert peer.told()[-1] == "Installed"


def test_what_waits_for_a_transaction_survives_a_restart(peer):
    peer.do("start-transaction", connector=1)
    update(peer)
    peer.fetched()
    peer.restart()
    peer.connect()
    peer.do("stop-transaction", connector=1)
    peer.pass_time(20)
    peer.reconnect()
    assert peer.told()[-1] == "Installed"
    assert peer.statuses(2)[-1] == "Available"


def test_a_connector_made_inoperative_meanwhile_stays_so_and_operative_has_to_wait(peer):
    update(peer)
    peer.fetched()
    change = {"connectorId": 1, "type": "Inoperative"}
    peer.call("ChangeAvailability", change)
    peer.call("ChangeAvailability", {"connectorId": 2, "type": "Operative"})
    assert peer.statuses(2)[-1] == "Unavailable"
    peer.pass_time(10)
    peer.reconnect()
    assert peer.statuses(1)[-1] == "Unavailable"
    assert peer.statuses(2)[-1] == "Available"


def test_one_that_was_unavailable_before_is_so_afterwards(peer):
    peer.do("availability", connector=1, operative=False)
    update(peer)
    peer.fetched()
    peer.pass_time(10)
    peer.reconnect()
    assert peer.statuses(1)[-1] == "Unavailable"
    assert peer.statuses(2)[-1] == "Available"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("DownloadFailed", ["Downloading", "DownloadFailed"]),
        ("InstallationFailed", ["Downloading", "Downloaded", "Installing", "InstallationFailed"]),
        ("InstallVerificationFailed",
         ["Downloading", "Downloaded", "Installing", "InstallationFailed"]),
    ],
)  # fmt: skip
def test_an_operator_can_have_the_next_one_fail(peer, outcome, told):
    peer.do("firmware", outcome=outcome)
    peer.restart()
    peer.connect()
    update(peer)
    peer.fetched()
    peer.pass_time(20)
    assert peer.told() == told
    assert peer.station.connected
    assert peer.statuses(1)[-1] == "Available"
    assert peer.station.snapshot()["firmware"] == "1.0.0"
    update(peer)
    peer.fetched()
    peer.pass_time(20)
    assert peer.station.snapshot()["firmware"] == "2.1.0"


def test_an_outcome_that_is_none_is_refused(peer):
    with pytest.raises(CommandRejected):
        peer.do("firmware", outcome="Magic")


def test_a_newer_request_replaces_one_that_is_under_way(peer):
    update(peer)
    first = peer.downloads[-1]
    update(peer, "http://files.example/fw-3.0.bin")
    assert peer.stopped == [first.id]
    peer.ended(first, content=b"version: 9\n")
    assert peer.told() == ["Downloading", "Downloading"]
    peer.fetched(b"\x7fELF")
    peer.pass_time(8)
    assert peer.station.snapshot()["firmware"] == "3.0"


def test_one_that_is_being_installed_is_not_replaced(peer):
    update(peer)
    peer.fetched()
    assert update(peer)[2] == "GenericError"
    assert len(peer.downloads) == 1


def test_a_worker_that_takes_over_fetches_the_file_again(peer):
    update(peer)
    first = peer.downloads[-1]
    peer.restart()
    peer.connect()
    peer.pass_time(1)
    assert len(peer.downloads) == 2 and peer.downloads[-1].id != first.id
    peer.ended(first, content=b"old")
    assert peer.told() == ["Downloading"]
    peer.fetched()
    assert peer.told()[-1] == "Installing"


def test_a_reset_breaks_the_download_off_and_it_begins_again_after_the_boot(peer):
    update(peer)
    first = peer.downloads[-1]
    peer.call("Reset", {"type": "Hard"})
    assert peer.stopped == [first.id]
    peer.ended(first, content=b"old")
    peer.connect()
    assert len(peer.downloads) == 1
    peer.pass_time(4)
    assert len(peer.downloads) == 2
    peer.fetched()
    assert peer.told()[-1] == "Installing"


def test_a_power_cut_breaks_it_off_until_the_power_is_back(peer):
    update(peer)
    first = peer.downloads[-1]
    peer.do("power-cut")
    assert peer.stopped == [first.id]
    peer.ended(first, content=b"old")
    peer.pass_time(3600)
    assert len(peer.downloads) == 1 and peer.told() == ["Downloading"]
    peer.do("power-on")
    peer.connect()
    peer.pass_time(1)
    assert len(peer.downloads) == 2
    peer.fetched()
    assert peer.statuses(1)[-1] == "Unavailable"
    peer.do("power-cut")
    peer.do("power-on")
    peer.connect()
    peer.pass_time(10)
    peer.reconnect()
    assert peer.told()[-1] == "Installed"
    assert peer.statuses(1)[-1] == "Available"


def test_offline_it_goes_on_and_is_told_of_afterwards(peer):
    update(peer)
    peer.drop()
    peer.fetched()
    peer.pass_time(3)
    peer.connect()
    assert peer.told() == ["Downloading", "Installing"]
    peer.drop()
    peer.pass_time(10)
    peer.connect()
    assert peer.calls("BootNotification")[-1]["firmwareVersion"] == "2.1.0"
    assert peer.told() == ["Downloading", "Installing", "Installed"]


def test_news_that_were_lost_with_the_link_are_told_again(peer):
    peer.answers["FirmwareStatusNotification"] = None
    update(peer, retries=1)
    peer.drop()
    peer.answers["FirmwareStatusNotification"] = {}
    peer.connect()
    assert peer.told() == ["Downloading", "Downloading"]
    peer.drop()
    peer.connect()
    assert peer.told() == ["Downloading", "Downloading"]


def test_a_triggered_status(peer):
    assert trigger(peer, "FirmwareStatusNotification") == "Idle"
    peer.do("start-transaction", connector=1)
    update(peer)
    assert trigger(peer, "FirmwareStatusNotification") == "Downloading"
    peer.fetched()
    assert trigger(peer, "FirmwareStatusNotification") == "Downloaded"
    peer.do("stop-transaction", connector=1)
    peer.pass_time(1)
    assert trigger(peer, "FirmwareStatusNotification") == "Installing"
    peer.pass_time(10)
    peer.reconnect()
    assert trigger(peer, "FirmwareStatusNotification") == "Idle"


@pytest.mark.parametrize(
    ("location", "content", "version"),
    [
        ("http://a.example/x", b"Version = 4.5.6-rc1\nrest", "4.5.6-rc1"),
        ("http://a.example/x", b"\x00\x01firmware-version: 7.0\n", "7.0"),
        ("http://a.example/ev_3.4-rc1.tar.gz?v=9.9.9", b"\x1f\x8b", "3.4-rc1"),
        ("ftp://a.example/fw/box-10.2.33.bin", b"\x7fELF", "10.2.33"),
        ("http://a.example/latest.bin", b"abc", "build-ba7816bf"),
    ],
)
def test_the_version_is_what_the_file_says_or_is_called_or_is(peer, location, content, version):
    update(peer, location)
    peer.fetched(content)
    peer.pass_time(8)
    peer.reconnect()
    assert peer.calls("BootNotification")[-1]["firmwareVersion"] == version


def test_a_date_that_is_none_is_refused(peer):
    answer = peer.call("UpdateFirmware", {"location": URL, "retrieveDate": "soon"})
    assert answer[0] == 4 and peer.downloads == []


def test_the_keys_name_what_it_can(peer):
    names = ["SupportedFeatureProfiles", "SupportedFileTransferProtocols"]
    answer = peer.call("GetConfiguration", {"key": names})[2]["configurationKey"]
    assert "FirmwareManagement" in answer[0]["value"].split(",")
    assert answer[1]["value"] == "FTP,FTPS,HTTP,HTTPS"


def test_a_power_cut_breaks_the_download_off_and_it_begins_again(peer):
    update(peer)
    [first] = peer.downloads
    peer.do("power-cut", seconds=60)
    assert peer.stopped == [first.id]
    peer.pass_time(61)
    peer.reconnect()
    peer.pass_time(1)
    assert len(peer.downloads) == 2
    peer.fetched()
    peer.pass_time(8)
    peer.reconnect()
    assert peer.told()[-1] == "Installed"


def test_a_power_cut_while_it_installs_only_delays_the_installation(peer):
    update(peer)
    peer.fetched()
    peer.do("power-cut", seconds=600)
    peer.pass_time(601)
    peer.reconnect()
    peer.pass_time(8)
    assert not peer.station.connected  # it reboots into the new firmware
    peer.reconnect()
    assert peer.calls("BootNotification")[-1]["firmwareVersion"] == "2.1.0"
    assert peer.told()[-1] == "Installed"

"""Functional block L of 2.0.1 and 2.1: updates, signed and not, and publishing."""

import hashlib

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.files import FIRMWARE, Signer
from tests.chargepoint.v201.files import NEWS, FileCsms

PUBLISHED = "PublishFirmwareStatusNotification"
URL = "https://files.example/fw-2.1.0.bin"
FETCHED = ["Downloading", "Downloaded"]


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return FileCsms(version=request.param).connect()


@pytest.fixture(scope="module")
def signer():
    return Signer()


def update(csms, signer=None, request=5, after=0.0, install=None, retries=None, **more):
    firmware = {"location": URL, "retrieveDateTime": iso(csms.now + after)}
    if signer is not None:
        signature = signer.sign(FIRMWARE)
        firmware |= {"signingCertificate": signer.pem, "signature": signature}
    if install is not None:
        firmware["installDateTime"] = iso(csms.now + install)
    payload = {"requestId": request, "firmware": firmware | more}
    if retries is not None:
        payload |= {"retries": retries, "retryInterval": 20}
    return csms.call("UpdateFirmware", payload)


@pytest.mark.proves("FirmwareStatusNotification", "UpdateFirmware")
def test_a_signed_update_from_end_to_end(csms, signer):
    assert update(csms, signer) == {"status": "Accepted"}
    csms.fetched()
    assert csms.statuses(1)[-1] == csms.statuses(2)[-1] == "Unavailable"
    csms.pass_time(8)
    assert not csms.station.connected
    csms.connect()
    boot = csms.sent("BootNotification")[-1]
    assert boot["reason"] == "FirmwareUpdate"
    assert boot["chargingStation"]["firmwareVersion"] == "2.1.0"
    installing = ["SignatureVerified", "Installing", "InstallRebooting", "Installed"]
    assert csms.told() == FETCHED + installing
    events = [event["type"] for event in csms.sent("SecurityEventNotification")]
    assert events[1:] == ["ResetOrReboot", "StartupOfTheDevice", "FirmwareUpdated"]  # A04
    assert {note["requestId"] for note in csms.sent(NEWS)} == {5}
    assert csms.statuses(1)[-1] == csms.statuses(2)[-1] == "Available"
    component, variable = {"name": "ChargingStation"}, {"name": "FirmwareVersion"}
    asked = {"getVariableData": [{"component": component, "variable": variable}]}
    answer = csms.call("GetVariables", asked)["getVariableResult"][0]
    assert answer["attributeValue"] == "2.1.0"
    csms.restart()
    assert csms.station.snapshot()["firmware"] == "2.1.0"


def test_one_without_a_signature_is_not_verified(csms):
    update(csms)
    csms.fetched()
    assert csms.told() == [*FETCHED, "Installing"]


def test_a_certificate_without_a_signature_verifies_nothing(csms, signer):
    update(csms, signer, signature="")
    csms.fetched()
    assert csms.told() == [*FETCHED, "InvalidSignature"]


def test_what_is_wrong_is_refused(csms, signer):
    answer = update(csms, location="sftp://files.example/fw")
    assert answer["statusInfo"]["reasonCode"] == "InvalidURL"
    answer = update(csms, signer, signingCertificate="")
    assert answer["statusInfo"]["reasonCode"] == "MissingParam"
    assert update(csms, Signer(days=(-5, -1)))["status"] == "InvalidCertificate"
    assert update(csms, signer, retrieveDateTime="soon")[0] == "PropertyConstraintViolation"
    assert csms.downloads == [] and csms.told() == []


def test_no_retries_means_one_attempt_and_two_mean_three(csms):
    update(csms, retries=0)
    csms.failed()
    csms.pass_time(100)
    assert len(csms.downloads) == 1 and csms.told() == ["Downloading", "DownloadFailed"]
    update(csms, retries=2)
    for _ in range(3):
        csms.failed()
        csms.pass_time(21)
    assert len(csms.downloads) == 4 and csms.told()[-1] == "DownloadFailed"


def test_dates_to_come(csms, signer):
    update(csms, signer, after=100, install=300)
    assert csms.told() == ["DownloadScheduled"]
    csms.restart().connect()
    csms.pass_time(101)
    csms.fetched()
    assert csms.told()[-1] == "InstallScheduled"
    csms.pass_time(200)
    assert csms.told()[-1] == "Installing"


@pytest.mark.proves("ChargingStation.AllowNewSessionsPendingFirmwareUpdate")
@pytest.mark.parametrize("allowed", [False, True])
def test_it_waits_for_transactions_and_may_let_others_begin(csms, allowed):
    if allowed:
        csms.set("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", "true")
    csms.command("start-transaction", connector=1)
    update(csms)
    csms.fetched()
    assert csms.told() == [*FETCHED, "InstallScheduled"]
    assert csms.statuses(2)[-1] == ("Available" if allowed else "Unavailable")
    csms.pass_time(100)
    csms.command("stop-transaction", connector=1)
    csms.pass_time(1)
    assert csms.told()[-1] == "Installing"
    assert csms.statuses(1)[-1] == csms.statuses(2)[-1] == "Unavailable"
    csms.pass_time(10)
    csms.connect()
    assert csms.told()[-1] == "Installed"
    assert csms.statuses(2)[-1] == "Available"


def test_availability_that_changes_meanwhile_counts_afterwards(csms):
    update(csms)
    csms.fetched()
    change = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    assert csms.call("ChangeAvailability", change) == {"status": "Accepted"}
    csms.pass_time(10)
    csms.connect()
    assert (csms.statuses(1)[-1], csms.statuses(2)[-1]) == ("Unavailable", "Available")


def test_a_newer_one_cancels_the_older_until_it_is_installed(csms, signer):
    update(csms, signer, request=1)
    assert update(csms, signer, request=2) == {"status": "AcceptedCanceled"}
    assert csms.stopped == [csms.downloads[0].id]
    csms.fetched()
    answer = update(csms, signer, request=3)
    assert answer["statusInfo"]["reasonCode"] == "FwUpdateInProgress"


def test_a_triggered_status_is_the_last_one_but_idle_after_installed(csms):
    assert csms.trigger(NEWS) == {"status": "Idle"}
    update(csms, retries=0)
    assert csms.trigger(NEWS) == {"status": "Downloading", "requestId": 5}
    csms.failed()
    assert csms.trigger(NEWS) == {"status": "DownloadFailed", "requestId": 5}
    update(csms)
    csms.fetched()
    csms.pass_time(10)
    csms.connect()
    assert csms.trigger(NEWS) == {"status": "Idle"}


@pytest.mark.parametrize("outcome", ["InstallVerificationFailed", "InstallationFailed"])
def test_installations_fail_if_an_operator_wants_it(csms, outcome):
    csms.command("firmware", outcome=outcome)
    update(csms)
    csms.fetched()
    csms.pass_time(10)
    assert csms.told() == [*FETCHED, "Installing", outcome]
    assert csms.statuses(1)[-1] == "Available"


# --- publishing ----------------------------------------------------------------------------------

CHECKSUM = hashlib.md5(FIRMWARE).hexdigest()


def publish(csms, checksum=CHECKSUM, location=URL, **more):
    payload = {"requestId": 9, "location": location, "checksum": checksum, **more}
    return csms.call("PublishFirmware", payload)


def unpublish(csms, checksum=CHECKSUM):
    return csms.call("UnpublishFirmware", {"checksum": checksum})["status"]


@pytest.mark.proves("PublishFirmware", "PublishFirmwareStatusNotification", "UnpublishFirmware")
def test_firmware_is_published_and_taken_back(csms):
    assert publish(csms, CHECKSUM.upper()) == {"status": "Accepted"}
    assert csms.downloads[-1].digest == "md5"
    assert csms.trigger(PUBLISHED) == {"status": "Downloading", "requestId": 9}
    assert unpublish(csms) == "DownloadOngoing"
    csms.fetched()
    assert csms.told(PUBLISHED)[-3:] == ["Downloaded", "ChecksumVerified", "Published"]
    last = csms.sent(PUBLISHED)[-1]
    assert last["location"] == ["http://CS-1.local/firmware/fw-2.1.0.bin"]
    assert csms.trigger(PUBLISHED) == {"status": "Idle"}
    csms.restart().connect()
    assert [unpublish(csms), unpublish(csms)] == ["Unpublished", "NoFirmware"]


def test_a_file_with_another_checksum_is_not_published(csms):
    publish(csms)
    csms.fetched(b"something else")
    assert csms.told(PUBLISHED) == [*FETCHED, "InvalidChecksum"]
    assert unpublish(csms) == "NoFirmware"


def test_a_file_that_cannot_be_had_is_not_published(csms):
    publish(csms, retries=1, retryInterval=5)
    csms.failed()
    csms.restart().connect()
    csms.pass_time(6)
    assert len(csms.downloads) == 2
    csms.failed()
    assert csms.told(PUBLISHED) == ["Downloading", "DownloadFailed"]


def test_publishing_that_is_refused(csms):
    answer = publish(csms, location="scp://files.example/fw")
    assert answer["statusInfo"]["reasonCode"] == "InvalidURL"
    publish(csms)
    assert publish(csms)["statusInfo"]["reasonCode"] == "FwUpdateInProgress"

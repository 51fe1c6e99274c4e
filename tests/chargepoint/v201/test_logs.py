"""GetLog and LogStatusNotification (2.0.1 N01)."""

import pytest

from chargepoint.effects import DENIED, FAILED
from chargepoint.timing.times import iso
from tests.chargepoint.v201.files import FileCsms

LOG = "LogStatusNotification"


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return FileCsms(version=request.param).connect()


def get_log(csms, request=3, kind="DiagnosticsLog", place="https://files.example/logs/", **more):
    log = {"remoteLocation": place} | more
    return csms.call("GetLog", {"logType": kind, "requestId": request, "log": log, "retries": 1,
                                "retryInterval": 10})  # fmt: skip


@pytest.mark.proves("GetLog", "LogStatusNotification")
@pytest.mark.parametrize("kind", ["DiagnosticsLog", "SecurityLog"])
def test_a_log_is_sent(csms, kind):
    answer = get_log(csms, kind=kind, oldestTimestamp=iso(csms.now - 60))
    upload = csms.uploads[-1]
    assert answer == {"status": "Accepted", "filename": upload.name}
    assert (upload.log, upload.start, upload.stop) == (kind, csms.now - 60, None)
    assert csms.trigger(LOG) == {"status": "Uploading", "requestId": 3}
    csms.ended(upload)
    assert csms.sent(LOG)[-1] == {"status": "Uploaded", "requestId": 3}
    assert csms.trigger(LOG) == {"status": "Idle"}


def test_diagnostics_hold_the_variables_and_the_state(csms):
    get_log(csms)
    document = csms.uploads[-1].document
    assert document["configuration"]["OCPPCommCtrlr.HeartbeatInterval"] == "300"
    assert document["configuration"]["EVSE#1.AvailabilityState"] == "Available"
    assert document["state"]["identity"] == "CS-1" and "saved" not in document["state"]


def test_an_upload_is_tried_again_and_said_by_the_last(csms):
    get_log(csms)
    csms.ended(csms.uploads[-1], FAILED)
    csms.restart().connect()
    csms.pass_time(11)
    csms.ended(csms.uploads[-1], DENIED)
    assert len(csms.uploads) == 2
    assert csms.told(LOG) == ["Uploading", "PermissionDenied"]


def test_a_newer_request_cancels_the_older_in_words(csms):
    get_log(csms, 1)
    assert get_log(csms, 2)["status"] == "AcceptedCanceled"
    assert csms.stopped == [csms.uploads[0].id]
    csms.ended(csms.uploads[1])
    assert [(n["status"], n["requestId"]) for n in csms.sent(LOG)] == [
        ("Uploading", 1), ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2)
    ]  # fmt: skip


def test_logs_that_cannot_be_had_or_sent_are_rejected(csms):
    assert get_log(csms, place="sftp://x.example/")["statusInfo"]["reasonCode"] == "InvalidURL"
    answer = get_log(csms, oldestTimestamp=iso(csms.now + 60))
    assert answer["statusInfo"]["reasonCode"] == "NotFound"
    if csms.config.version == "2.1":
        assert get_log(csms, kind="DataCollectorLog")["status"] == "Rejected"
    assert csms.uploads == [] and csms.told(LOG) == []

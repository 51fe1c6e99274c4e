"""GetDiagnostics (1.6 section 5.9) and GetLog (security whitepaper, N01)."""

import re

import pytest

from chargepoint.effects import BAD_MESSAGE, DENIED, DONE, FAILED, UNSUPPORTED
from chargepoint.timing.times import iso
from chargepoint.v16.topics import STATUS_ASKED
from tests.chargepoint.files import FilePeer

PLACE = "ftp://user:secret@files.example/logs/"
DIAGNOSTICS, LOG = "DiagnosticsStatusNotification", "LogStatusNotification"


@pytest.fixture
def peer():
    return FilePeer().connect()


def diagnostics(peer, **more):
    return peer.call("GetDiagnostics", {"location": PLACE, **more})[2]


def get_log(peer, request=3, kind="DiagnosticsLog", place=PLACE, retries=None, **more):
    payload = {"logType": kind, "requestId": request, "log": {"remoteLocation": place, **more}}
    if retries is not None:
        payload |= {"retries": retries, "retryInterval": 10}
    return peer.call("GetLog", payload)[2]


@pytest.mark.proves("DiagnosticsStatusNotification", "GetDiagnostics")
def test_diagnostics_are_sent_to_the_place(peer):
    answer = diagnostics(peer)
    assert re.fullmatch(r"CP1-\d{8}T\d{6}Z-diagnostics\.log", answer["fileName"])
    upload = peer.uploads[-1]
    assert (upload.url, upload.name, upload.log) == (PLACE, answer["fileName"], "DiagnosticsLog")
    assert peer.told("DiagnosticsStatusNotification") == ["Uploading"]
    peer.ended(upload)
    assert peer.told("DiagnosticsStatusNotification") == ["Uploading", "Uploaded"]


def test_they_hold_the_state_and_the_keys_but_not_our_own_notes(peer):
    diagnostics(peer)
    document = peer.uploads[-1].document
    assert document["station"] == "CP1"
    assert document["state"]["connectors"][0]["status"] == "Available"
    assert "saved" not in document["state"]
    assert document["configuration"]["HeartbeatInterval"] == "300"


def test_the_period_is_the_one_asked_for(peer):
    diagnostics(peer, startTime=iso(peer.now - 60), stopTime=iso(peer.now - 10))
    upload = peer.uploads[-1]
    assert (upload.start, upload.stop) == (peer.now - 60, peer.now - 10)


@pytest.mark.parametrize(("start", "stop"), [(60, None), (-10, -20), (-10, -10)])
def test_there_is_no_file_of_a_time_without_anything(peer, start, stop):
    more = {"startTime": iso(peer.now + start)}
    if stop is not None:
        more["stopTime"] = iso(peer.now + stop)
    assert diagnostics(peer, **more) == {}
    assert peer.uploads == [] and peer.told(DIAGNOSTICS) == []


def test_failed_uploads_are_tried_again(peer):
    diagnostics(peer, retries=2, retryInterval=30)
    peer.ended(peer.uploads[-1], FAILED)
    peer.pass_time(31)
    assert len(peer.uploads) == 2
    peer.ended(peer.uploads[-1], DENIED)
    peer.pass_time(100)
    assert len(peer.uploads) == 2
    assert peer.told(DIAGNOSTICS) == ["Uploading", "UploadFailed"]


def test_a_place_of_an_unknown_kind_is_a_failed_upload(peer):
    peer.call("GetDiagnostics", {"location": "sftp://files.example/"})
    assert peer.uploads == []
    assert peer.told(DIAGNOSTICS) == ["UploadFailed"]


def test_a_newer_request_takes_the_place_of_the_older(peer):
    diagnostics(peer)
    first = peer.uploads[-1]
    diagnostics(peer)
    assert peer.stopped == [first.id]
    peer.ended(first, FAILED)
    peer.ended(peer.uploads[-1])
    assert peer.told(DIAGNOSTICS) == ["Uploading", "Uploading", "Uploaded"]


def test_a_triggered_status(peer):
    def triggered():
        asked = {"requestedMessage": DIAGNOSTICS}
        assert peer.call("TriggerMessage", asked)[2] == {"status": "Accepted"}
        return peer.told(DIAGNOSTICS)[-1]

    assert triggered() == "Idle"
    diagnostics(peer)
    assert triggered() == "Uploading"
    peer.ended(peer.uploads[-1])
    assert triggered() == "Idle"


def test_a_takeover_sends_the_file_again(peer):
    diagnostics(peer)
    peer.restart()
    peer.connect()
    peer.pass_time(1)
    assert len(peer.uploads) == 2
    assert peer.uploads[0].name == peer.uploads[1].name
    peer.ended(peer.uploads[0])
    assert peer.told(DIAGNOSTICS) == ["Uploading"]
    peer.ended(peer.uploads[1])
    assert peer.told(DIAGNOSTICS) == ["Uploading", "Uploaded"]


@pytest.mark.proves("GetLog", "LogStatusNotification")
@pytest.mark.parametrize(
    ("kind", "word"), [("DiagnosticsLog", "diagnostics"), ("SecurityLog", "security")]
)
def test_a_log_is_sent_under_its_number(peer, kind, word):
    answer = get_log(peer, kind=kind)
    assert answer["status"] == "Accepted" and answer["filename"].endswith(f"-{word}.log")
    assert peer.uploads[-1].log == kind
    peer.ended(peer.uploads[-1])
    assert peer.calls("LogStatusNotification") == [
        {"status": "Uploading", "requestId": 3}, {"status": "Uploaded", "requestId": 3}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (FAILED, "UploadFailure"), (DENIED, "PermissionDenied"),
        (UNSUPPORTED, "NotSupportedOperation"), (BAD_MESSAGE, "BadMessage"), (DONE, "Uploaded"),
    ],
)  # fmt: skip
def test_how_it_went_is_said_by_the_last_attempt(peer, result, status):
    get_log(peer, retries=2)
    peer.ended(peer.uploads[-1], FAILED)
    peer.pass_time(11)
    peer.ended(peer.uploads[-1], result)
    assert peer.told(LOG) == ["Uploading", status]


def test_the_security_log_holds_the_events_that_the_csms_was_not_told(peer):
    peer.call("ChangeConfiguration", {"key": "EmulatorSecurityEvents", "value": "true"})
    peer.feed("no OCPP at all")
    get_log(peer, kind="SecurityLog")
    [event] = peer.uploads[-1].document["events"]
    assert event["event"] == "InvalidMessages"
    assert event["time"] == iso(peer.now)


def test_a_newer_log_cancels_the_older(peer):
    get_log(peer, request=1)
    answer = get_log(peer, request=2)
    assert answer["status"] == "AcceptedCanceled"
    assert peer.stopped == [peer.uploads[0].id]
    peer.ended(peer.uploads[-1])
    assert [n["requestId"] for n in peer.calls(LOG)] == [1, 2, 2]
    assert get_log(peer, request=3)["status"] == "Accepted"


def test_logs_that_cannot_be_had_or_sent_are_rejected(peer):
    assert get_log(peer, place="sftp://files.example/") == {"status": "Rejected"}
    assert get_log(peer, oldestTimestamp=iso(peer.now + 60)) == {"status": "Rejected"}
    assert peer.uploads == []


def test_a_log_and_diagnostics_may_be_sent_at_once(peer):
    diagnostics(peer)
    assert get_log(peer)["status"] == "Accepted"
    peer.ended(peer.uploads[0])
    peer.ended(peer.uploads[1])
    assert peer.told(DIAGNOSTICS)[-1] == peer.told(LOG)[-1] == "Uploaded"


def test_the_log_status_for_an_extended_trigger(peer):
    def triggered():
        peer.station.tell(STATUS_ASKED, "LogStatusNotification", peer.now)
        peer.take(peer.station.finish(peer.now))
        return peer.calls(LOG)[-1]

    assert triggered() == {"status": "Idle"}
    get_log(peer)
    assert triggered() == {"status": "Uploading", "requestId": 3}


def test_files_of_the_same_second_have_names_of_their_own(peer):
    kinds = ("DiagnosticsLog", "SecurityLog", "DiagnosticsLog", "DiagnosticsLog")
    names = [diagnostics(peer)["fileName"]]
    names += [get_log(peer, kind=kind)["filename"] for kind in kinds]
    names.append(diagnostics(peer)["fileName"])
    peer = peer.crash().connect()
    names.append(diagnostics(peer)["fileName"])
    assert len(set(names)) == 7, names
    assert names[1].endswith("Z-diagnostics-2.log") and names[2].endswith("Z-security-3.log")
    peer.pass_time(1)
    assert diagnostics(peer)["fileName"].endswith("Z-diagnostics.log")

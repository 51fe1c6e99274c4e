"""Every action of OCPP 1.6, its security extension included, with a CSMS on PyPI `ocpp`.

One station lives through it: set up, used, reserved, limited, updated, secured, restarted. The
CSMS's library checks each frame by its schemas and so does the test at the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chargepoint.wire import schemas
from tests.chargepoint.authority import Authority
from tests.chargepoint.files import Signer

from .conversation import Conversation, at, conversation
from .sessions import STEADY_CAR
from .wire import assert_logged_once, assert_valid, await_logged


@pytest.fixture
def talk(python_csms, stack, fresh_name) -> Iterator[Conversation]:
    with conversation(python_csms, stack, fresh_name("every-action"), "1.6") as talk:
        yield talk


def set_up(talk: Conversation) -> None:
    assert talk.hears("BootNotification")["firmwareVersion"] == "1.0.0"
    talk.hears("StatusNotification", connectorId=1, status="Available")
    told = talk.call("GetConfiguration", key=["ClockAlignedDataInterval"])
    assert told["configurationKey"][0]["value"] == "0"
    changed = talk.call("ChangeConfiguration", key="ConnectionTimeOut", value="90")
    assert changed == {"status": "Accepted"}
    assert talk.call("ClearCache") == {"status": "Accepted"}
    assert talk.call("DataTransfer", vendorId="Nobody") == {"status": "UnknownVendorId"}
    talk.do("data-transfer", vendor_id="Proof", data="hello")
    assert talk.hears("DataTransfer")["data"] == "hello"
    assert talk.call("TriggerMessage", requestedMessage="Heartbeat") == {"status": "Accepted"}
    talk.hears("Heartbeat")
    talk.call("ChangeAvailability", connectorId=1, type="Inoperative")
    talk.hears("StatusNotification", connectorId=1, status="Unavailable")
    talk.call("ChangeAvailability", connectorId=1, type="Operative")
    talk.hears("StatusNotification", connectorId=1, status="Available")


def keep_for_somebody(talk: Conversation) -> None:
    tags = [{"idTag": "ANNA", "idTagInfo": {"status": "Accepted"}}]
    given = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": tags}
    assert talk.call("SendLocalList", **given) == {"status": "Accepted"}
    assert talk.call("GetLocalListVersion") == {"listVersion": 3}
    wanted = {"connectorId": 1, "reservationId": 8, "idTag": "ANNA", "expiryDate": at(hours=1)}
    assert talk.call("ReserveNow", **wanted) == {"status": "Accepted"}
    talk.hears("StatusNotification", connectorId=1, status="Reserved")
    assert talk.call("CancelReservation", reservationId=8) == {"status": "Accepted"}
    talk.hears("StatusNotification", connectorId=1, status="Available")


def charge(talk: Conversation) -> None:
    periods = [{"startPeriod": 0, "limit": 10.0}]
    profile = {
        "chargingProfileId": 5, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }  # fmt: skip
    given = talk.call("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
    assert given == {"status": "Accepted"}
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    assert talk.hears("Authorize")["idTag"] == "LOCAL"
    start = talk.hears("StartTransaction", connectorId=1, idTag="LOCAL")
    readings = talk.hears("MeterValues", connectorId=1)["meterValue"][0]["sampledValue"]
    power = next(v for v in readings if v.get("measurand") == "Power.Active.Import")
    assert 6000 < float(power["value"]) < 7100  # 10 A on three phases
    schedule = talk.call("GetCompositeSchedule", connectorId=1, duration=60)["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"][0]["startPeriod"] == 0
    assert talk.call("ClearChargingProfile", id=5) == {"status": "Accepted"}
    transaction = int(talk.do("state")["connectors"][0]["transaction"])
    talk.call("RemoteStopTransaction", transactionId=transaction)
    stop = talk.hears("StopTransaction", transactionId=transaction, reason="Remote")
    assert stop["meterStop"] > start["meterStart"]
    assert talk.call("RemoteStartTransaction", connectorId=1, idTag="FAR")["status"] == "Accepted"
    talk.hears("StartTransaction", idTag="FAR")
    talk.hears("MeterValues", connectorId=1)
    assert talk.call("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    talk.hears("StopTransaction", reason="UnlockCommand")
    talk.do("unplug", connector=1)


def look_inside(talk: Conversation) -> None:
    answer = talk.call("GetDiagnostics", location=talk.files.url + "/in/")
    talk.hears("DiagnosticsStatusNotification", status="Uploaded")
    assert talk.name in talk.uploaded(answer["fileName"])
    log = {"remoteLocation": talk.files.url + "/in/"}
    answer = talk.call("GetLog", logType="SecurityLog", requestId=4, log=log)
    assert answer["status"] == "Accepted"
    talk.hears("LogStatusNotification", status="Uploaded", requestId=4)
    assert talk.uploaded(answer["filename"])


def renew(talk: Conversation) -> None:
    talk.files.files["/fw-2.0.0.bin"] = b"the second firmware"
    place = talk.files.url + "/fw-2.0.0.bin"
    assert talk.call("UpdateFirmware", location=place, retrieveDate=at()) == {}
    talk.hears("FirmwareStatusNotification", status="Downloaded")
    assert talk.hears("BootNotification", 60)["firmwareVersion"] == "2.0.0"
    talk.hears("FirmwareStatusNotification", status="Installed")
    content, signer = b"version: 3.1.4\nthe third firmware", Signer()
    talk.files.files["/next"] = content
    firmware = {
        "location": talk.files.url + "/next", "retrieveDateTime": at(),
        "signingCertificate": signer.pem, "signature": signer.sign(content),
    }  # fmt: skip
    answer = talk.call("SignedUpdateFirmware", requestId=9, firmware=firmware)
    assert answer == {"status": "Accepted"}
    talk.hears("SignedFirmwareStatusNotification", status="SignatureVerified", requestId=9)
    assert talk.hears("BootNotification", 60)["firmwareVersion"] == "3.1.4"
    talk.hears("SignedFirmwareStatusNotification", status="Installed", requestId=9)


def secure(talk: Conversation) -> None:
    roots = Authority("Roots", time.time())
    use = "CentralSystemRootCertificate"
    given = {"certificateType": use, "certificate": roots.pem}
    assert talk.call("InstallCertificate", **given) == {"status": "Accepted"}
    found = talk.call("GetInstalledCertificateIds", certificateType=use)
    [data] = found["certificateHashData"]
    asked = talk.call("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert asked == {"status": "Accepted"}
    signed = roots.answer(talk.hears("SignCertificate")["csr"])
    assert talk.call("CertificateSigned", certificateChain=signed) == {"status": "Accepted"}
    assert talk.call("DeleteCertificate", certificateHashData=data) == {"status": "Accepted"}
    gone = talk.call("GetInstalledCertificateIds", certificateType=use)
    assert gone == {"status": "NotFound"}


def restart(talk: Conversation) -> None:
    assert talk.call("Reset", type="Soft") == {"status": "Accepted"}
    assert talk.hears("BootNotification", 30)["firmwareVersion"] == "3.1.4"
    talk.hears("SecurityEventNotification", type="StartupOfTheDevice")


def test_every_action_of_1_6(talk):
    for chapter in (set_up, keep_for_somebody, charge, look_inside, renew, secure, restart):
        chapter(talk)
    frames = talk.wire.frames(talk.name)
    assert {frame.action for frame in frames} - {""} == set(schemas.actions("1.6"))
    await_logged(talk.stack.mongo, talk.wire, talk.name)
    assert_valid(frames, "1.6")
    assert_logged_once(talk.stack.mongo, talk.wire, talk.name)

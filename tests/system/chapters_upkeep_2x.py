"""The second half of a 2.x station's life: looked into, renewed, secured, restarted."""

from __future__ import annotations

import hashlib
import time

from tests.chargepoint.authority import Authority
from tests.chargepoint.files import Signer
from tests.chargepoint.v201.test_v2g_certificate import Signer as OcspSigner

from .chapters_2x import covers
from .conversation import Conversation, at


@covers("GetLog", "LogStatusNotification")
def look_inside(talk: Conversation) -> None:
    log = {"remoteLocation": talk.files.url + "/in/"}
    answer = talk.call("GetLog", logType="DiagnosticsLog", requestId=10, log=log)
    assert answer["status"] == "Accepted"
    talk.hears("LogStatusNotification", status="Uploaded", requestId=10)
    assert talk.name in talk.uploaded(answer["filename"])


@covers(
    "FirmwareStatusNotification", "PublishFirmware", "PublishFirmwareStatusNotification",
    "UnpublishFirmware", "UpdateFirmware",
)  # fmt: skip
def renew(talk: Conversation) -> None:
    content, signer = b"version: 2.1.0\nthe second firmware", Signer()
    talk.files.files["/next"] = content
    firmware = {
        "location": talk.files.url + "/next", "retrieveDateTime": at(),
        "signingCertificate": signer.pem, "signature": signer.sign(content),
    }  # fmt: skip
    answer = talk.call("UpdateFirmware", requestId=11, firmware=firmware)
    assert answer == {"status": "Accepted"}
    talk.hears("FirmwareStatusNotification", status="SignatureVerified", requestId=11)
    boot = talk.hears("BootNotification", 60, reason="FirmwareUpdate")
    assert boot["chargingStation"]["firmwareVersion"] == "2.1.0"
    talk.hears("FirmwareStatusNotification", status="Installed", requestId=11)
    checksum = hashlib.md5(content).hexdigest()
    given = {"location": talk.files.url + "/next", "checksum": checksum, "requestId": 12}
    assert talk.call("PublishFirmware", **given) == {"status": "Accepted"}
    published = talk.hears("PublishFirmwareStatusNotification", status="Published", requestId=12)
    assert published["location"]
    assert talk.call("UnpublishFirmware", checksum=checksum) == {"status": "Unpublished"}
    assert talk.call("UnpublishFirmware", checksum=checksum) == {"status": "NoFirmware"}


@covers(
    "CertificateSigned", "DeleteCertificate", "GetInstalledCertificateIds", "InstallCertificate",
    "SignCertificate",
)  # fmt: skip
def secure(talk: Conversation) -> None:
    roots = Authority("Roots", time.time())
    use = "CSMSRootCertificate"
    given = {"certificateType": use, "certificate": roots.pem}
    assert talk.call("InstallCertificate", **given) == {"status": "Accepted"}
    found = talk.call("GetInstalledCertificateIds", certificateType=[use])
    [chain] = found["certificateHashDataChain"]
    asked = talk.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")
    assert asked == {"status": "Accepted"}
    signed = roots.answer(talk.hears("SignCertificate")["csr"])
    given = {"certificateChain": signed, "certificateType": "ChargingStationCertificate"}
    assert talk.call("CertificateSigned", **given) == {"status": "Accepted"}
    data = chain["certificateHashData"]
    assert talk.call("DeleteCertificate", certificateHashData=data) == {"status": "Accepted"}
    gone = talk.call("GetInstalledCertificateIds", certificateType=[use])
    assert gone == {"status": "NotFound"}


@covers("GetCertificateStatus")
def secure_cars(talk: Conversation) -> None:
    root = Authority("V2G Root", time.time())
    sub = OcspSigner("V2G Sub", time.time(), root)
    given = {"certificateType": "V2GRootCertificate", "certificate": root.pem}
    assert talk.call("InstallCertificate", **given) == {"status": "Accepted"}
    talk.csms.answers["GetCertificateStatus"] = lambda *_: sub.ocsp(time.time())
    talk.call("TriggerMessage", requestedMessage="SignV2GCertificate")
    csr = talk.hears("SignCertificate", certificateType="V2GCertificate")["csr"]
    chain = sub.answer(csr) + sub.pem
    given = {"certificateChain": chain, "certificateType": "V2GCertificate"}
    assert talk.call("CertificateSigned", **given) == {"status": "Accepted"}
    asked = talk.hears("GetCertificateStatus")["ocspRequestData"]
    assert int(asked["serialNumber"], 16) == sub.leaf.serial_number
    found = talk.call("GetInstalledCertificateIds", certificateType=["V2GCertificateChain"])
    assert found["status"] == "Accepted"


@covers("Reset", "SecurityEventNotification")
def restart(talk: Conversation) -> None:
    told = [c.payload for c in talk.wire.calls(talk.name, "SecurityEventNotification")]
    assert talk.call("Reset", type="OnIdle") == {"status": "Accepted"}
    # Nothing is charging, so that it comes at once.
    boot = talk.hears("BootNotification", 30)
    assert boot["chargingStation"]["firmwareVersion"] == "2.1.0"
    for kind in ("ResetOrReboot", "StartupOfTheDevice"):
        talk.hears("SecurityEventNotification", where=lambda e: e not in told, type=kind)


LAST = (look_inside, renew, secure, secure_cars, restart)

"""A masked recording tells nothing of whose it was, and is the same conversation all the same."""

from __future__ import annotations

import json

from scenarios.replay.conversation import Said, conversation
from scenarios.replay.making import scenario_of
from scenarios.replay.masks import masked_frames

BOOT = {"chargePointVendor": "Volt", "chargePointModel": "Wall", "iccid": "8949002012345",
        "chargePointSerialNumber": "SN-4711-X", "meterSerialNumber": "M-99"}  # fmt: skip
TOKEN = {"idToken": "DEADBEEF", "type": "ISO14443"}
SPOKEN = [
    ("sent", [2, "1", "BootNotification", BOOT]),
    ("sent", [2, "2", "StartTransaction", {"idTag": "CAFE01", "connectorId": 1}]),
    ("received", [3, "2", {"transactionId": 5, "idTagInfo": {"parentIdTag": "BOSS", "status": "X"}}]),  # noqa: E501
    ("sent", [2, "3", "Authorize", {"idToken": TOKEN, "certificate": "-----BEGIN"}]),
    ("received", [2, "4", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "hunter2"}]),
    ("sent", [2, "5", "DataTransfer", {"vendorId": "v", "data": "SN-4711-X of CP-77 by CAFE01"}]),
    ("sent", [2, "8", "DataTransfer", {"vendorId": "org.openchargealliance.iso15118pnc",
        "messageId": "Authorize", "data": json.dumps({"idToken": {"idToken": "DEABCC123456781"},
            "certificate": "-----BEGIN\n-----END", "responderURL": "http://ocsp/"})}]),
    ("sent", [2, "6", "SecurityEventNotification", {"type": "X", "techInfo": "tag CAFE01"}]),
]
SECRETS = ("SN-4711-X", "8949002012345", "M-99", "CAFE01", "BOSS", "DEADBEEF", "BEGIN", "hunter2",
           "CP-77", "DEABCC123456781", "END")  # fmt: skip


def masked() -> list[Said]:
    said = [Said(n, way, json.dumps(frame)) for n, (way, frame) in enumerate(SPOKEN)]
    spoilt = Said(9, "sent", '[2,"7","Authorize",{"idTag":"CAFE01"')
    return masked_frames([*said, spoilt], "CP-77")


def test_nothing_of_it_is_left() -> None:
    text = json.dumps([each.text for each in masked()])
    assert not [secret for secret in SECRETS if secret in text]
    assert "Volt" in text  # a make is no secret


def test_a_message_in_a_data_transfer_is_one_all_the_same() -> None:
    told = json.loads(json.loads(masked()[6].text)[3]["data"])
    assert told["idToken"] == {"idToken": "TAG-4"}
    assert told["certificate"].startswith("CERTIFICATE-")
    assert told["responderURL"] == "http://ocsp/"


def test_the_same_stays_the_same() -> None:
    said = masked()
    start, transfer = json.loads(said[1].text)[3], json.loads(said[5].text)[3]
    assert start["idTag"] == "TAG-1" and "TAG-1" in transfer["data"]
    assert "TAG-1" in said[-1].text
    made = scenario_of(conversation("STATION", said, "ocpp1.6"))
    assert "TAG-1" in made["variables"].values()
    assert not [secret for secret in SECRETS if secret in json.dumps(made)]

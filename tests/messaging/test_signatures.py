"""Signed meter values of a session, and whether their signatures hold."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from messaging.queries.signatures import values_of
from messaging.records import SessionRecord
from tests.messaging.test_api import NOW, api, caller, log, record  # noqa: F401 - fixtures

READING = '{"FV":"1.0","GI":"ACME","RD":[{"TM":"2026-01-01T00:00:00,000+0000 S","RV":12.5}]}'
KEY = ec.generate_private_key(ec.SECP256R1())


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def der(key=KEY) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def ocmf(key=KEY, payload=READING, shown=None, **signature) -> str:
    made = key.sign(payload.encode(), ec.ECDSA(hashes.SHA256()))
    told = {"SA": "ECDSA-secp256r1-SHA256", "SD": made.hex()} | signature
    return f"OCMF|{shown or payload}|{json.dumps(told)}"


def told(value: dict, action: str = "TransactionEvent") -> dict:
    payload = {"transactionInfo": {"transactionId": "T"}, "meterValue": [{"sampledValue": [value]}]}
    text = json.dumps([2, "1", action, payload])
    [found] = values_of([{"time": "t", "action": action, "kind": "Call", "text": text}])
    return found


def of_2(text: str, key: str | None = None, **more) -> dict:
    inner = {"signedMeterData": b64(text), "encodingMethod": "OCMF", "publicKey": key} | more
    return {"value": 1, "signedMeterValue": inner}


@pytest.mark.parametrize(
    "key",
    [b64(der()), b64(b"oca:base16:asn1:" + der().hex().encode()), b64(der().hex()),
     b64(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))],
    ids=["der", "oca", "hex", "pem"],
)  # fmt: skip
def test_a_signature_that_holds_is_valid_however_its_key_is_written(key):
    found = told(of_2(ocmf(), key, signingMethod="ECDSA-secp256r1-SHA256"))
    assert (found["check"], found["why"], found["key"]) == ("valid", "", "message")
    assert (found["method"], found["action"]) == ("ECDSA-secp256r1-SHA256", "TransactionEvent")


def test_one_digit_of_the_reading_makes_it_invalid():
    forged = ocmf(shown=READING.replace("12.5", "11.5"))
    assert told(of_2(forged, b64(der())))["check"] == "invalid"
    other = ec.generate_private_key(ec.SECP256R1())
    assert told(of_2(ocmf(), b64(der(other))))["check"] == "invalid"


def test_other_curves_and_encodings():
    key = ec.generate_private_key(ec.BrainpoolP256R1())
    text = ocmf(key, SA="ECDSA-brainpoolP256r1-SHA256")
    assert told(of_2(text, b64(der(key))))["check"] == "valid"
    assert told(of_2(text, b64(der())))["why"].startswith("Its key is of secp256r1")
    made = KEY.sign(READING.encode(), ec.ECDSA(hashes.SHA256()))
    text = ocmf(SE="base64", SD=b64(made))
    assert told(of_2(text, b64(der())))["check"] == "valid"


def test_1_6_has_them_as_json_or_as_they_are():
    inner = {"signedMeterData": b64(ocmf()), "encodingMethod": "OCMF", "publicKey": b64(der())}
    value = {"format": "SignedData", "value": json.dumps(inner)}
    assert told(value, "StopTransaction")["check"] == "valid"
    found = told({"format": "SignedData", "value": ocmf()}, "MeterValues")
    assert found["check"] == "not checked" and found["why"].startswith("Its public key is unknown")
    found = told({"format": "SignedData", "value": "AB12"}, "MeterValues")
    assert (found["check"], found["method"]) == ("not checked", "SignedData")


@pytest.mark.parametrize(
    ("text", "key", "check"),
    [("EDL|x", b64(der()), "not checked"), (ocmf(SA="ECDSA-secp192k1-SHA256"), b64(der()),
     "not checked"), ("OCMF|{}|{}", b64(der()), "invalid"), ("OCMF|{}|[1]", b64(der()), "invalid"),
     (ocmf(SD="zz"), b64(der()), "invalid"), (ocmf(SD=5), b64(der()), "invalid"),
     (ocmf(), "?", "invalid"), (ocmf(), b64("no key"), "invalid"),
     (ocmf(), b64(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(
         Encoding.DER, PublicFormat.SubjectPublicKeyInfo)), "invalid")],
    ids=["no OCMF", "a curve", "an object", "a list", "no hex", "a number", "no base64", "no key",
         "a key of another kind"],
)  # fmt: skip
def test_what_cannot_be_read_or_checked_is_told_so(text, key, check):
    found = told(of_2(text, key))
    assert found["check"] == check and found["why"]


def test_what_is_no_message_has_none():
    texts = ["[2", "[]", "5", '[2,"1","MeterValues",null]', '[2,"1","MeterValues",{"a":[[{}]]}]']
    messages = [{"time": "t", "action": "MeterValues", "kind": "Call", "text": t} for t in texts]
    answer = {"time": "t", "action": "X", "kind": "CallResult", "text": json.dumps([3, "1", {}])}
    assert values_of([*messages, answer]) == []
    broken = told({"signedMeterValue": {"signedMeterData": "???"}})
    assert (broken["check"], broken["why"][:30]) == ("invalid", "signedMeterData is no Base64 o")


def test_the_session_tells_them(api, log):  # noqa: F811
    def event(transaction: str, value: dict, number: float) -> object:
        payload = {"transactionInfo": {"transactionId": transaction},
                   "meterValue": [{"sampledValue": [value, {"value": 2}]}]}  # fmt: skip
        text = json.dumps([2, "1", "TransactionEvent", payload])
        return record(number, action="TransactionEvent", text=text)

    session = {
        "id": "s1", "rev": 1, "station": "CP1", "connector": 1, "evse": 1, "ocpp": "2.0.1",
        "transaction_id": "T", "id_tag": "TAG", "started": NOW, "meter_start": 0,
        "ended": NOW + 60, "meter_stop": 5, "reason": "Local", "energy_wh": 5, "state": "ended",
        "sample": None,
    }  # fmt: skip
    forged = of_2(ocmf(shown=READING.replace("12.5", "1.5")), b64(der()))
    log([
        event("T", of_2(ocmf(), b64(der())), 1), event("OTHER", of_2(ocmf()), 2),
        event("T", forged, 3), SessionRecord("0" * 22, session),
    ])  # fmt: skip
    status, found = api("GET", "transactions/s1/signed")
    assert status == 200, found
    assert [each["check"] for each in found["items"]] == ["valid", "invalid"]
    assert found["checks"] == {"valid": 1, "invalid": 1}
    assert api("GET", "transactions/none/signed")[0] == 404


def test_a_key_that_came_with_another_value_of_the_meter_counts():
    payload = READING.replace('"GI":"ACME"', '"MS":"M1","PG":"T1"')
    other = payload.replace("M1", "M2")
    values = [of_2(ocmf(payload=payload)), of_2(ocmf(payload=payload), b64(der())),
              of_2(ocmf(payload=other))]  # fmt: skip
    frame = {"transactionInfo": {"transactionId": "T"}, "meterValue": [{"sampledValue": values}]}
    text = json.dumps([2, "1", "TransactionEvent", frame])
    message = {"time": "t", "action": "TransactionEvent", "kind": "Call", "text": text}
    found = values_of([message])
    assert [(each["check"], each["key"]) for each in found] == [
        ("valid", "session"), ("valid", "message"), ("not checked", ""),
    ]  # fmt: skip
    assert [(each["meter"], each["page"]) for each in found] == [
        ("M1", "T1"), ("M1", "T1"), ("M2", "T1"),
    ]  # fmt: skip

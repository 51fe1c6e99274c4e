"""A CSMS of OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" (1.0), wired in memory.

What the station sends is held against the note's fields (sections 6 to 8): the schemas are those
of 2.0.1 with what the note has otherwise.
"""

import json
from functools import cache
from typing import Any

import jsonschema_rs

from chargepoint.timing.times import iso
from chargepoint.wire import schemas
from tests.chargepoint.peer import Peer

VENDOR = "org.openchargealliance.iso15118pnc"
ON = {"ISO15118PnCEnabled": "true"}
EMAID = "DEABCC123456781"
ROOTS = ["V2GRootCertificate", "MORootCertificate"]  # 8.12
OF_STATION = {"Authorize", "Get15118EVCertificate", "GetCertificateStatus", "SignCertificate"}
# (message, whether of the answer) -> definition of 2.0.1's schema, or "" for the message -> what
# the note has in its place.
_OTHERWISE: dict[tuple[str, bool], dict[str, dict[str, Any]]] = {
    ("Authorize", False): {"IdTokenType": {  # 7.3
        "properties": {"idToken": {"type": "string", "maxLength": 20}}, "required": ["idToken"],
    }},
    ("Authorize", True): {
        "AuthorizationStatusEnumType": {"enum": [  # 8.1
            "Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid",
        ]},
        "IdTokenInfoType": {"properties": {  # 7.4
            "status": {"$ref": "#/definitions/AuthorizationStatusEnumType"},
            "cacheExpiryDateTime": {"type": "string", "format": "date-time"},
        }},
    },
    ("GetInstalledCertificateIds", False): {
        "GetCertificateIdUseEnumType": {"enum": [*ROOTS, "V2GCertificateChain"]},  # 8.7
    },
    ("GetInstalledCertificateIds", True): {
        "GetCertificateIdUseEnumType": {"enum": [*ROOTS, "V2GCertificateChain"]},
    },
    ("SignCertificate", False): {
        # 6.8.1 has the csr alone; the example in 2.2 has the type too.
        "CertificateSigningUseEnumType": {"enum": ["V2GCertificate"]},
    },
}  # fmt: skip


@cache
def validator(message: str, response: bool) -> Any:
    schema = schemas.schema_of("2.0.1", message, response)
    definitions = schema.get("definitions", {})
    for name, otherwise in _OTHERWISE.get((message, response), {}).items():
        definitions[name] |= otherwise
    for part in (schema, *definitions.values()):  # the note has neither
        for name in ("customData", "statusInfo"):
            part.get("properties", {}).pop(name, None)
    return jsonschema_rs.validator_for(schema)


def check(message: str, told: Any, response: bool) -> None:
    validator(message, response).validate(told)


class PncPeer(Peer):
    """`told`: messageId -> the answer to a message of the station, a function of it, a
    DataTransferStatus, or None for no answer at all."""

    def __init__(self, configuration: dict | None = None, **config: Any) -> None:
        super().__init__(configuration={**ON, **(configuration or {})}, **config)
        self.told: dict[str, Any] = {
            "Authorize": {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"},
            "Get15118EVCertificate": {"status": "Accepted", "exiResponse": "AAAA"},
            "GetCertificateStatus": {"status": "Failed"},
            "SignCertificate": {"status": "Accepted"},
        }  # fmt: skip
        self.answers |= {"DataTransfer": self._transfer, "SecurityEventNotification": {}}
        self.answers["BootNotification"] = lambda _: {
            "status": "Accepted", "currentTime": iso(self.now), "interval": 86_400,
        }  # fmt: skip

    def _transfer(self, payload: dict) -> Any:
        message = payload["messageId"]
        assert payload["vendorId"] == VENDOR and message in OF_STATION
        asked = json.loads(payload["data"])
        check(message, asked, False)
        answer = self.told[message]
        answer = answer(asked) if callable(answer) else answer
        if answer is None or isinstance(answer, list):  # a list: a CallError
            return answer
        if isinstance(answer, str):
            return {"status": answer}
        return {"status": "Accepted", "data": json.dumps(answer)}

    def asked(self, message: str) -> list[dict]:
        """What the station has sent of a message."""
        found = (call for call in self.calls("DataTransfer") if call["messageId"] == message)
        return [json.loads(call["data"]) for call in found]

    def transfer(self, message: str, data: str | None) -> dict:
        """The DataTransfer.conf to one of the CSMS's."""
        payload = {"vendorId": VENDOR, "messageId": message}
        return self.call("DataTransfer", payload | ({} if data is None else {"data": data}))[2]

    def ask(self, message: str, told: dict) -> dict:
        """The station's answer to a message, as the note has it."""
        answer = self.transfer(message, json.dumps(told))
        assert answer["status"] == "Accepted", answer
        found = json.loads(answer["data"])
        check(message, found, True)
        return found

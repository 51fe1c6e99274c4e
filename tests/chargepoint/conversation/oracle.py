"""What a frame must be by the OCA's schemas and by the texts, judged by other code than the core's.

The schemas are those of PyPI `ocpp`, read and compiled here by `jsonschema`; the core uses
`jsonschema-rs`. The codes are written down from the tables of OCPP-J, not taken from rpc.py.
"""

import json
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import FormatChecker
from jsonschema.validators import validator_for

_FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
# RFC 3339, 5.6; OCPP 1.6 section 3.14 and 2.0.1 part 2, 2.1.3 name it.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
INTEGERS = (-(2**31), 2**31 - 1)  # 2.0.1 part 2, 2.1.3; 1.6: xs:int of OCPP-S

MISSING, EXTRA, TYPE, OCCURRENCE, ENUM, LENGTH, RANGE, TIME, SHAPE = (
    "missing", "extra", "type", "occurrence", "enum", "length", "range", "time", "shape",
)  # fmt: skip
_OCCURENCE = "OccurenceConstraintViolation"  # spelled so in 1.6
_OCCURRENCE = "OccurrenceConstraintViolation"
_PROPERTY, _TYPE = "PropertyConstraintViolation", "TypeConstraintViolation"
# Kind of fault -> the codes that the text gives for it.
# 1.6: OCPP-J 1.6, 4.2.3. ProtocolError is "Payload for Action is incomplete"; FormationViolation
# "syntactically incorrect or not conform the PDU structure for Action".
# 2.x: part 4, 4.3. A field that is missing breaks its cardinality; what is no object is no "valid
# RPC Request".
CODES = {
    "1.6": {
        MISSING: "ProtocolError", EXTRA: "FormationViolation", TYPE: _TYPE,
        OCCURRENCE: _OCCURENCE, ENUM: _PROPERTY, LENGTH: _PROPERTY, RANGE: _PROPERTY,
        TIME: _PROPERTY, SHAPE: "FormationViolation",
    },
    "2.0.1": {
        MISSING: _OCCURRENCE, EXTRA: "FormatViolation", TYPE: _TYPE, OCCURRENCE: _OCCURRENCE,
        ENUM: _PROPERTY, LENGTH: _PROPERTY, RANGE: _PROPERTY, TIME: _PROPERTY,
        SHAPE: "RpcFrameworkError",
    },
}  # fmt: skip
CODES["2.1"] = CODES["2.0.1"]
# Every code that a CallError may have.
KNOWN_CODES = {
    "1.6": {
        "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError",
        "FormationViolation", _PROPERTY, _OCCURENCE, _TYPE, "GenericError",
    },
    "2.0.1": {
        "FormatViolation", "GenericError", "InternalError", "MessageTypeNotSupported",
        "NotImplemented", "NotSupported", _OCCURRENCE, _PROPERTY, "ProtocolError",
        "RpcFrameworkError", "SecurityError", _TYPE,
    },
}  # fmt: skip
KNOWN_CODES["2.1"] = KNOWN_CODES["2.0.1"]
# What may be answered to a request that its schema allows: where the answer has no status to say
# it with, or a rule names the code.
_NO_TIME_OR_PLACE = {
    ("UpdateFirmware", _PROPERTY), ("GetDiagnostics", _PROPERTY), ("GetLog", _PROPERTY),
    ("SignedUpdateFirmware", _PROPERTY),
}  # fmt: skip
# B05.FR.11, B06.FR.16, D01.FR.11, N03 to N06: more items, or bytes, than a controller tells.
_LIMITED = (
    "ClearVariableMonitoring", "GetMonitoringReport", "GetReport", "GetVariables", "SendLocalList",
    "SetVariableMonitoring", "SetVariables",
)  # fmt: skip
_TOO_MUCH = {(action, code) for action in _LIMITED for code in (_OCCURRENCE, "FormatViolation")}
REFUSALS = {
    "1.6": _NO_TIME_OR_PLACE | {("UpdateFirmware", "GenericError")},  # one is being installed
    "2.0.1": _NO_TIME_OR_PLACE | _TOO_MUCH | {("GetDisplayMessages", _OCCURRENCE)},
}
REFUSALS["2.1"] = REFUSALS["2.0.1"] | {("NotifyWebPaymentStarted", _PROPERTY)}  # no such EVSE
_formats = FormatChecker(formats=())


@_formats.checks("date-time")
def is_time(value: Any) -> bool:
    found = _TIME.fullmatch(value) if isinstance(value, str) else True
    if found is None or found is True:
        return found is True
    day, minutes, seconds, _, zone = found.groups()
    try:
        # A leap second is one, which Python does not know.
        datetime.fromisoformat(f"{day}T{minutes}:{'59' if seconds == '60' else seconds}+00:00")
        return zone == "Z" or (int(zone[1:3]) < 24 and int(zone[4:]) < 60)
    except ValueError:
        return False


@_formats.checks("uri")
def is_uri(value: Any) -> bool:
    """RFC 3986: no sign beyond ASCII."""
    if not isinstance(value, str):
        return True
    return value.isascii() and re.match(r"[a-z][a-z0-9+.-]*:", value) is not None


@cache
def schema_file(version: str, action: str, response: bool) -> str:
    """The text of an action's schema."""
    folder = files("ocpp").joinpath(_FOLDERS[version], "schemas")
    suffixes = ["Response"] if response else ["Request", ""]
    paths = [folder.joinpath(f"{action}{suffix}.json") for suffix in suffixes]
    return next(path for path in paths if path.is_file()).read_text("utf-8-sig")


@cache
def _validator(version: str, action: str, response: bool) -> Any:
    text = schema_file(version, action, response)
    schema = json.loads(text, parse_float=Decimal, object_pairs_hook=_with_bounds)
    return validator_for(schema)(schema, format_checker=_formats)


def _with_bounds(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The schemas set no bound to whole numbers; a millisecond is a transactionId of 1.6."""
    schema = dict(pairs)
    for name, inner in schema.items():
        if isinstance(inner, dict) and inner.get("type") == "integer" and name != "transactionId":
            low, high = INTEGERS
            inner["minimum"] = max(low, inner.get("minimum", low))
            inner["maximum"] = min(high, inner.get("maximum", high))
    return schema


def fault(version: str, action: str, payload: str, response: bool) -> str:
    """ "" where the payload, a JSON text, is valid; else what is wrong, for people."""
    value = json.loads(payload, parse_float=Decimal)
    error = next(_validator(version, action, response).iter_errors(value), None)
    if error is None:
        return ""
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300]

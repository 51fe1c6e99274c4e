"""OCPP-J frames: text to values and back, and the CallError codes of each version.

Sources: OCPP-J 1.6 section 4, OCPP 2.0.1 and 2.1 part 4 section 4.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from chargepoint.wire import schemas

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4
CALL_RESULT_ERROR, SEND = 5, 6  # new in 2.1
LONGEST_ID = 36  # all versions, "maximum of 36 characters"
LONGEST_LEGIBLE_ID = 255

# Faults of a frame itself, beside those of schemas.py.
NOT_A_FRAME, UNKNOWN_TYPE, MALFORMED, UNKNOWN_ACTION, UNSUPPORTED, INTERNAL = (
    "not-a-frame", "unknown-type", "malformed", "unknown-action", "unsupported", "internal",
)  # fmt: skip

# OCPP-J 1.6, 4.2.3. "Formation" and "Occurence" are spelled so there.
CODES_16 = {
    MALFORMED: "FormationViolation",
    UNKNOWN_ACTION: "NotImplemented",
    UNSUPPORTED: "NotSupported",
    INTERNAL: "InternalError",
    schemas.MISSING: "ProtocolError",  # "Payload for Action is incomplete"
    schemas.EXTRA: "FormationViolation",
    schemas.TYPE: "TypeConstraintViolation",
    schemas.OCCURRENCE: "OccurenceConstraintViolation",
    schemas.PROPERTY: "PropertyConstraintViolation",
}
# OCPP 2.0.1 part 4, 4.3. Unreadable frames are answered there too, with the id "-1" if need be.
CODES_201 = {
    NOT_A_FRAME: "RpcFrameworkError",
    UNKNOWN_TYPE: "MessageTypeNotSupported",
    MALFORMED: "RpcFrameworkError",
    UNKNOWN_ACTION: "NotImplemented",
    UNSUPPORTED: "NotSupported",
    INTERNAL: "InternalError",
    schemas.MISSING: "OccurrenceConstraintViolation",
    schemas.EXTRA: "FormatViolation",
    schemas.TYPE: "TypeConstraintViolation",
    schemas.OCCURRENCE: "OccurrenceConstraintViolation",
    schemas.PROPERTY: "PropertyConstraintViolation",
}


class Call(NamedTuple):
    unique_id: str
    action: str
    payload: dict[str, Any]


class CallResult(NamedTuple):
    unique_id: str
    payload: dict[str, Any]


class CallError(NamedTuple):
    unique_id: str
    code: str
    description: str


class CallResultError(NamedTuple):
    """2.1: the other side could not read our CallResult."""

    unique_id: str
    code: str
    description: str


class Send(NamedTuple):
    """2.1: a message that nobody answers."""

    unique_id: str
    action: str
    payload: dict[str, Any]


class BadFrame(NamedTuple):
    """What could not be read. unique_id "" if none was legible; `type_id` likewise None."""

    fault: str
    message: str
    unique_id: str = ""
    type_id: int | None = None
    action: str = ""


Readable = Call | CallResult | CallError | CallResultError | Send | BadFrame
Readers = Mapping[int, Callable[[list, str], Readable]]


def parse(text: str, limit: int, readers: Readers) -> Readable:
    """Read one frame of a version's `readers`. Never raises: what is wrong is a value too."""
    if len(text) > limit:
        return BadFrame(NOT_A_FRAME, f"frame longer than {limit} characters")
    try:
        frame = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        return BadFrame(NOT_A_FRAME, f"not JSON: {error}"[:255])
    if type(frame) is not list or not frame:
        return BadFrame(NOT_A_FRAME, "not a JSON array with elements")
    if len(frame) > 1:
        kind, unique_id = frame[0], frame[1]
        known = readers.get(kind) if type(kind) is int else None
        if known and type(unique_id) is str and unique_id and len(unique_id) <= LONGEST_ID:
            return known(frame, unique_id)
    return _unreadable(frame, readers)


def _unreadable(frame: list, readers: Readers) -> BadFrame:
    """What is wrong with the first two elements."""
    kind = frame[0]
    unique_id = frame[1] if len(frame) > 1 and type(frame[1]) is str else ""
    if type(kind) is not int or kind not in readers:
        fitting = unique_id if len(unique_id) <= LONGEST_ID else ""
        words = "2, 3 or 4" if len(readers) == 3 else "2 to 6"
        return BadFrame(UNKNOWN_TYPE, f"message type is not {words}", fitting)
    # An id that is too long can still be read, and so be answered.
    legible = unique_id if len(unique_id) <= LONGEST_LEGIBLE_ID else ""
    return BadFrame(MALFORMED, f"no unique id of 1 to {LONGEST_ID} characters", legible, kind)


def with_empty_payload(bad: BadFrame, text: str) -> Call | CallResult | None:
    """What a bad frame is with {} where its payload is [], null or "", or an answer has none.

    Some languages write an empty object so. None where that is not what is wrong with it.
    """
    if bad.fault != MALFORMED or bad.type_id not in (CALL, CALL_RESULT) or not bad.unique_id:
        return None
    if len(bad.unique_id) > LONGEST_ID:
        return None
    match orjson.loads(text):
        case [2, str(unique_id), str(action), [] | None | ""]:
            return Call(unique_id, action, {})
        case [3, str(unique_id)] | [3, str(unique_id), [] | None | ""]:
            return CallResult(unique_id, {})
    return None


def _call(frame: list, unique_id: str) -> Call | BadFrame:
    action = frame[2] if len(frame) > 2 and type(frame[2]) is str else ""
    if len(frame) != 4:
        return BadFrame(MALFORMED, "a Call has four elements", unique_id, CALL, action)
    if type(frame[2]) is not str:
        return BadFrame(MALFORMED, "the action is not a string", unique_id, CALL)
    if type(frame[3]) is not dict:
        return BadFrame(MALFORMED, "the payload is not an object", unique_id, CALL, action)
    return Call(unique_id, action, frame[3])


def _call_result(frame: list, unique_id: str) -> CallResult | BadFrame:
    if len(frame) != 3 or type(frame[2]) is not dict:
        message = "a CallResult has three elements, the last an object"
        return BadFrame(MALFORMED, message, unique_id, CALL_RESULT)
    return tuple.__new__(CallResult, (unique_id, frame[2]))  # as effects.new


def _call_error(frame: list, unique_id: str) -> CallError | BadFrame:
    # The details are required by the text; CSMSs that leave them out are read all the same.
    if len(frame) not in (4, 5) or type(frame[2]) is not str or type(frame[3]) is not str:
        message = "a CallError has five elements: code and description are strings"
        return BadFrame(MALFORMED, message, unique_id, CALL_ERROR)
    return CallError(unique_id, frame[2], frame[3])


def _call_result_error(frame: list, unique_id: str) -> CallResultError | BadFrame:
    read = _call_error(frame, unique_id)
    if type(read) is BadFrame:
        message = "a CallResultError has five elements: code and description are strings"
        return BadFrame(MALFORMED, message, unique_id, CALL_RESULT_ERROR)
    return CallResultError(*read)


def _send(frame: list, unique_id: str) -> Send | BadFrame:
    read = _call(frame, unique_id)
    if type(read) is BadFrame:
        message = "a Send has four elements: the action is a string, the payload an object"
        return BadFrame(MALFORMED, message, unique_id, SEND, read.action)
    return Send(*read)


READERS: Readers = {CALL: _call, CALL_RESULT: _call_result, CALL_ERROR: _call_error}
READERS_21: Readers = {**READERS, CALL_RESULT_ERROR: _call_result_error, SEND: _send}


def call_text(unique_id: str, action: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL, unique_id, action, payload]).decode()


def result_text(unique_id: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL_RESULT, unique_id, payload]).decode()


def error_text(
    unique_id: str, code: str, description: str, details: dict[str, Any] | None = None
) -> str:
    return orjson.dumps([CALL_ERROR, unique_id, code, description[:255], details or {}]).decode()


def result_error_text(unique_id: str, code: str, description: str) -> str:
    return orjson.dumps([CALL_RESULT_ERROR, unique_id, code, description[:255], {}]).decode()


def send_text(unique_id: str, action: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([SEND, unique_id, action, payload]).decode()

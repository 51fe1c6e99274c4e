"""The fixed list of bad frames and the CallError code that each version names for them."""

from __future__ import annotations

from dataclasses import dataclass

IGNORED = None
UNREADABLE = "RpcFrameworkError"
FORMATION = "FormationViolation"
PROPERTY = "PropertyConstraintViolation"
TYPE = "TypeConstraintViolation"
OCCURRENCE = "OccurrenceConstraintViolation"
FORMAT = "FormatViolation"
NOT_IMPLEMENTED = "NotImplemented"
NOT_SUPPORTED = "NotSupported"
UNKNOWN_TYPE = "MessageTypeNotSupported"
INCOMPLETE = "ProtocolError"


@dataclass(frozen=True)
class Bad:
    """A frame, and the CallError code due for it: of OCPP-J 1.6, 4.2.3 and of 2.0.1 part 4, 4.3.

    IGNORED: nothing may be answered. `{id}` in the frame becomes a unique id of its own.
    """

    name: str
    frame: str
    code_16: str | None
    code_201: str | None

    def code(self, version: str) -> str | None:
        return self.code_16 if version == "1.6" else self.code_201


DEEP = '{"x":' * 900 + "1" + "}" * 900
LONG = '[2,"{id}","DataTransfer",{"vendorId":"' + "v" * 200_000 + '"}]'
NUL = '[2,"{id}","MakeCoffee",{"a":"\\u0000"}]'
FRAMES = [
    Bad("not JSON", "hello {id}", IGNORED, UNREADABLE),
    Bad("half a frame", '[2,"{id}","DataTransfer",{"vendorId":', IGNORED, UNREADABLE),
    Bad("empty text", "", IGNORED, UNREADABLE),
    Bad("an object", '{"id":"{id}"}', IGNORED, UNREADABLE),
    Bad("a number", "42", IGNORED, UNREADABLE),
    Bad("an empty array", "[]", IGNORED, UNREADABLE),
    Bad("type id 9", '[9,"{id}","DataTransfer",{}]', IGNORED, UNKNOWN_TYPE),
    Bad("type id as text", '["2","{id}","DataTransfer",{}]', IGNORED, UNKNOWN_TYPE),
    Bad("a Call without payload", '[2,"{id}","DataTransfer"]', FORMATION, UNREADABLE),
    Bad("a Call with a fifth element", '[2,"{id}","ClearCache",{},1]', FORMATION, UNREADABLE),
    Bad("a payload that is an array", '[2,"{id}","ClearCache",[]]', FORMATION, UNREADABLE),
    Bad("an action that is a number", '[2,"{id}",7,{}]', FORMATION, UNREADABLE),
    Bad("an id that is a number", '[2,77,"ClearCache",{}]', IGNORED, UNREADABLE),
    Bad("an id of 300 characters", f'[2,"{"i" * 300}","ClearCache",{{}}]', IGNORED, UNREADABLE),
    Bad("unknown action", '[2,"{id}","MakeCoffee",{}]', NOT_IMPLEMENTED, NOT_IMPLEMENTED),
    Bad("an action of stations", '[2,"{id}","Heartbeat",{}]', NOT_SUPPORTED, NOT_SUPPORTED),
    Bad("missing field", '[2,"{id}","Reset",{}]', INCOMPLETE, OCCURRENCE),
    Bad("extra field", '[2,"{id}","ClearCache",{"colour":"red"}]', FORMATION, FORMAT),
    Bad("wrong type", '[2,"{id}","Reset",{"type":5}]', TYPE, TYPE),
    Bad("no such choice", '[2,"{id}","Reset",{"type":"Gentle"}]', PROPERTY, PROPERTY),
    Bad("deep nesting", '[2,"{id}","ClearCache",' + DEEP + "]", FORMATION, FORMAT),
    Bad("nesting without end", "[" * 100_000, IGNORED, UNREADABLE),
    Bad("a long field", LONG, PROPERTY, PROPERTY),
    Bad("result for an unknown id", '[3,"{id}",{}]', IGNORED, IGNORED),
    Bad("error for an unknown id", '[4,"{id}","GenericError","",{}]', IGNORED, IGNORED),
    Bad("a result without payload", '[3,"{id}"]', IGNORED, IGNORED),
    Bad("lone surrogate", '[2,"{id}","DataTransfer",{"vendorId":"\\ud800"}]', IGNORED, UNREADABLE),
    Bad("NUL in a text", NUL, NOT_IMPLEMENTED, NOT_IMPLEMENTED),
]  # fmt: skip

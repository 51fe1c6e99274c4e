"""Answers that are laid down: what the CSMS gets in the place of the station's own.

By an operator, for the next Calls (`respond`), or by the configuration, for good (`rules`). The
Call is read, checked and noted as ever; what the station would do at it, and say to it, is left
out, unless the answer is one that the station acts `also`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from chargepoint.tap.filling import filled, names_in, why_no_template
from chargepoint.tap.fitting import fits, why_no_matcher
from chargepoint.tap.selection import words

SCRIPTS_AT_MOST = 50
LARGEST = 1 << 16  # bytes of a payload, and of the details of a CallError
LARGEST_MATCH = 1 << 14  # bytes
LAID_DOWN, BY_RULE, BREAKS = "laid down", "by rule ", ", and breaks its schema: "
_SELDOM = ("match", "details", "silent", "also", "given", "name")  # fields of an answer
# The CallError codes of each version: OCPP-J 1.6, 4.2.3, as it spells them; 2.0.1 and 2.1 part 4,
# 4.3.
_IN_ALL = (
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError",
    "PropertyConstraintViolation", "TypeConstraintViolation", "GenericError",
)  # fmt: skip
_LATER = (
    *_IN_ALL, "FormatViolation", "MessageTypeNotSupported", "OccurrenceConstraintViolation",
    "RpcFrameworkError",
)  # fmt: skip
ERROR_CODES: Mapping[str, tuple[str, ...]] = {
    "1.6": (*_IN_ALL, "FormationViolation", "OccurenceConstraintViolation"),
    "2.0.1": _LATER,
    "2.1": _LATER,
}


class Script(msgspec.Struct):
    """One of the answers: nothing at all where it is `silent`, else a CallError where there is a
    `code`, else a CallResult of `payload`, in which `{{...}}` is filled in.

    match   which Calls of the `actions`, by their payload; None: all
    count   how many more Calls are answered so, None: no end; `until`: unix seconds, None: no end
    also    the station acts at the Call, and only its answer is replaced
    given   how often it has answered
    name    of a rule of the configuration; "" for what an operator has laid down
    """

    id: int
    actions: tuple[str, ...]
    payload: Any = None
    code: str = ""
    description: str = ""
    count: int | None = 1
    until: float | None = None
    cause: str = ""
    match: Any = None
    details: dict[str, Any] = {}
    silent: bool = False
    also: bool = False
    given: int = 0
    name: str = ""

    def over(self, now: float) -> bool:
        return self.count == 0 or (self.until is not None and now >= self.until)

    def takes(self, action: str, payload: Any, now: float) -> bool:
        """Whether it answers this Call."""
        wanted = action in self.actions and not self.over(now)
        return wanted and (self.match is None or fits(self.match, payload))

    def give(self) -> None:
        """It has answered once more."""
        self.given += 1
        if self.count is not None:
            self.count -= 1

    def made(self, values: Mapping[str, Any]) -> Any:
        """The payload of the CallResult; `values` as filling.filled has them."""
        return filled(self.payload, values)

    @property
    def mark(self) -> str:
        """Of the answer, in the message log; "" where its `cause` says enough: an operator's."""
        return f"{BY_RULE}{self.name!r}" if self.name else ""

    def to_saved(self) -> dict[str, Any]:
        """For the snapshot; what is not used is left out."""
        saved = msgspec.to_builtins(self)
        if "count" not in names_in(self.payload):
            saved["given"] = 0
        return {name: value for name, value in saved.items() if value or name not in _SELDOM}

    def shown(self) -> dict[str, Any]:
        """As users are shown it; `until` is in Unix seconds, None without an end."""
        shown: dict[str, Any] = {"id": self.id, "action": ",".join(self.actions)}
        if self.silent:
            shown["nothing"] = True
        elif self.code:
            shown |= {"code": self.code, "description": self.description}
            shown |= {"details": self.details} if self.details else {}
        else:
            shown["payload"] = self.payload
        for name in ("match", "also"):
            if value := getattr(self, name):
                shown[name] = value
        return {**shown, "count": self.count, "until": self.until}


def is_sound(mark: str) -> bool:
    """Whether a mark tells of a valid answer by a rule, and of nothing else."""
    return mark.startswith(BY_RULE) and BREAKS not in mark and ";" not in mark


def script_of(
    identity: int, now: float, action: str = "", payload: Any = None, code: str = "",
    description: str = "", count: int | None = 1, seconds: float | None = None, cause: str = "",
    match: Any = None, details: Any = None, status: str = "", nothing: bool = False,
    always: bool = False, also: bool = False,
) -> Script:  # fmt: skip
    """Make one of an operator's arguments; ValueError with a sentence for what makes no sense.

    `status` is short for a payload that has only this. Raises ValueError.
    """
    actions = words(action)
    if not actions or len(actions) > 100 or any(len(name) > 60 for name in actions):
        raise ValueError("Name the action whose Call is answered, or several by comma.")
    if [payload is not None, bool(code), bool(status), nothing].count(True) != 1:
        raise ValueError("Give one of payload, status, code and nothing.")
    payload = {"status": status} if status else payload
    _check_object("payload", payload)
    _check_object("details", details)
    if details and not code:
        raise ValueError("Give details only with the code of a CallError.")
    if why := why_no_template(payload) or why_no_matcher(match):
        raise ValueError(why)
    if match is not None and not isinstance(match, dict):
        raise ValueError("`match` is an object of fields of the Call's payload.")
    if len(orjson.dumps(match)) > LARGEST_MATCH:
        raise ValueError(f"`match` is at most {LARGEST_MATCH} bytes.")
    if count is not None and not 0 < count <= 1_000_000:
        raise ValueError("The count is 1 to 1000000 Calls.")
    if seconds is not None and not 0 < seconds <= 31_536_000:
        raise ValueError("The seconds are above 0 and at most a year; leave them out for no end.")
    until = None if seconds is None else now + seconds
    return Script(
        identity, actions, payload, code, description[:255], None if always else count, until,
        cause, match, details or {}, nothing, also,
    )  # fmt: skip


def _check_object(name: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise ValueError(f"The {name} is an object.")
    if len(orjson.dumps(value)) > LARGEST:
        raise ValueError(f"The {name} is at most {LARGEST} bytes.")

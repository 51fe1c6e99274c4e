"""Frames for those who may not see secrets: passwords and keys in them are masked.

The log keeps what was on the wire (docs/decisions/0004, 0007); this is what is shown of it. A name
that stands for a secret is known whatever the action: OCPP 1.6's AuthorizationKey
(ChangeConfiguration, GetConfiguration), 2.x's BasicAuthPassword (SetVariables, GetVariables,
NotifyReport, NotifyEvent), the passwords, VPN key and SIM PIN of SetNetworkProfile,
WebPaymentsCtrlr.SharedSecret, and their like in DataTransfer; besides, the password in an address
of a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import re2

MASK = "***"
HIDDEN = "(hidden: it may hold a secret and cannot be read as JSON)"
DEEPEST = 64
# In a name without its separators, lower case.
SECRET_PARTS = (
    "password", "passwd", "passphrase", "secret", "authorizationkey", "authkey", "privatekey",
    "apikey", "accesskey", "vpnkey", "simpin", "credential",
)  # fmt: skip
SECRET_NAMES = frozenset({"pin", "pincode", "pwd"})
# Members that say which variable or key an object is about, and those that have its value.
NAMING = ("key", "name", "variable", "messageId", "parameter", "id")
VALUES = ("value", "attributeValue", "actualValue", "variableAttribute", "data")
# A SchemaFault's words may quote the value that was refused.
CARRYING = frozenset({"ChangeConfiguration", "SetVariables", "SetNetworkProfile", "DataTransfer"})
REFUSALS = ("CallError", "CallResultError")
OURS = ("Note", "Dropped")  # sentences of our own

# What may be masked; a "\u" may spell any of the names. The same pattern asks MongoDB.
HINT = (
    r"p[ _-]?a[ _-]?s[ _-]?s[ _-]?(?:w|phrase)|secret|(?:authorization|auth|private|api|access|vpn)"
    r"[ _-]?key|sim[ _-]?pin|credential|\bpin|\bpwd|\"vpn\"|\\u|://[^/\s]*@"
)
_may_hold = re2.compile(f"(?i){HINT}").search
# An address with a password; what stands before that is group 1.
ADDRESS = re2.compile(r"(://[^/\s:@\"]*):[^/\s@\"]*@")


def may_hold(text: str) -> bool:
    """Whether a text may hold a secret; nearly all frames do not, and are shown as they are."""
    return _may_hold(text) is not None


def masked(text: str, kind: str = "", action: str = "") -> str:
    """The text of a frame as it may be shown; what has no secret comes back as it is."""
    refusal = kind in REFUSALS and action in CARRYING
    if kind in OURS or not (refusal or may_hold(text)):
        return text
    try:
        frame = json.loads(text)
        shown = _masked(frame, 0)
    except (ValueError, RecursionError):
        return HIDDEN
    if refusal and isinstance(shown, list):
        shown = [*shown[:3], *(MASK for _ in shown[3:])]
    if shown == frame:
        return text
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def masked_error(error: str, action: str) -> str:
    """What a record says of a frame that was refused, without the words that quote it."""
    return MASK if action in CARRYING and ('"' in error or "'" in error) else error


def masked_item(item: dict[str, Any]) -> dict[str, Any]:
    """A message of the API (messaging/rows.py) as it may be shown."""
    text = masked(item["text"], item["kind"], item["action"])
    error = masked_error(item["error"], item["action"])
    return {**item, "text": text, "error": error}


def shown(items: list[dict[str, Any]], text: str = "") -> list[dict[str, Any]]:
    """Messages of the API, masked; `text`: what was asked for must still be in them.

    Who could ask for a text that is masked would find out a secret letter by letter.
    """
    made = [masked_item(item) for item in items]
    return [item for item in made if text.lower() in item["text"].lower()] if text else made


def masked_value(value: Any) -> Any:
    """A part of a payload, masked as the same part of a frame would be."""
    return _masked(value, 0)


def is_secret(name: object) -> bool:
    """Whether a name stands for a secret, however it is written."""
    if not isinstance(name, str):
        return False
    plain = "".join(sign for sign in name.lower() if sign.isalnum())
    return plain in SECRET_NAMES or any(part in plain for part in SECRET_PARTS)


def _masked(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return MASK
    if isinstance(value, dict):
        return _of_object(value, depth)
    if isinstance(value, list):
        return [_masked(part, depth + 1) for part in value]
    return _of_text(value, depth) if isinstance(value, str) else value


def _of_object(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    named = any(is_secret(_name_in(value.get(member))) for member in NAMING)
    made = {}
    for name, part in value.items():
        if named and name in VALUES:
            made[name] = _hidden(part)
        elif is_secret(name) and not isinstance(part, dict | list):
            made[name] = MASK
        elif name == "vpn" and isinstance(part, dict):
            made[name] = _masked({**part, **({"key": MASK} if "key" in part else {})}, depth + 1)
        elif name == "data" and isinstance(part, str):
            made[name] = _of_data(part, depth)
        else:
            made[name] = _masked(part, depth + 1)
    return made


def _name_in(value: Any) -> Any:
    """Of a variable its own name: {"name": "BasicAuthPassword", ...}."""
    return value.get("name") if isinstance(value, dict) else value


def _hidden(value: Any) -> Any:
    """The value of a secret; of a list of attributes each one's value."""
    if isinstance(value, list):
        return [_hidden(part) for part in value]
    if isinstance(value, dict):
        return {name: MASK if name in VALUES else part for name, part in value.items()}
    return MASK


def _of_text(text: str, depth: int) -> str:
    """JSON in a string, or an address with a password."""
    if text[:1] in ("{", "[") and may_hold(text):
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return MASK
        shown = _masked(inner, depth + 1)
        return text if shown == inner else json.dumps(shown, ensure_ascii=False)
    return ADDRESS.sub(rf"\1:{MASK}@", text) if "@" in text else text


def _of_data(text: str, depth: int) -> str:
    """DataTransfer's data: what looks like "password=..." is hidden whole."""
    shown = _of_text(text, depth)
    return MASK if text[:1] not in ("{", "[") and is_secret(text) else shown

"""What the CSMS can be told on its control port that is no Call of OCPP: names in lower case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from democsms.office import Office

MOST_BOOTS = 100


class Wrong(Exception):
    """The body is not what the action takes: a sentence."""


def set_id_token(office: Office, station: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """{"idToken": text, "status"?, "expiry"?, "group"?, "once"?}: add it to the table, or change
    it."""
    changes = {
        name: _typed(body, name, kind) for name, kind in
        (("status", str), ("expiry", str), ("group", str), ("once", bool), ("language", str))
        if name in body
    }  # fmt: skip
    if "evses" in body:
        changes["evses"] = tuple(n for n in _typed(body, "evses", list) if isinstance(n, int))
    try:
        token = office.tokens.put(_typed(body, "idToken", str), **changes)
    except ValueError as problem:
        raise Wrong(str(problem)) from problem
    return {"status": "Accepted", "idTokenStatus": token.status}


def set_password(office: Office, station: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """{"password": text}: of basic authentication, for this station; "" takes it away."""
    password = _typed(body, "password", str)
    if password:
        office.passwords[station] = password
    else:
        office.passwords.pop(station, None)
    return {"status": "Accepted"}


def require_certificate(office: Office, station: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """{"required": true or false}: whether this station must show a certificate (profile 3)."""
    change = office.certified.add if _typed(body, "required", bool) else office.certified.discard
    change(station)
    return {"status": "Accepted"}


def set_boot(office: Office, station: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """{"status": "Pending" | "Rejected", "interval"?: seconds, "times"?: 1}: what the next
    BootNotifications are answered (2.x)."""
    status, interval = _typed(body, "status", str), body.get("interval", office.interval)
    times = body.get("times", 1)
    if status not in ("Accepted", "Pending", "Rejected"):
        raise Wrong("Give status as Accepted, Pending or Rejected.")
    if not (isinstance(interval, int) and isinstance(times, int) and 0 <= times <= MOST_BOOTS):
        raise Wrong(f"Give interval in whole seconds, times as 0 to {MOST_BOOTS}.")
    office.of(station)["boots"] = [(status, interval)] * times
    return {"status": "Accepted"}


def forget(office: Office, station: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """{}: transactions and what else was kept of this station."""
    office.remembered.pop(station, None)
    for key in [key for key in office.transactions if key[0] == station]:
        del office.transactions[key]
    return {"status": "Accepted"}


# (office, identity of the station, body) -> the response. None of them needs a connected station.
OWN_ACTIONS: dict[str, Callable[[Office, str, Mapping[str, Any]], dict[str, Any]]] = {
    "set-id-token": set_id_token,
    "set-password": set_password,
    "require-certificate": require_certificate,
    "set-boot": set_boot,
    "forget": forget,
}


def _typed(body: Mapping[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    if not isinstance(value, kind):
        raise Wrong(f"Give {name} as {kind.__name__}.")
    return value

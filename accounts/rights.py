"""Who may do what: the words of the table of rights, and how it is read. No Django here.

Each app declares its part in its own `rights.py`; emulator/rights.py puts them together and checks
them. A right is the name of a Django permission ("stations.drive_station"), or one of the words:

ANYONE   without a login
LOGIN    whoever is logged in
METRICS  the same; of tokens, those that may read or have the scope "metrics"
OWN      the caller's own tokens; of tokens, those that may administer
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

READ, DRIVE, CONFIGURE, ADMINISTER = LEVELS = ("read", "drive", "configure", "administer")
METRICS_SCOPE = "metrics"
SCOPES = (*LEVELS, METRICS_SCOPE)

_PARAMETER = re.compile(r"[<{](?:\w+:)?(\w+)[>}]")

ANYONE, LOGIN, METRICS, OWN = WORDS = ("anyone", "login", "metrics", "own")
_SCOPES_OF_WORDS = {LOGIN: SCOPES, METRICS: (READ, METRICS_SCOPE), OWN: (ADMINISTER,)}


@dataclass(frozen=True)
class Part:
    """Rows of the table.

    levels      {permission: its level}; a token's scopes and the groups are made of levels
    operations  {"GET /stations/{identity}": right}, as in OpenAPI, without /api
    sockets     {"ws/messages": right of the socket, "ws/messages ack": of a kind of message}
    pages       {name of the URL pattern: right}; all but the log-in are for staff besides
    actions     {"stations.station start": right} of the lists in the admin
    buttons     {"stations.station start": the operation that it calls}
    """

    levels: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, str] = field(default_factory=dict)
    sockets: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)
    buttons: Mapping[str, str] = field(default_factory=dict)

    def permissions(self, *levels: str) -> list[str]:
        return sorted(name for name, level in self.levels.items() if level in levels)

    def may(self, request: Any, right: str) -> bool:
        """Whether the request's user, and its token if there is one, have the right."""
        return self.in_scope(request, right) and holds(request.user, right)

    def in_scope(self, request: Any, right: str) -> bool:
        """Whether the request's token opens this; True where there is no token.

        request: with `api_token` (accounts.models.ApiToken or None), as accounts.auth sets it.
        """
        token = getattr(request, "api_token", None)
        return token is None or self.in_scopes(token.scopes, right)

    def in_scopes(self, scopes: Iterable[str], right: str) -> bool:
        """Whether a token with these scopes may use a right that its user has."""
        wanted = _SCOPES_OF_WORDS.get(right) or (self.levels[right],)
        return right == ANYONE or not set(scopes).isdisjoint(wanted)


def holds(user: Any, right: str) -> bool:
    """Whether the user has the right, by whatever he came in."""
    if right in WORDS:
        return right == ANYONE or bool(user.is_authenticated and user.is_active)
    return any(user.has_perm(name) for name in sufficient(right))


def sufficient(permission: str) -> list[str]:
    """Who may change a thing may see it, as Django's admin has it."""
    app, _, name = permission.partition(".")
    seen = name.removeprefix("view_")
    return [permission] if seen == name else [permission, f"{app}.change_{seen}"]


def operation_of(method: str, route: str) -> str:
    """ "GET /stations/{identity}" of a method and Django's "api/stations/<station:identity>"."""
    path = _PARAMETER.sub(r"{\1}", route).removeprefix("api")
    return f"{method} {path}"


def crud(label: str, view: str, change: str) -> dict[str, str]:
    """Levels of the four permissions that Django makes for a model, e.g. "stations.station"."""
    app, model = label.split(".")
    levels = {"view": view, "add": change, "change": change, "delete": change}
    return {f"{app}.{right}_{model}": level for right, level in levels.items()}


def model_pages(label: str) -> dict[str, str]:
    """The pages that the admin has of a model."""
    app, model = label.split(".")
    rights = {"changelist": "view", "change": "view", "history": "view", "add": "add",
              "delete": "delete"}  # fmt: skip
    return {f"admin:{app}_{model}_{page}": f"{app}.{right}_{model}"
            for page, right in rights.items()}  # fmt: skip


def compose(*parts: Part) -> Part:
    """One table of all parts. Raises ValueError for a row that is there twice, for a right
    without a level and for a button without its operation."""
    whole: dict[str, dict[str, str]] = {}
    for section in (each.name for each in fields(Part)):
        rows: dict[str, str] = {}
        for part in parts:
            more = getattr(part, section)
            if twice := set(rows) & set(more):
                raise ValueError(f"{section}: {', '.join(sorted(twice))} is there twice")
            rows |= more
        whole[section] = rows
    table = Part(**whole)
    _check(table)
    return table


def _check(table: Part) -> None:
    known = {*table.levels, *WORDS}
    for section in ("operations", "sockets", "pages", "actions"):
        for row, right in getattr(table, section).items():
            if right not in known:
                raise ValueError(f"{section}: {row}: {right} has no level")
    for row, operation in table.buttons.items():
        if operation not in table.operations:
            raise ValueError(f"buttons: {row}: there is no operation {operation}")
    if strange := set(table.levels.values()) - set(LEVELS):
        raise ValueError(f"levels: {', '.join(sorted(strange))}")

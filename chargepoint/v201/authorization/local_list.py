"""Functional block D, the local authorization list: SendLocalList, GetLocalListVersion."""

from typing import Any

import orjson

from chargepoint.core.answers import CallFault
from chargepoint.core.block import READS, Block, action, answers, variable
from chargepoint.effects import URGENT
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key, parse_time
from chargepoint.v201.variables.table import Variable

ENTRIES_AT_MOST = 1000  # LocalAuthListCtrlr.Entries, maxLimit
_NO_LIST = 0  # D02.FR.02 and .03: the version of no list


def failed(code: str, text: str) -> dict:
    return {"status": "Failed", "statusInfo": {"reasonCode": code, "additionalInfo": text}}


class LocalList(Block):
    """Block of a 2.x station.

    local_list  token key -> [status, expires (unix seconds by the station's clock, or None),
                  group key]; None: no list
    list_version  0 where there has been none
    """

    __slots__ = ("list_version", "local_list")

    GUEST = True
    KEYS = ("list_version", "local_list")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Takes up the list and its version."""
        self.local_list: dict[str, list] | None = saved.get("local_list")
        self.list_version: int = saved.get("list_version", 0)

    def saved(self) -> dict[str, Any]:
        """The list and its version, where there has been one."""
        if not self.list_version:
            return {}
        kept = self.local_list and dict(self.local_list)
        return {"list_version": self.list_version, "local_list": kept}

    @action("GetLocalListVersion")
    def on_get_local_list_version(self, payload: dict, now: float) -> dict:
        """GetLocalListVersion (D02)."""
        enabled = self.core.model.flag("LocalAuthListCtrlr.Enabled")
        return {"versionNumber": self.list_version if enabled and self.local_list else _NO_LIST}

    @action("SendLocalList")
    def on_send_local_list(self, payload: dict, now: float) -> dict:
        """SendLocalList (D01). Raises CallFault for a message that is too large."""
        entries = payload.get("localAuthorizationList", [])
        self._check_size(payload, entries)
        if not self.core.model.flag("LocalAuthListCtrlr.Enabled"):
            return failed("NotEnabled", "the list is switched off")
        version, full = payload["versionNumber"], payload["updateType"] == "Full"
        if version <= _NO_LIST:
            return failed("InvalidValue", "versions begin at 1")  # D01.FR.18
        if not full and version <= self.list_version:
            return {"status": "VersionMismatch"}  # D01.FR.13
        if len({key(entry["idToken"]) for entry in entries}) < len(entries):
            return failed("DuplicateTokens", "a token stands twice")  # D01.FR.09
        # D01.FR.14: in a full list each token has its info; in an update, one without is removed.
        if full and not all("idTokenInfo" in entry for entry in entries):
            return failed("MissingParam", "a full list needs every idTokenInfo")
        merged = _merged({} if full else dict(self.local_list or {}), entries)
        if len(merged) > ENTRIES_AT_MOST:
            return failed("TooLargeElement", f"the list holds {ENTRIES_AT_MOST} tokens")
        self.local_list, self.list_version = merged or None, version
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    def _check_size(self, payload: dict, entries: list) -> None:
        most = self.core.model.integer("LocalAuthListCtrlr.ItemsPerMessage")
        if len(entries) > most:  # D01.FR.11
            why = f"{len(entries)} tokens, at most {most} in one message"
            raise CallFault("OccurrenceConstraintViolation", why)
        longest = self.core.model.integer("LocalAuthListCtrlr.BytesPerMessage")
        if len(orjson.dumps(payload)) > longest:  # D01.FR.12
            raise CallFault("FormatViolation", f"at most {longest} bytes in one message")

    @variable(READS, "LocalAuthListCtrlr.Entries")
    def read_entries(self, variable: Variable, evse: dict | None, now: float) -> str:
        return str(len(self.local_list or ()))

    @answers(topics.LISTED)
    def listed(self, token: dict) -> list | None:
        """[status, expires, group key] of the list in force, None for a token not in it."""
        if self.local_list is None or not self.core.model.flag("LocalAuthListCtrlr.Enabled"):
            return None
        return self.local_list.get(key(token))


def _merged(known: dict[str, list], entries: list[dict[str, Any]]) -> dict[str, list]:
    for entry in entries:
        token, info = key(entry["idToken"]), entry.get("idTokenInfo")
        if info is None:
            known.pop(token, None)
            continue
        group = info.get("groupIdToken")
        expires = parse_time(info.get("cacheExpiryDateTime"))
        known[token] = [info["status"], expires, key(group) if group else ""]
    return known

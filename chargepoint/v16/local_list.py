"""The local authorization list: SendLocalList, GetLocalListVersion (1.6 3.4.2, 5.10 and 5.15)."""

from typing import Any

from chargepoint.core.block import Block, action, answers, hears
from chargepoint.effects import URGENT
from chargepoint.v16.configuration import Keys
from chargepoint.v16.status import Status
from chargepoint.v16.topics import LISTED, TAG_JUDGED

EMPTY, DISABLED = 0, -1  # 5.10: what GetLocalListVersion says instead of a version


class LocalList(Block):
    """entries  idTag, casefolded -> [status, expiryDate, parentIdTag]; None where there is none
    version  of the list, 0 where there has been none
    """

    __slots__ = ("entries", "keys", "status", "version")

    GUEST = True
    KEYS = ("list_version", "local_list")

    def __init__(self, core: Any, keys: Keys, status: Status) -> None:
        super().__init__(core)
        self.keys, self.status = keys, status

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `local_list` and `list_version` of a snapshot."""
        self.entries: dict[str, list[str]] | None = saved.get("local_list")
        self.version: int = saved.get("list_version", 0)

    def saved(self) -> dict[str, Any]:
        """`local_list` and `list_version` for the snapshot; empty before the first SendLocalList.
        """
        if not self.version:
            return {}
        entries = self.entries and dict(self.entries)
        return {"list_version": self.version, "local_list": entries}

    @action("GetLocalListVersion")
    def on_get_local_list_version(self, payload: dict, now: float) -> dict:
        """GetLocalListVersion (5.10): 0 for an empty list, -1 where lists are switched off."""
        if not self.keys.flag("LocalAuthListEnabled"):
            return {"listVersion": DISABLED}
        return {"listVersion": self.version if self.entries else EMPTY}

    @action("SendLocalList")
    def on_send_local_list(self, payload: dict, now: float) -> dict:
        return {"status": self._take_list(payload)}

    def _take_list(self, payload: dict[str, Any]) -> str:
        if not self.keys.flag("LocalAuthListEnabled"):
            return "NotSupported"
        version, entries = payload["listVersion"], payload.get("localAuthorizationList", [])
        full = payload["updateType"] == "Full"
        if not full and version <= self.version:
            return "VersionMismatch"
        tags = {entry["idTag"].casefold() for entry in entries}
        # A tag that is told twice leaves open which one is meant.
        if version <= EMPTY or len(tags) < len(entries):
            return "Failed"
        if len(entries) > self.keys.integer("SendLocalListMaxLength"):
            return "Failed"
        # 5.15: in a full list each idTag has its idTagInfo; in an update, one without is removed.
        if full and not all("idTagInfo" in entry for entry in entries):
            return "Failed"
        merged = _merged({} if full else dict(self.entries or {}), entries)
        if len(merged) > self.keys.integer("LocalAuthListMaxLength"):
            return "Failed"
        self.entries, self.version = merged or None, version
        self.core.changed(URGENT)
        return "Accepted"

    @answers(LISTED)
    def listed(self, tag: str) -> list[str] | None:
        """[status, expiryDate, parentIdTag] of the list in force, None for a tag not in it."""
        if self.entries is None or not self.keys.flag("LocalAuthListEnabled"):
            return None
        return self.entries.get(tag.casefold())

    @hears(TAG_JUDGED)
    def compare(self, tag: str, status: str, now: float) -> None:
        """3.4.2: the CSMS is told where its answer and its list contradict each other."""
        entry = self.listed(tag)
        if entry is None or (entry[0] == "Accepted") == (status == "Accepted"):
            return
        conflict = {"errorCode": "LocalListConflict", "info": f"idTag {tag}"}
        self.status.send_station_status(now, conflict)


def _merged(known: dict[str, list[str]], entries: list[dict]) -> dict[str, list[str]]:
    for entry in entries:
        tag, info = entry["idTag"].casefold(), entry.get("idTagInfo")
        if info is None:
            known.pop(tag, None)
        else:
            known[tag] = [
                info["status"], info.get("expiryDate", ""), info.get("parentIdTag", "")
            ]  # fmt: skip
    return known

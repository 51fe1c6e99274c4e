"""Block of every Station: what the CSMS got wrong, and why the station is not in service.

Both are for an operator's eyes: on the station's page, not only in the log.
"""

from typing import Any

from chargepoint import rpc, schemas
from chargepoint.effects import SOON
from chargepoint.kindly import Reading, read_kindly

KINDS_AT_MOST = 20  # of breaches that are told apart
_LONGEST = 255
READ = "read kindly: "  # what the mark of such a frame begins with
_FAULTS = (
    rpc.MALFORMED, schemas.MISSING, schemas.EXTRA, schemas.TYPE, schemas.OCCURRENCE,
    schemas.PROPERTY,
)  # fmt: skip
_CODES = frozenset(codes[fault] for codes in (rpc.CODES_16, rpc.CODES_201) for fault in _FAULTS)


def is_breach(direction: str, kind: str, error: str, mark: str) -> bool:
    """Whether a frame of the log is one of the CSMS that breaks its specification, read or refused.

    What a fault of ours has had a hand in is none.
    """
    asked = direction == "received" and kind in ("Call", "CallResult")
    return asked and error.partition(":")[0] in _CODES and (not mark or mark.startswith(READ))


class Breaches:
    """breaches  (action, kind of message, what was wrong) -> [count, unix seconds of the last,
                 whether it was read all the same]; None before the first
    trouble      why the CSMS has not taken the station into service; "" if it has, or is not known
    """

    __slots__ = ()

    def read_kindly(self, action: str, payload: dict[str, Any], response: bool) -> Reading | None:
        """What a lenient station takes of a payload that its schema refuses; None for nothing."""
        if not self.config.lenient:
            return None
        return read_kindly(self.VERSION, action, payload, response)

    def breached(
        self, kind: str, action: str, what: str, detail: str, read: bool, now: float
    ) -> None:
        """The CSMS sent what its specification does not have. `what` is what is counted."""
        known = {**(self.breaches or {})}
        key = (action[:60], kind, what[:_LONGEST])
        count, *_ = known.pop(key, (0,))
        if not count:
            self.changed(SOON)
            if len(known) >= KINDS_AT_MOST:
                del known[next(iter(known))]  # the one that was longest ago
        known[key] = [count + 1, now, read, detail[:_LONGEST]]
        self.breaches = known

    def boot_failed(self, why: str) -> None:
        """A BootNotification has come to nothing: `why` in words."""
        self.trouble = f"BootNotification: {why}"[:_LONGEST]
        self.changed(SOON)

    def boot_refused(self, status: str, seconds: float) -> None:
        """Its answer was Pending or Rejected."""
        self.boot_failed(f"the CSMS answers {status}; the next one in {seconds:g} s")

    # --- the snapshot ------------------------------------------------------------------------

    def shown_breaches(self) -> dict[str, Any]:
        """For an operator: {"breaches": [...], "trouble": why}; {} where all is well."""
        shown: dict[str, Any] = {}
        if self.trouble and self.connected and self.registration != "Accepted":
            shown["trouble"] = self.trouble
        if self.breaches:
            newest = reversed(self.breaches.items())
            shown["breaches"] = [
                {"action": action, "kind": kind, "what": what, "count": count, "last": last,
                 "read": read, "detail": detail}
                for (action, kind, what), (count, last, read, detail) in newest
            ]  # fmt: skip
        return shown

    def saved_breaches(self) -> dict[str, Any]:
        if not self.breaches:
            return {}
        return {"breaches": [[*key, *entry] for key, entry in self.breaches.items()]}

    def restore_breaches(self, saved: dict[str, Any]) -> None:
        self.trouble = ""
        kept = {tuple(row[:3]): row[3:] for row in saved.get("breaches", ())}
        self.breaches: dict[tuple[str, str, str], list] | None = kept or None

"""What the CSMS got wrong, and why the station is not in service.

Both are for an operator's eyes: on the station's page, not only in the log.
"""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import Block, gathers, hears
from chargepoint.effects import SOON
from chargepoint.wire import rpc, schemas
from chargepoint.wire.kindly import READ

KINDS_AT_MOST = 20  # of breaches that are told apart
_LONGEST = 255
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


class Breaches(Block):
    """known    (action, kind of message, what was wrong) -> [count, unix seconds of the last,
             whether it was read all the same, detail]; None before the first
    trouble  why the CSMS has not taken the station into service; "" if it has, or is not known
    """

    __slots__ = ("known", "trouble")

    GUEST = True
    KEYS = ("breaches",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `breaches` of a snapshot."""
        self.trouble = ""
        kept = {tuple(row[:3]): row[3:] for row in saved.get("breaches", ())}
        self.known: dict[tuple[str, str, str], list] | None = kept or None

    def saved(self) -> dict[str, Any]:
        """`breaches` for the snapshot: a row `[rule, action, text, ...]` each; empty without any.
        """
        if not self.known:
            return {}
        return {"breaches": [[*key, *entry] for key, entry in self.known.items()]}

    @hears(topics.BREACHED, wakes=True)
    def breached(
        self, kind: str, action: str, what: str, detail: str, read: bool, now: float
    ) -> None:
        """The CSMS sent what its specification does not have. `what` is what is counted."""
        known = {**(self.known or {})}
        key = (action[:60], kind, what[:_LONGEST])
        count, *_ = known.pop(key, (0,))
        if not count:
            self.core.changed(SOON)
            if len(known) >= KINDS_AT_MOST:
                del known[next(iter(known))]  # the one that was longest ago
        known[key] = [count + 1, now, read, detail[:_LONGEST]]
        self.known = known

    def put_back(self, known: dict[tuple[str, str, str], list] | None) -> None:
        """As it was before something that is not the CSMS's doing."""
        self.known = known

    @hears(topics.BOOT_FAILED, wakes=True)
    def boot_failed(self, why: str) -> None:
        """A BootNotification has come to nothing: `why` in words."""
        self.trouble = f"BootNotification: {why}"[:_LONGEST]
        self.core.changed(SOON)

    @hears(topics.BOOT_ACCEPTED)
    def boot_accepted(self, interval: float, now: float) -> None:
        self.trouble = ""

    @hears(topics.LEFT_CSMS)
    def forget(self) -> None:
        self.known, self.trouble = None, ""

    @gathers(topics.SHOWN)
    def shown(self) -> dict[str, Any]:
        """For an operator: {"breaches": [...], "trouble": why}; {} where all is well."""
        core = self.core
        shown: dict[str, Any] = {}
        if self.trouble and core.connected and core.registration != "Accepted":
            shown["trouble"] = self.trouble
        if self.known:
            newest = reversed(self.known.items())
            shown["breaches"] = [
                {"action": action, "kind": kind, "what": what, "count": count, "last": last,
                 "read": read, "detail": detail}
                for (action, kind, what), (count, last, read, detail) in newest
            ]  # fmt: skip
        return shown

"""Functional block O: the CSMS sets, lists and clears what the station's displays show."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from chargepoint.core import topics as core_topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import READS, VALUES, Block, action, hears, timer, variable
from chargepoint.effects import URGENT
from chargepoint.timing.times import seconds_of
from chargepoint.v201 import topics
from chargepoint.v201.custom_data import plain
from chargepoint.v201.display.display import ALWAYS
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.variables.table import Variable

MESSAGES_AT_MOST = 50  # DisplayMessageCtrlr.DisplayMessages, maxLimit
_IN_ONE_PART = 10  # of NotifyDisplayMessages
_CTRLR = "DisplayMessageCtrlr"
_LEAST = 0.001  # seconds: a timer that fires this early is not set once more

Refusal = tuple[str, str, str]  # (status, reasonCode, words)


class DisplayMessages(Block):
    """Block of a 2.x station; what of it shows at this moment: see display.py.

    messages  id -> {"info": MessageInfoType, "evse": 0 for all displays, "begun": whether its
              startDateTime has come}, in the order of their setting; None where there are none
    """

    __slots__ = ("messages",)

    GUEST = True
    KEYS = ("messages",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `messages` and `fares` of a snapshot."""
        kept = {int(k): {**entry} for k, entry in (saved.get("messages") or {}).items()}
        self.messages: dict[int, dict[str, Any]] | None = kept or None

    def resume(self, now: float) -> None:
        """Arm the timers of messages and of what displays show."""
        self._heed_times(now)

    def saved(self) -> dict[str, Any]:
        """`messages` and `fares` for the snapshot."""
        if not self.messages:
            return {}
        return {"messages": {str(k): {**entry} for k, entry in self.messages.items()}}

    # What a version knows, by the variable that says it; an operator may configure less.
    SUPPORTED: ClassVar[dict[str, tuple[str, ...]]] = {
        f"{_CTRLR}.SupportedFormats": ("ASCII", "HTML", "URI", "UTF8"),
        f"{_CTRLR}.SupportedPriorities": (ALWAYS, "InFront", "NormalCycle"),
        f"{_CTRLR}.SupportedStates": ("Charging", "Faulted", "Idle", "Unavailable"),
    }

    def supported(self, key: str) -> list[str]:
        """Of what the version knows, what the operator left; all of it where nothing is set."""
        known, chosen = self.SUPPORTED[key], self.core.model.members(key)
        return [value for value in known if value in chosen] or list(known)

    @variable(
        READS, "DisplayMessageCtrlr.SupportedFormats", "DisplayMessageCtrlr.SupportedPriorities",
        "DisplayMessageCtrlr.SupportedStates",
    )  # fmt: skip
    def read_supported(self, variable: Variable, evse: dict | None, now: float) -> str:
        return ",".join(self.supported(variable.key))

    @variable(
        VALUES, "DisplayMessageCtrlr.SupportedFormats", "DisplayMessageCtrlr.SupportedPriorities",
        "DisplayMessageCtrlr.SupportedStates",
    )  # fmt: skip
    def values_supported(self, variable: Variable) -> tuple[str, ...]:
        return self.SUPPORTED[variable.key]

    # --- SetDisplayMessage (O01, O02, O06) ---------------------------------------------------

    @action("SetDisplayMessage")
    def on_set_display_message(self, payload: dict, now: float) -> dict:
        """SetDisplayMessage (O01, O02, O06)."""
        info = payload["message"]
        refused = self.message_refusal(info, now)
        if refused is not None:
            status, code, words = refused
            return {"status": status, "statusInfo": {"reasonCode": code, "additionalInfo": words}}
        self._set_message(info, now)
        return {"status": "Accepted"}

    def message_refusal(self, info: dict, now: float) -> Refusal | None:
        """Why the station will not show that, None if it will."""
        if not (
            self.core.model.flag(f"{_CTRLR}.Available")
            and self.core.model.flag(f"{_CTRLR}.Enabled")
        ):
            return "Rejected", "NotEnabled", "display messages are switched off"
        return (
            self._cannot_say(info)
            or self.content_refusal(info)
            or self._no_place(info)
            or self._no_time(info, now)
            or self._no_room(info)
        )

    def _cannot_say(self, info: dict) -> Refusal | None:
        priorities, states = f"{_CTRLR}.SupportedPriorities", f"{_CTRLR}.SupportedStates"
        if info["priority"] not in self.supported(priorities):
            return "NotSupportedPriority", "UnsupportedParam", f"see {priorities}"
        if "state" in info and info["state"] not in self.supported(states):
            return "NotSupportedState", "UnsupportedParam", f"see {states}"
        return None

    def content_refusal(self, info: dict) -> Refusal | None:
        """`message`, and in 2.1 `messageExtra`: the formats that the display has."""
        for content in (info["message"], *info.get("messageExtra", ())):
            kind, text = content["format"], content["content"]
            if kind not in self.supported(f"{_CTRLR}.SupportedFormats"):
                why = f"see {_CTRLR}.SupportedFormats"
                return "NotSupportedMessageFormat", "UnsupportedParam", why
            # MessageFormatEnumType: only printable ASCII; a URI to fetch the content from.
            if kind == "ASCII" and not (text.isascii() and text.replace("\n", "").isprintable()):
                return "Rejected", "InvalidValue", "the content is not printable ASCII"
            if kind == "URI" and not _is_uri(text):
                return "Rejected", "InvalidURL", "the content is no URI"
        return None

    def _no_place(self, info: dict) -> Refusal | None:
        if "transactionId" in info and self.core.running(info["transactionId"]) is None:
            return "UnknownTransaction", "TxNotFound", "no such transaction is running"
        display = info.get("display")
        if display is None:
            return None
        if display["name"].lower() != "display" or display.get("instance"):
            return "Rejected", "UnsupportedParam", "the component is Display, one of each EVSE"
        if "evse" in display and not self.core.outlets_of(display["evse"]):
            return "Rejected", "UnknownEvse", "there is no such EVSE"
        return None

    def _no_time(self, info: dict, now: float) -> Refusal | None:
        start, end = (seconds_of(info.get(k, "")) for k in _TIMES)
        if any(k in info and seconds_of(info[k]) is None for k in _TIMES):
            return "Rejected", "InvalidValue", "a time is no date-time"
        if end is not None and end <= max(self.core.clock.station_time(now), start or 0.0):
            return "Rejected", "InvalidValue", "endDateTime has passed, or is before startDateTime"
        return None

    def _no_room(self, info: dict) -> Refusal | None:
        others = [k for k in self.messages or () if k != info["id"]]
        if len(others) >= MESSAGES_AT_MOST:
            return "Rejected", "TooManyElements", f"the station holds {MESSAGES_AT_MOST} messages"
        return None

    def _set_message(self, info: dict, now: float) -> None:
        info = plain(info)
        evse = self._place(info)
        kept = {k: e for k, e in (self.messages or {}).items() if k != info["id"]}
        if info["priority"] == ALWAYS:
            # There is one of that priority on a display: the newest.
            kept = {k: e for k, e in kept.items() if not _gives_way(e, evse)}
        gone = set(self.messages or ()) - set(kept)
        self.messages = {**kept, info["id"]: {"info": info, "evse": evse, "begun": False}}
        for identity in gone:
            self.core.timers.clear(("message", identity))
        self._heed_time(info["id"], now)
        self.core.changed(URGENT)

    def _place(self, info: dict) -> int:
        """The EVSE whose display it is for; 0: all displays."""
        named = info.get("display", {}).get("evse")
        if named is not None:
            return named["id"]
        outlet = self.core.running(info["transactionId"]) if "transactionId" in info else None
        return 0 if outlet is None else outlet.evse

    # --- times -------------------------------------------------------------------------------

    @hears(core_topics.CLOCK_MOVED)
    def _heed_times(self, now: float) -> None:
        for identity in list(self.messages or ()):
            self._heed_time(identity, now)

    def _heed_time(self, identity: int, now: float) -> None:
        """Has its time begun, or ended, by the station's clock? Look again when that changes."""
        entry = self.messages[identity]
        begin, end = (seconds_of(entry["info"].get(k, "")) for k in _TIMES)
        shown = self.core.clock.station_time(now) + _LEAST
        if end is not None and end <= shown:
            self.drop_messages({identity})  # "after this date/time this message SHALL be removed"
            return
        entry["begun"] = begin is None or begin <= shown
        due = end if entry["begun"] else begin
        if due is None:
            self.core.timers.clear(("message", identity))
        else:
            self.core.timers.set(("message", identity), self.core.clock.when_it_shows(due, now))
        self.core.changed(URGENT)

    @timer("message")
    def at_message(self, now: float, identity: int) -> None:
        if identity in (self.messages or ()):
            self._heed_time(identity, now)

    @hears(topics.ENDED)
    def drop_messages_of(self, outlet: Outlet, transaction: Transaction, now: float) -> None:
        """A transaction has ended, and its messages with it (O02)."""
        told = {
            identity
            for identity, entry in (self.messages or {}).items()
            if entry["info"].get("transactionId") == transaction.id
        }
        self.drop_messages(told)

    def drop_messages(self, identities: set[int]) -> None:
        """Take messages off, by their ids."""
        if not identities:
            return
        kept = {k: e for k, e in (self.messages or {}).items() if k not in identities}
        self.messages = kept or None
        for identity in identities:
            self.core.timers.clear(("message", identity))
        self.core.changed(URGENT)

    # --- ClearDisplayMessage (O05) -----------------------------------------------------------

    @action("ClearDisplayMessage")
    def on_clear_display_message(self, payload: dict, now: float) -> dict:
        """ClearDisplayMessage (O05)."""
        if payload["id"] not in (self.messages or ()):
            info = {"reasonCode": "NotFound", "additionalInfo": "no message has that id"}
            return {"status": "Unknown", "statusInfo": info}
        self.drop_messages({payload["id"]})
        return {"status": "Accepted"}

    # --- GetDisplayMessages (O03, O04) -------------------------------------------------------

    @action("GetDisplayMessages")
    def on_get_display_messages(self, payload: dict, now: float) -> dict:
        """GetDisplayMessages (O03, O04). Raises CallFault for too many ids."""
        wanted = payload.get("id")
        if wanted is not None and len(wanted) > MESSAGES_AT_MOST:
            why = f"{len(wanted)} ids, at most {MESSAGES_AT_MOST} in one message"
            raise CallFault("OccurrenceConstraintViolation", why)
        found = [
            entry["info"]
            for identity, entry in (self.messages or {}).items()
            if (wanted is None or identity in wanted)
            and all(entry["info"].get(k) == payload[k] for k in _FILTERS if k in payload)
        ]
        if not found:
            return {"status": "Unknown"}
        self.core.answers.later(self._notify_messages, payload["requestId"], found)
        return {"status": "Accepted"}

    def _notify_messages(self, request_id: int, found: list[dict], now: float) -> None:
        parts = self.core.block("reports").split(found, _IN_ONE_PART)
        pages = [
            {"requestId": request_id, "tbc": number < len(parts), "messageInfo": part}
            for number, part in enumerate(parts, 1)
        ]
        self.core.block("reports").tell_pages("NotifyDisplayMessages", pages, now)


_FILTERS = ("priority", "state")
_TIMES = ("startDateTime", "endDateTime")


def _gives_way(entry: dict, evse: int) -> bool:
    """Whether a newer AlwaysFront for that EVSE (0: for all) leaves it no display."""
    return entry["info"]["priority"] == ALWAYS and evse in (0, entry["evse"])


def _is_uri(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False

"""Who may charge: Authorize, the authorization cache, and the offline rules (1.6 3.4, 4.1)."""

from typing import Any

from chargepoint.common.reserving import FOR_ANOTHER
from chargepoint.core.block import Block, action, failed, got, hears
from chargepoint.effects import SOON, URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event
from chargepoint.timing.times import seconds_of
from chargepoint.v16.configuration import Keys
from chargepoint.v16.session import Session16
from chargepoint.v16.topics import (
    AUTHORIZED,
    KEPT_FROM,
    KEY_CHANGED,
    LISTED,
    SIGNALLED,
    TAG_INFO,
    TAG_JUDGED,
    TURNED_AWAY,
)
from chargepoint.v16.transactions import Sessions

CACHE_AT_MOST = 1000


def same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


class Authorization(Block):
    """cache  idTag, casefolded -> [status, expiryDate, parentIdTag]"""

    __slots__ = ("cache", "keys", "sessions")

    KEYS = ("cache",)

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.cache: dict[str, list[str]] = dict(saved.get("cache", {}))

    def saved(self) -> dict[str, Any]:
        return {"cache": {tag: [*entry] for tag, entry in self.cache.items()}} if self.cache else {}

    # --- deciding ----------------------------------------------------------------------------

    def kept_from(self, outlet: Connector, tag: str, parent: str = "") -> str:
        """"" where the idTag may use the connector, else FOR_ANOTHER or PERHAPS."""
        return self.core.ask(KEPT_FROM, outlet, tag, parent) or ""

    def asks(self) -> bool:
        """Whether the CSMS can be asked."""
        return self.core.connected and self.core.registration == "Accepted"

    def authorize(self, tag: str, outlet: Connector, now: float) -> str:
        """Begin to authorize: "Accepted", "Invalid" or, with the CSMS asked, "Pending"."""
        kept = self.kept_from(outlet, tag)
        if self.asks() and kept != FOR_ANOTHER:
            known = self.known(tag, now)
            if known == "Accepted" and not kept and self.keys.flag("LocalPreAuthorize"):
                return self._accept(outlet, tag, now)
            context = {"connector": outlet.id, "id_tag": tag}
            self.core.calls.make("Authorize", {"idTag": tag}, now, context)
            return "Pending"
        if not kept and self.allowed_offline(tag, now):
            return self._accept(outlet, tag, now)
        self.turn_away(outlet, now)
        return "Invalid"

    def allowed_offline(self, tag: str, now: float) -> bool:
        """Whether the tag may charge while the CSMS cannot be asked, by list, cache and keys."""
        # 3.4: a tag that is known as not Accepted is never let through.
        known = self.known(tag, now)
        if known is not None:
            return known == "Accepted" and self.keys.flag("LocalAuthorizeOffline")
        return self.keys.flag("AllowOfflineTxForUnknownId")

    def _accept(self, outlet: Connector, tag: str, now: float) -> str:
        self.authorized(outlet, tag, now)
        return "Accepted"

    def authorized(self, outlet: Connector, tag: str, now: float, parent: str = "") -> None:
        """The tag may charge at the connector: start if a car is there, else wait for it."""
        if not outlet.can(Event.AUTHORIZED) or self.core.timers.has("reset"):
            return  # it faulted, went out of service or restarts since the CSMS was asked
        if self.kept_from(outlet, tag, parent):
            self.turn_away(outlet, now)
            return
        self.core.tell(AUTHORIZED, outlet, tag, parent, now)
        self.sessions.authorize(outlet, tag, now)

    def turn_away(self, outlet: Connector, now: float) -> None:
        """Whoever has asked to charge there may not."""
        self.core.tell(TURNED_AWAY, outlet, now)
        self.core.statuses.report(outlet, now)

    # --- a stop by another idTag of the group (4.1) ------------------------------------------

    def group_of(self, session: Session16) -> str:
        """parentIdTag of who started, from the answer to the start or from before; "" if none."""
        return session.parent or self.parent_of(session.id_tag)

    def of_its_group(self, session: Session16, tag: str, now: float) -> bool:
        """Whether a tag has the session's parentIdTag and is itself Accepted."""
        group = self.group_of(session)
        return (
            bool(group)
            and same(group, self.parent_of(tag))
            and self.known(tag, now) == "Accepted"
        )

    def ask_to_stop(self, session: Session16, tag: str, now: float) -> None:
        """4.1: asked for a stop only where the idTag is not the one that started."""
        context = {"connector": session.connector, "id_tag": tag, "stops": session.id}
        self.core.calls.make("Authorize", {"idTag": tag}, now, context)

    def _asked_to_stop(self, context: dict, info: dict, now: float) -> None:
        """The CSMS has said of which group an idTag is that was presented in a transaction."""
        session = self.sessions.open.get(context["connector"])
        if session is None or session.id != context["stops"]:
            return  # it has ended since
        group = self.group_of(session)
        accepted = info.get("status") == "Accepted"
        if accepted and group and same(group, info.get("parentIdTag", "")):
            outlet = self.core.connectors[session.connector]
            self.sessions.stop(outlet, "Local", context["id_tag"], now)
        else:
            self.core.tell(SIGNALLED, "Refused", now)

    # --- answers -----------------------------------------------------------------------------

    @got("Authorize")
    def answered(self, payload: dict, context: Any, now: float) -> None:
        """The answer to Authorize (4.1): remember the tag, then start, stop or refuse."""
        info, tag = payload["idTagInfo"], context["id_tag"]
        self.remember(tag, info)
        self.core.tell(TAG_JUDGED, tag, info["status"], now)
        if "stops" in context:
            self._asked_to_stop(context, info, now)
            return
        outlet = self.core.connectors.get(context["connector"])
        if outlet is None:
            return
        if info["status"] == "Accepted":
            self.authorized(outlet, tag, now, info.get("parentIdTag", ""))
        else:
            self.turn_away(outlet, now)

    @failed("Authorize")
    def not_answered(self, code: str, context: Any, now: float) -> None:
        """No usable answer: the rules for a station that is offline decide."""
        if "stops" in context:
            self._asked_to_stop(context, {}, now)
            return
        outlet = self.core.connectors.get(context["connector"])
        if outlet is None:
            return
        if code in ("Timeout", "Disconnected") and self.allowed_offline(context["id_tag"], now):
            self.authorized(outlet, context["id_tag"], now)
        else:
            self.turn_away(outlet, now)

    # --- the cache (3.4.1) -------------------------------------------------------------------

    @hears(TAG_INFO)
    def remember(self, tag: str, info: dict[str, Any]) -> None:
        """Every idTagInfo of the CSMS updates the cache."""
        if not self.keys.flag("AuthorizationCacheEnabled"):
            return
        cache = self.cache
        tag = tag.casefold()  # an idTag is a CiString20Type: its case does not matter
        cache.pop(tag, None)
        cache[tag] = [info["status"], info.get("expiryDate", ""), info.get("parentIdTag", "")]
        if len(cache) > CACHE_AT_MOST:
            del cache[next(iter(cache))]
        self.core.changed(SOON)

    @action("ClearCache")
    def on_clear_cache(self, payload: dict, now: float) -> dict:
        """ClearCache (5.4); Rejected where the cache is switched off."""
        if not self.keys.flag("AuthorizationCacheEnabled"):
            return {"status": "Rejected"}
        self.cache.clear()
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    @hears(KEY_CHANGED)
    def heed_key(self, name: str, now: float) -> None:
        if name == "AuthorizationCacheEnabled" and not self.keys.flag(name):
            self.cache.clear()

    def known(self, tag: str, now: float) -> str | None:
        """The status of the list or else of the cache (3.4.3); None for a tag in neither."""
        entry = self.core.ask(LISTED, tag)
        if entry is None and self.keys.flag("AuthorizationCacheEnabled"):
            entry = self.cache.get(tag.casefold())
        if entry is None:
            return None
        expiry = seconds_of(entry[1]) if entry[1] else None
        over = expiry is not None and expiry <= self.core.clock.station_time(now)
        return "Expired" if over else entry[0]

    def parent_of(self, tag: str) -> str:
        """The parentIdTag of a tag by local list or cache; empty where none is known."""
        entry = self.core.ask(LISTED, tag) or self.cache.get(tag.casefold())
        return entry[2] if entry else ""

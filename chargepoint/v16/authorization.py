"""Who may charge: Authorize, the authorization cache, and the offline rules (1.6 3.4, 4.1)."""

from typing import Any

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import RESERVED_STATES, Event
from chargepoint.station import CommandRejected
from chargepoint.times import seconds_of
from chargepoint.v16.charging_profiles import WAITING
from chargepoint.v16.reservation import FOR_ANOTHER
from chargepoint.v16.session import Session16

CACHE_AT_MOST = 1000
LONGEST_TAG = 20  # CiString20Type


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


class Authorization:
    """Block of Station16."""

    __slots__ = ()

    # --- commands ----------------------------------------------------------------------------

    def do_authorize(self, now: float, id_tag: str = "", connector: int | None = None) -> dict:
        """Present a token at the reader: starts at the connector, or stops its own transaction."""
        tag = self._tag(id_tag)
        outlet = self.connector(connector) if connector is not None else self._for_tag(tag)
        session = self.sessions.get(outlet.id)
        if self.frees_cable(outlet, tag):
            self.free_cable(outlet.id, now)
            return {"authorization": "Accepted", "connector": outlet.id, "released": True}
        if session is None:
            self._check_free(outlet, tag)
            return {"authorization": self.authorize(tag, outlet, now), "connector": outlet.id}
        if _same(session.id_tag, tag) or self._of_its_group(session, tag, now):
            self.stop(outlet, "Local", tag, now)
            return {"authorization": "Accepted", "connector": outlet.id, "stopped": True}
        if self._group_of(session) and self.connected and self.registration == "Accepted":
            # 4.1: asked for a stop only where the idTag is not the one that started.
            context = {"connector": outlet.id, "id_tag": tag, "stops": session.id}
            self.call("Authorize", {"idTag": tag}, now, context)
            return {"authorization": "Pending", "connector": outlet.id}
        message = f"Connector {outlet.id} is charging for another idTag."
        raise CommandRejected("not_possible_now", message)

    def _group_of(self, session: Session16) -> str:
        """parentIdTag of who started, from the answer to the start or from before; "" if none."""
        return session.parent or self._parent(session.id_tag)

    def _of_its_group(self, session: Session16, tag: str, now: float) -> bool:
        group = self._group_of(session)
        return (
            bool(group) and _same(group, self._parent(tag)) and self._known(tag, now) == "Accepted"
        )

    def _asked_to_stop(self, context: dict, info: dict, now: float) -> None:
        """The CSMS has said of which group an idTag is that was presented in a transaction."""
        session = self.sessions.get(context["connector"])
        if session is None or session.id != context["stops"]:
            return  # it has ended since
        group = self._group_of(session)
        accepted = info.get("status") == "Accepted"
        if accepted and group and _same(group, info.get("parentIdTag", "")):
            self.stop(self.connectors[session.connector], "Local", context["id_tag"], now)
        else:
            self.blink("Refused", now)

    def _tag(self, id_tag: Any) -> str:
        tag = id_tag or self.config.default_id_tag
        if not isinstance(tag, str) or not 0 < len(tag) <= LONGEST_TAG:
            message = f"Give an id_tag of 1 to {LONGEST_TAG} characters."
            raise CommandRejected("invalid_arguments", message)
        return tag

    def _for_tag(self, tag: str) -> Connector:
        """Where a driver who names no connector means to charge."""
        for session in self.sessions.values():
            if _same(session.id_tag, tag):
                return self.connectors[session.connector]
        for outlet in self.connectors.values():
            if self.frees_cable(outlet, tag):
                return outlet
        free = [c for c in self.connectors.values() if c.can(Event.AUTHORIZED)]
        free = [c for c in free if self.kept_from(c, tag) != FOR_ANOTHER]
        if not free:
            raise CommandRejected("not_possible_now", "No connector is free.")
        mine = [c for c in free if c.state in RESERVED_STATES]
        return max(mine or free, key=lambda outlet: outlet.ev is not None)

    def _check_free(self, outlet: Connector, tag: str) -> None:
        if self.has_timer("reset"):
            raise CommandRejected("not_possible_now", "The station is about to restart.")
        if not outlet.can(Event.AUTHORIZED):
            message = f"Connector {outlet.id} is {self.status_of(outlet)}: it cannot start now."
            raise CommandRejected("not_possible_now", message)
        if self.kept_from(outlet, tag) == FOR_ANOTHER:
            message = f"Connector {outlet.id} is reserved for another idTag, or has its cable."
            raise CommandRejected("not_possible_now", message)

    # --- deciding ----------------------------------------------------------------------------

    def authorize(self, tag: str, outlet: Connector, now: float) -> str:
        """Begin to authorize: "Accepted", "Invalid" or, with the CSMS asked, "Pending"."""
        kept = self.kept_from(outlet, tag)
        if self.connected and self.registration == "Accepted" and kept != FOR_ANOTHER:
            known = self._known(tag, now)
            if known == "Accepted" and not kept and self.keys.flag("LocalPreAuthorize"):
                return self._accept(outlet, tag, now)
            context = {"connector": outlet.id, "id_tag": tag}
            self.call("Authorize", {"idTag": tag}, now, context)
            return "Pending"
        if not kept and self._allowed_offline(tag, now):
            return self._accept(outlet, tag, now)
        self._not_authorized(outlet, now)
        return "Invalid"

    def _allowed_offline(self, tag: str, now: float) -> bool:
        # 3.4: a tag that is known as not Accepted is never let through.
        known = self._known(tag, now)
        if known is not None:
            return known == "Accepted" and self.keys.flag("LocalAuthorizeOffline")
        return self.keys.flag("AllowOfflineTxForUnknownId")

    def _accept(self, outlet: Connector, tag: str, now: float) -> str:
        self.authorized(outlet, tag, now)
        return "Accepted"

    def authorized(self, outlet: Connector, tag: str, now: float, parent: str = "") -> None:
        """The tag may charge at the connector: start if a car is there, else wait for it."""
        if not outlet.can(Event.AUTHORIZED) or self.has_timer("reset"):
            return  # it faulted, went out of service or restarts since the CSMS was asked
        if self.kept_from(outlet, tag, parent):
            self._not_authorized(outlet, now)
            return
        self.claim_reservation(outlet, tag, parent)
        self.blink("Accepted", now)
        outlet.apply(Event.AUTHORIZED, now)
        self.tags[outlet.id] = tag
        self.report(outlet, now)
        if outlet.ev is not None:
            self.start(outlet, now)
            return
        self.wait_for_plug(outlet, now)

    def wait_for_plug(self, outlet: Connector, now: float) -> None:
        """9.1.6 ConnectionTimeOut: the authorization ends if nobody plugs in."""
        seconds = self.keys.integer("ConnectionTimeOut")
        if seconds:
            self.set_timer(("plug_timeout", outlet.id), now + seconds)
        if outlet.id in self.auto_plug:
            self.set_timer(("driver", outlet.id), now + self.rng.uniform(1.0, 3.0))

    def at_plug_timeout(self, now: float, number: int) -> None:
        outlet = self.connectors.get(number)
        if outlet is not None and outlet.can(Event.AUTHORIZATION_LOST):
            outlet.apply(Event.AUTHORIZATION_LOST, now)
            self.tags.pop(number, None)
            self.auto_plug -= {number}
            self.clear_timer(("driver", number))
            self.unclaim_reservation(outlet, now)
            self.report(outlet, now)

    # --- answers -----------------------------------------------------------------------------

    def got_authorize(self, payload: dict, context: Any, now: float) -> None:
        info, tag = payload["idTagInfo"], context["id_tag"]
        self.remember(tag, info)
        self.compare_with_list(tag, info["status"], now)
        if "stops" in context:
            self._asked_to_stop(context, info, now)
            return
        outlet = self.connectors.get(context["connector"])
        if outlet is None:
            return
        if info["status"] == "Accepted":
            self.authorized(outlet, tag, now, info.get("parentIdTag", ""))
        else:
            self._not_authorized(outlet, now)

    def failed_authorize(self, code: str, context: Any, now: float) -> None:
        """No usable answer: the rules for a station that is offline decide."""
        if "stops" in context:
            self._asked_to_stop(context, {}, now)
            return
        outlet = self.connectors.get(context["connector"])
        if outlet is None:
            return
        if code in ("Timeout", "Disconnected") and self._allowed_offline(context["id_tag"], now):
            self.authorized(outlet, context["id_tag"], now)
        else:
            self._not_authorized(outlet, now)

    def _not_authorized(self, outlet: Connector, now: float) -> None:
        self.blink("Refused", now)
        self.auto_plug -= {outlet.id}
        self.end_profiles(outlet, WAITING, now)
        self.report(outlet, now)

    # --- the cache (3.4.1) -------------------------------------------------------------------

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
        self.changed("soon")

    def _known(self, tag: str, now: float) -> str | None:
        """The status of the list or else of the cache (3.4.3); None for a tag in neither."""
        entry = self.listed(tag)
        if entry is None and self.keys.flag("AuthorizationCacheEnabled"):
            entry = self.cache.get(tag.casefold())
        if entry is None:
            return None
        expiry = seconds_of(entry[1]) if entry[1] else None
        over = expiry is not None and expiry <= self.station_time(now)
        return "Expired" if over else entry[0]

    def _parent(self, tag: str) -> str:
        entry = self.listed(tag) or self.cache.get(tag.casefold())
        return entry[2] if entry else ""

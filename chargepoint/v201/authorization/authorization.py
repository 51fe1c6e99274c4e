"""Functional block C, authorization: Authorize, the authorization cache, ClearCache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, action, failed, got, hears
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import SOON
from chargepoint.hardware.states import Event
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import AuthCache
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.charging.charging_profiles import WAITING
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.reservation import FOR_ANOTHER

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.transactions.transactions import Transactions


ACCEPTED, ASKED = "Accepted", "Asked"
_UID_LENGTHS = (8, 14, 20)  # hex digits of the 4, 7 and 10 byte UIDs of ISO 14443


# IdTokenEnumType of 2.0.1 (part 2, 3.42); 2.1 leaves the list open.
TOKEN_TYPES = (
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization",
)  # fmt: skip


def token_of(
    id_tag: Any, kind: str | None = None, known: tuple[str, ...] = TOKEN_TYPES, longest: int = 36
) -> dict:
    """The IdTokenType for what an operator calls an id tag. CommandRejected if it cannot be one.

    `kind`: its type; without it, what looks like a card's UID is ISO14443, the rest a KeyCode.
    `longest`: characters that it may have. Raises CommandRejected.
    """
    if kind == "NoAuthorization":
        return {"idToken": "", "type": kind}
    if not isinstance(id_tag, str) or not 0 < len(id_tag) <= longest:
        raise CommandRejected("invalid_arguments", f"id_tag has 1 to {longest} characters.")
    if kind is not None and kind not in known:
        raise CommandRejected("invalid_arguments", f"token_type is one of: {', '.join(known)}.")
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in id_tag)
    card = hexadecimal and len(id_tag) in _UID_LENGTHS
    return {"idToken": id_tag, "type": kind or ("ISO14443" if card else "KeyCode")}


class Authorization(Block):
    __slots__ = ("cache", "transactions")

    KEYS = ("cache",)

    def __init__(self, core: Station, transactions: Transactions) -> None:
        super().__init__(core)
        self.transactions = transactions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `cache`, `local_list` and `list_version` of a snapshot."""
        self.cache = AuthCache(saved.get("cache"))

    def saved(self) -> dict[str, Any]:
        """`cache`, `local_list` and `list_version` for the snapshot."""
        return {"cache": self.cache.to_saved()} if len(self.cache) else {}

    def listed(self, token: dict) -> list | None:
        return self.core.ask(topics.LISTED, token)

    def present(
        self, outlet: Outlet, token: dict, trigger: str, now: float,
        remote: int | None = None, group: str = "",
    ) -> str:  # fmt: skip
        """Somebody wants to charge here: ACCEPTED, ASKED (the CSMS's answer will tell), or why not.

        `remote`: the remoteStartId of a RequestStartTransaction; `group`: its group's key.
        """
        kept = self.kept_from(outlet, token, group)
        if kept == FOR_ANOTHER:
            return "Reserved"
        refusal = self.refusal(token, now)
        if refusal is None and self.asks():
            # C10.FR.03 and C14.FR.02: a known token needs no question if LocalPreAuthorize is on.
            known = self.known_status(token, now) == ACCEPTED and not kept
            if not (known and self.core.model.flag("AuthCtrlr.LocalPreAuthorize")):
                self.ask_csms(outlet, token, trigger, now, remote, group)
                return ASKED
        if refusal is None:
            if kept:
                return "Reserved"
            if self.stopped_by_master(token, group, now):
                return ACCEPTED
            self._let_in_by_cache(token, now)
            self.transactions.authorized(
                outlet, token, trigger, now, remote, group or self.group_of(token)
            )
        return refusal or ACCEPTED

    def ask_csms(
        self, outlet: Outlet, token: dict, trigger: str, now: float,
        remote: int | None = None, group: str = "",
    ) -> None:  # fmt: skip
        """Send Authorize (C01); `trigger` is that of the TransactionEvent which follows, `remote`
        the remoteStartId."""
        context = (outlet.number, token, trigger, remote, group)
        payload = {"idToken": token, **self.core.gather(topics.AUTHORIZE_PARTS, outlet, token, now)}
        self.core.calls.make("Authorize", payload, now, context)

    def token(self, id_tag: Any, kind: str | None = None) -> dict:
        return token_of(id_tag, kind)

    def kept_from(self, outlet: Outlet, token: dict, group: str = "") -> str:
        """ "" where the token may use the outlet, else FOR_ANOTHER or PERHAPS.

        `group`: its group's key where the CSMS has just told it.
        """
        return self.core.ask(topics.KEPT_FROM, outlet, token, group) or ""

    def asks(self) -> bool:
        """Whether the CSMS is asked about tokens: connected and accepted, and AuthCtrlr says so."""
        model = self.core.model
        if not (self.core.online and model.flag("AuthCtrlr.Enabled")):
            return False
        return not model.flag("AuthCtrlr.DisableRemoteAuthorization")

    def refusal(self, token: dict, now: float) -> str | None:
        """Why the token may not charge without a question; None if it may, or the CSMS decides."""
        model = self.core.model
        if not model.flag("AuthCtrlr.Enabled"):
            return None
        known = self.known_status(token, now)
        if self.asks():
            # C12.FR.05 and C14.FR.03: what is known as not allowed need not be asked about.
            controller = "LocalAuthListCtrlr" if self.listed(token) else "AuthCacheCtrlr"
            final = model.flag(f"{controller}.DisablePostAuthorize")
            return known if final and known not in (None, ACCEPTED) else None
        if self.core.online:
            return None if known == ACCEPTED else known or "Unknown"
        return None if self.allowed_offline(known) else known or "Unknown"

    def known_status(self, token: dict, now: float) -> str | None:
        """The status by the list, or else the cache (C13); None for a token in neither."""
        entry, time = self.listed(token), self.core.clock.station_time(now)
        if entry is not None:
            return "Expired" if entry[1] is not None and entry[1] <= time else entry[0]
        enabled = self.core.model.flag("AuthCacheCtrlr.Enabled")
        return self.cache.status(token, time) if enabled else None

    def group_of(self, token: dict) -> str:
        """The key of the token's group by list or cache, "" where it is not known."""
        entry = self.listed(token)
        if entry is not None and entry[2]:
            return entry[2]
        return self.cache.group(token) if self.core.model.flag("AuthCacheCtrlr.Enabled") else ""

    def allowed_offline(self, known: str | None) -> bool:
        # C13 and C15.
        """Whether a token may charge while the CSMS is away. `known`: its status in the local list
        or the cache, None where it stands in neither."""
        if known is not None:
            return known == ACCEPTED and self.core.model.flag("AuthCtrlr.LocalAuthorizeOffline")
        return self.core.model.flag("AuthCtrlr.OfflineTxForUnknownIdEnabled")

    @got("Authorize")
    def got_authorize(self, payload: dict, context: Any, now: float) -> None:
        """The answer to Authorize (C01)."""
        answer = self.core.fold(topics.AUTHORIZE_ANSWER, payload, context, now)
        if answer is not None:
            self._take_answer(answer, context, now)
            self.core.tell(topics.AUTHORIZE_HEARD, answer, context, now)
        self.core.tell(topics.AUTHORIZE_ENDED, payload["idTokenInfo"]["status"], context, now)

    def _take_answer(self, payload: dict, context: Any, now: float) -> None:
        number, token, trigger, remote, group = context
        info = payload["idTokenInfo"]
        self.learn(token, info, now)
        told = info.get("groupIdToken")
        group = token_key(told) if told else group
        outlet = self.core.outlets.get(number)
        if outlet is None:
            return
        if outlet.token is None and info["status"] != ACCEPTED:
            self.core.tell(topics.CHARGE_OVER, outlet, WAITING, now)
        if info["status"] != ACCEPTED:
            return
        if self.stopped_by_master(token, group, now):
            return
        if trigger == "StopAuthorized":
            if outlet.token is not None and group and group == self._group_here(outlet):
                self.transactions.stop(outlet, trigger, "Local", now, token)
            return
        if "evseId" in info and outlet.evse not in info["evseId"]:
            return  # C01.FR.07: it is valid at other EVSEs only
        if self._still_wanted(outlet, token, group):
            self.transactions.authorized(outlet, token, trigger, now, remote, group)

    @failed("Authorize")
    def failed_authorize(self, code: str, context: Any, now: float) -> None:
        """The link went away, or the CSMS could not answer: decide as if offline (C13)."""
        outlet = self.core.outlets.get(context[0])
        if outlet is None or not self.core.ask(topics.UNPROVEN, outlet, context[1]):
            self._decide_alone(context, now)
        self.core.tell(topics.AUTHORIZE_ENDED, "", context, now)

    def _decide_alone(self, context: Any, now: float) -> None:
        number, token, trigger, remote, group = context
        outlet = self.core.outlets.get(number)
        if outlet is None or trigger == "StopAuthorized":
            return
        if self.allowed_offline(self.known_status(token, now)):
            group = group or self.group_of(token)
            if self._still_wanted(outlet, token, group):
                self._let_in_by_cache(token, now)
                self.transactions.authorized(outlet, token, trigger, now, remote, group)

    def _still_wanted(self, outlet: Outlet, token: dict, group: str) -> bool:
        """While the answer was under way the outlet may have failed or been taken."""
        return self.free(outlet) and not self.kept_from(outlet, token, group)

    def free(self, outlet: Outlet) -> bool:
        """May somebody be authorized here now?"""
        if not outlet.hardware.can(Event.AUTHORIZED) or self.core.ask(topics.IN_THE_WAY, outlet):
            return False
        # An EVSE gives energy through one of its connectors at a time (part 1, 3.2).
        here = (other for other in self.core.outlets.values() if other.evse == outlet.evse)
        return all(other.token is None for other in here)

    @hears(topics.TOKEN_INFO)
    def learn(self, token: dict, info: dict, now: float) -> None:
        # C10.FR.01 and .05: keep what the CSMS says, good or bad.
        if self.core.model.flag("AuthCacheCtrlr.Enabled") and token["type"] != "NoAuthorization":
            seconds = self.core.model.integer("AuthCacheCtrlr.LifeTime")
            self.cache.learn(token, info, self.core.clock.station_time(now), seconds)
            self.core.changed(SOON)

    def _let_in_by_cache(self, token: dict, now: float) -> None:
        """AuthCacheCtrlr.LifeTime: a token expires so long after it was last *used*."""
        if len(self.cache) and self.listed(token) is None:
            seconds = self.core.model.integer("AuthCacheCtrlr.LifeTime")
            self.cache.used(token, self.core.clock.station_time(now), seconds)
            self.core.changed(SOON)

    # --- groups (C09) and the master pass (C16) ----------------------------------------------

    def may_stop(self, outlet: Outlet, token: dict) -> bool:
        """The same token as the outlet's, or one of the same group."""
        if token_key(outlet.token) == token_key(token):
            return True
        group = self._group_here(outlet)
        return bool(group) and group == self.group_of(token)

    def _group_here(self, outlet: Outlet) -> str:
        return outlet.group or (self.group_of(outlet.token) if outlet.token else "")

    def may_be_entitled(self, outlet: Outlet, token: dict) -> bool:
        """Only the CSMS can tell whether the token may stop what runs on the outlet."""
        wanted = self._group_here(outlet) or self.core.model.value("AuthCtrlr.MasterPassGroupId")
        return bool(wanted) and not self.group_of(token) and self.asks()

    def stopped_by_master(self, token: dict, group: str, now: float) -> bool:
        """C16.FR.02: without a display, the master pass ends all transactions; it starts none."""
        master = self.core.model.value("AuthCtrlr.MasterPassGroupId").lower()
        group = group or self.group_of(token)
        if not master or group.partition(":")[2] != master:
            return False
        for outlet in list(self.core.outlets.values()):
            if outlet.transaction is not None:
                self.transactions.stop(outlet, "StopAuthorized", "MasterPass", now, token)
        return True

    @action("ClearCache")
    def on_clear_cache(self, payload: dict, now: float) -> dict:
        """ClearCache (C11)."""
        if not self.core.model.flag("AuthCacheCtrlr.Enabled"):  # C11.FR.04
            return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
        self.cache.clear()
        self.core.changed(SOON)
        self.core.tell(topics.CACHE_CLEARED)
        return {"status": "Accepted"}

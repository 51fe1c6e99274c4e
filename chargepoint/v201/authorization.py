"""Functional block C, authorization: Authorize, the authorization cache, ClearCache."""

from typing import Any

from chargepoint.effects import SOON
from chargepoint.hardware.states import Event
from chargepoint.station import CommandRejected
from chargepoint.v201.auth_cache import key as token_key
from chargepoint.v201.driver import Driver
from chargepoint.v201.outlet import Outlet

ACCEPTED, ASKED = "Accepted", "Asked"
_UID_LENGTHS = (8, 14, 20)  # hex digits of the 4, 7 and 10 byte UIDs of ISO 14443


def token_of(id_tag: Any) -> dict:
    """The IdTokenType for what an operator calls an id tag. CommandRejected if it cannot be one."""
    if not isinstance(id_tag, str) or not 0 < len(id_tag) <= 36:
        raise CommandRejected("invalid_arguments", "id_tag has 1 to 36 characters.")
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in id_tag)
    card = hexadecimal and len(id_tag) in _UID_LENGTHS
    return {"idToken": id_tag, "type": "ISO14443" if card else "KeyCode"}


class Authorization(Driver):
    __slots__ = ()

    def present(
        self, outlet: Outlet, token: dict, trigger: str, now: float, remote: int | None = None
    ) -> str:
        """Somebody wants to charge here: ACCEPTED, ASKED (the CSMS's answer will tell), or why not.

        `remote`: the remoteStartId of a RequestStartTransaction.
        """
        model = self.model
        if model.flag("AuthCtrlr.Enabled") and self.online:
            # C10.FR.03: a valid cached token needs no question if LocalPreAuthorize says so.
            known = self._remembered(token, now) == ACCEPTED
            if not (known and model.flag("AuthCtrlr.LocalPreAuthorize")):
                context = (outlet.number, token, trigger, remote)
                self.call("Authorize", {"idToken": token}, now, context)
                return ASKED
        refusal = self.refusal(token, now)
        if refusal is None:
            self.authorized(outlet, token, trigger, now, remote)
        return refusal or ACCEPTED

    def refusal(self, token: dict, now: float) -> str | None:
        """Why the token may not charge if the CSMS cannot be asked; None if it may, or can."""
        if self.online or not self.model.flag("AuthCtrlr.Enabled"):
            return None
        remembered = self._remembered(token, now)
        return None if self._allowed_offline(remembered) else remembered or "Unknown"

    def _remembered(self, token: dict, now: float) -> str | None:
        enabled = self.model.flag("AuthCacheCtrlr.Enabled")
        return self.cache.status(token, now) if enabled else None

    def _allowed_offline(self, remembered: str | None) -> bool:
        # C13 and C15.
        if remembered is not None:
            return remembered == ACCEPTED and self.model.flag("AuthCtrlr.LocalAuthorizeOffline")
        return self.model.flag("AuthCtrlr.OfflineTxForUnknownIdEnabled")

    def got_authorize(self, payload: dict, context: Any, now: float) -> None:
        number, token, trigger, remote = context
        info = payload["idTokenInfo"]
        self.learn(token, info, now)
        if info["status"] == ACCEPTED and self._still_wanted(number):
            self.authorized(self.outlets[number], token, trigger, now, remote)

    def failed_authorize(self, code: str, context: Any, now: float) -> None:
        # The link went away, or the CSMS could not answer: decide as if offline (C13).
        number, token, trigger, remote = context
        if self._allowed_offline(self._remembered(token, now)) and self._still_wanted(number):
            self.authorized(self.outlets[number], token, trigger, now, remote)

    def _still_wanted(self, number: int) -> bool:
        """While the answer was under way the outlet may have failed or been taken."""
        outlet = self.outlets.get(number)
        return outlet is not None and self.free(outlet)

    def free(self, outlet: Outlet) -> bool:
        """May somebody be authorized here now?"""
        if not outlet.hardware.can(Event.AUTHORIZED):
            return False
        # An EVSE gives energy through one of its connectors at a time (part 1, 3.2).
        here = (other for other in self.outlets.values() if other.evse == outlet.evse)
        return all(other.token is None for other in here)

    def learn(self, token: dict, info: dict, now: float) -> None:
        # C10.FR.01 and .05: keep what the CSMS says, good or bad.
        if self.model.flag("AuthCacheCtrlr.Enabled") and token["type"] != "NoAuthorization":
            self.cache.learn(token, info, now, self.model.integer("AuthCacheCtrlr.LifeTime"))
            self.changed(SOON)

    def same_person(self, one: dict, other: dict) -> bool:
        """The same token, or one of the same group (C09)."""
        if token_key(one) == token_key(other):
            return True
        group = self.cache.group(one)
        return bool(group) and group == self.cache.group(other)

    def on_clear_cache(self, payload: dict, now: float) -> dict:
        if not self.model.flag("AuthCacheCtrlr.Enabled"):  # C11.FR.04
            return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
        self.cache.clear()
        self.changed(SOON)
        return {"status": "Accepted"}

"""The keys AuthorizationKey and SecurityProfile, and the link that they make (whitepaper A)."""

from typing import Any

from chargepoint.common.security.relinking import Relinking, is_hexadecimal
from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block, answers, folds, hears
from chargepoint.v16.configuration import Keys
from chargepoint.v16.security.events import Security
from chargepoint.v16.topics import CHANGES_KEY, CONFIGURATION_TOLD, VAULT_RESTORED

SHORTEST_KEY, LONGEST_KEY = 16, 40


class Link(Relinking, Block):
    """It keeps nothing: the credentials are in the vault."""

    __slots__ = ("keys", "security")

    KEEPS = False

    def __init__(self, core: Any, keys: Keys, security: Security) -> None:
        super().__init__(core)
        self.keys, self.security = keys, security

    @hears(VAULT_RESTORED, wakes=True)
    def vault_restored(self, now: float) -> None:
        self.heed_operator()

    @hears(topics.RECONFIGURED, wakes=True)
    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.heed_operator()

    def link_url(self) -> str:
        return self.keys.text("EmulatorSecureUrl") if self.security.security_profile() >= 2 else ""

    @folds(CONFIGURATION_TOLD, wakes=True)
    def told_keys(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What GetConfiguration says of the link's keys: AuthorizationKey is write-only."""
        for entry in entries:
            match entry["key"]:
                case "AuthorizationKey":
                    entry.pop("value", None)  # write-only
                case "SecurityProfile":
                    entry["value"] = str(self.security.security_profile())
        return entries

    @answers(CHANGES_KEY, wakes=True)
    def change_key(self, name: str, value: str, now: float) -> str | None:
        """The status of ChangeConfiguration for AuthorizationKey and SecurityProfile; None for all
        others."""
        match name:
            case "AuthorizationKey":
                return self._change_authorization_key(value, now)
            case "SecurityProfile":
                return self._change_security_profile(value, now)
        return None

    def _change_authorization_key(self, value: str, now: float) -> str:
        """A01. Hexadecimal digits are bytes, as the whitepaper has it; most CSMSs send text."""
        printable = value.isascii() and value.isprintable()
        fits = printable and SHORTEST_KEY <= len(value) <= LONGEST_KEY
        if not (fits or is_hexadecimal(value)):
            return "Rejected"
        self.security.extension_is_spoken()
        vault = self.security.vault
        if vault is None or vault.password != value:
            self.change_credentials(now, password=value)
        return "Accepted"

    def _change_security_profile(self, value: str, now: float) -> str:
        """A05: upward only, and only when the station has what the profile needs."""
        if value not in ("0", "1", "2", "3"):
            return "Rejected"
        wanted, current = int(value), self.security.security_profile()
        if wanted == current:
            return "Accepted"
        if wanted < current or self.lacks(wanted, current):
            return "Rejected"
        self.security.extension_is_spoken()
        self.change_credentials(now, profile=wanted)
        return "Accepted"

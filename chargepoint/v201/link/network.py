"""Network connection profiles: what a slot holds, and which of them is in use (2.0.1 B09, B10)."""

from typing import Any
from urllib.parse import urlsplit

# A profile is {name: text}, by the names of 2.1's component NetworkConfiguration.
Profile = dict[str, str]

# 1 is the operator's link until the CSMS overwrites it; B09.FR.06 wants two at least.
SLOTS = (1, 2, 3)
OPERATORS = 1
INTERFACES = (
    *(f"Wired{n}" for n in range(4)), *(f"Wireless{n}" for n in range(4)), "Any",
)  # fmt: skip
SECRETS = frozenset({"ApnPassword", "BasicAuthPassword", "SimPin", "VpnKey", "VpnPassword"})
SHORTEST_PASSWORD, LONGEST_PASSWORD = 16, 64
_LONGEST_IDENTITY = 48
_IDENTITY_SIGNS = frozenset("*-_=:+|@.")  # identifierString

_PLAIN_FIELDS = {
    "ocppCsmsUrl": "OcppCsmsUrl", "ocppInterface": "OcppInterface",
    "ocppTransport": "OcppTransport", "ocppVersion": "OcppVersion",
    "messageTimeout": "MessageTimeout", "securityProfile": "SecurityProfile",
    "identity": "Identity", "basicAuthPassword": "BasicAuthPassword",
}  # fmt: skip
_VPN_FIELDS = {
    "server": "VpnServer", "user": "VpnUser", "group": "VpnGroup", "password": "VpnPassword",
    "key": "VpnKey", "type": "VpnType",
}  # fmt: skip
_APN_FIELDS = {
    "apn": "Apn", "apnUserName": "ApnUserName", "apnPassword": "ApnPassword", "simPin": "SimPin",
    "preferredNetwork": "PreferredNetwork", "useOnlyPreferredNetwork": "UseOnlyPreferredNetwork",
    "apnAuthentication": "ApnAuthentication",
}  # fmt: skip


def profile_of(data: dict[str, Any]) -> Profile:
    """From a NetworkConnectionProfileType."""
    profile = _named(data, _PLAIN_FIELDS)
    for part, flag, fields in (
        ("vpn", "VpnEnabled", _VPN_FIELDS),
        ("apn", "ApnEnabled", _APN_FIELDS),
    ):
        if part in data:
            profile |= {flag: "true", **_named(data[part], fields)}
    return profile


def _named(data: dict[str, Any], fields: dict[str, str]) -> Profile:
    return {name: _text(data[field]) for field, name in fields.items() if field in data}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def level(profile: Profile) -> int:
    """Its security profile; -1 for what is none."""
    given = profile.get("SecurityProfile", "")
    return int(given) if given in ("0", "1", "2", "3") else -1


def fault_of(profile: Profile, modem: bool) -> str:
    """Why a station cannot use the profile, in words; "" if it can. `modem`: it has one."""
    if profile.get("OcppTransport") != "JSON":
        return "OCPP 2.x is spoken by JSON only"
    if level(profile) < 0:
        return "there are the security profiles 0 to 3"
    if fault := _url_fault(profile.get("OcppCsmsUrl", ""), level(profile)):
        return fault
    timeout = profile.get("MessageTimeout", "")
    if not (timeout.isascii() and timeout.isdigit() and 0 < int(timeout) <= 10_000_000):
        return "messageTimeout is 1 second or more"
    if profile.get("OcppInterface") not in INTERFACES:
        return "there is no such ocppInterface"
    if (identity := profile.get("Identity", "")) and not is_identity(identity):
        return "the identity has signs that no identity may have"
    if ":" in identity and level(profile) in (1, 2):  # RFC 7617, 2
        return 'basic authentication has no room for a ":" in the identity'
    password = profile.get("BasicAuthPassword", "")
    if password and (fault := password_fault(password, LONGEST_PASSWORD)):
        return fault
    if profile.get("VpnEnabled") == "true":
        return "this station has no VPN client"
    if profile.get("ApnEnabled") == "true" and not modem:
        return "this station has no modem"
    return ""


def _url_fault(url: str, security: int) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url or "@" in parts.netloc:
        return "ocppCsmsUrl is no address of a WebSocket"
    if security >= 2 and parts.scheme != "wss":
        return f"security profile {security} wants an address with wss://"
    return ""


def is_identity(text: str) -> bool:
    """Whether a text may be a station's identity in OCPP 2.x: at most 48 of the characters of
    identifierString."""
    signs = all(c.isascii() and (c.isalnum() or c in _IDENTITY_SIGNS) for c in text)
    return signs and 0 < len(text) <= _LONGEST_IDENTITY


def password_fault(text: str, longest: int) -> str:
    """A00.FR.205: at least 16 characters; sent as UTF-8."""
    if not SHORTEST_PASSWORD <= len(text) <= longest:
        return f"a password has {SHORTEST_PASSWORD} to {longest} characters"
    return "" if text.isprintable() else "the password has signs that cannot be printed"


class Network:
    """Made when a CSMS first sets a profile; plain values.

    slots     what the CSMS has set, by slot
    current   (slot, profile or None for the operator's link): by which is dialed
    good      the one by which a CSMS has accepted us last; None: not by any yet
    failures  dials in a row that failed by `current`
    tried     entries that were given up since there was a link
    base      the operator's credentials (StationConfig.credentials) when all this was set

    `current` and `good` have profiles of their own: a slot that is overwritten counts from the
    next time on that it is turned to, and what worked is there to fall back to.
    """

    __slots__ = ("base", "current", "failures", "good", "slots", "tried")

    def __init__(self, base: str, accepted: bool) -> None:
        self.slots: dict[int, Profile] = {}
        self.current: tuple[int, Profile | None] = (OPERATORS, None)
        self.good: tuple[int, Profile | None] | None = self.current if accepted else None
        self.failures = self.tried = 0
        self.base = base

    def use(self, slot: int) -> None:
        """Turn to what the slot holds now."""
        self.current = (slot, self.slots.get(slot))
        self.failures = 0

    def holds(self, slot: int) -> bool:
        return slot in self.slots or slot == OPERATORS

    # --- the saved state ---------------------------------------------------------------------

    def to_saved(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """(plain, what must not be stored in plain text); the shell encrypts the second."""
        entries = {f"slot {slot}": (slot, profile) for slot, profile in self.slots.items()}
        entries["current"] = self.current
        if self.good is not None:
            entries["good"] = self.good
        plain: dict[str, Any] = {"base": self.base}
        secret: dict[str, Any] = {}
        for name, (slot, profile) in entries.items():
            values = (profile or {}).items()
            shown = None if profile is None else {k: v for k, v in values if k not in SECRETS}
            plain[name] = [slot, shown]
            if hidden := {k: v for k, v in values if k in SECRETS}:
                secret[name] = hidden
        for name in ("failures", "tried"):
            if number := getattr(self, name):
                plain[name] = number
        return plain, secret

    @classmethod
    def from_saved(cls, plain: dict[str, Any], secret: dict[str, Any]) -> "Network":
        """Read `network` of a snapshot; `secret` has the passwords by the same names."""
        network = cls(plain["base"], False)
        entries = {
            name: (entry[0], None if entry[1] is None else {**entry[1], **secret.get(name, {})})
            for name, entry in plain.items()
            if isinstance(entry, list | tuple)
        }
        network.current = entries.pop("current")
        network.good = entries.pop("good", None)
        network.slots = dict(entries.values())
        network.failures, network.tried = plain.get("failures", 0), plain.get("tried", 0)
        return network

"""What a station has been entrusted with, and what it asks of its link because of it."""

from typing import Any, NamedTuple

_PLAIN = ("profile", "certificate", "roots", "log", "events", "failures", "base", "signings")
_SECRET = ("password", "key", "pending_key", "before", "coming")


class Credentials(NamedTuple):
    """By what the station is known to the CSMS; None and "" for what the CSMS has not given."""

    profile: int | None = None
    password: str = ""  # as it was given: plain text or hexadecimal
    certificate: str = ""  # PEM chain, the station's own first
    key: str = ""  # PEM


class LinkSecurity(NamedTuple):
    """How the next connection is to be made, beside what the operator has configured.

    profile   0 to 3; 2 and 3 want TLS
    password  of HTTP basic authentication (bytes beyond UTF-8 as surrogates); "" the operator's
    url       the address; "" the operator's, for profiles 2 and 3 with wss://
    roots     PEM certificates trusted beside the operator's
    certificate, key  of the client; "" the operator's
    identity  by which the station is known at that address; "" its own
    """

    profile: int
    password: str = ""
    url: str = ""
    roots: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    identity: str = ""


def secrets_of(saved: dict[str, Any], part: str) -> dict[str, Any]:
    """What a part of the station has put by with `put_by`; {} where there is nothing."""
    return (saved.get("secrets") or {}).get(part) or {}


def put_by(saved: dict[str, Any], part: str, secret: dict[str, Any]) -> None:
    """Keep what must not be stored in plain text beside that of the others."""
    if secret:
        saved["secrets"] = {**saved.get("secrets", {}), part: secret}


class Vault:
    """Made when a CSMS first entrusts a station with something; plain values.

    roots        use, by OCPP's name -> PEM texts, oldest first
    pending_key  of the signing request that waits for its certificate; signings: how often asked
    coming       [PEM chain, key] of a certificate that is not valid yet
    before       the credentials that worked last, while newer ones are on trial; failures of them
    base         the operator's credentials (StationConfig.credentials) that ours replace
    log          [[time, event, info]] of the security log; events: payloads that wait to be sent
    """

    __slots__ = (
        "base", "before", "certificate", "coming", "events", "failures", "invalid_at", "key", "log",
        "password", "pending_key", "profile", "roots", "sending", "signings", "told",
    )  # fmt: skip

    def __init__(self) -> None:
        self.profile: int | None = None
        self.password = self.certificate = self.key = self.pending_key = self.base = ""
        self.roots: dict[str, list[str]] | None = None
        self.before: Credentials | None = None
        self.coming: list[str] | None = None
        self.log: list[list[Any]] | None = None
        self.events: list[dict[str, str]] | None = None
        self.failures = self.signings = 0
        self.sending = False  # the first of the events is on its way
        self.invalid_at: float | None = None
        self.told = ""  # the kind of the last failure to connect that was reported

    @property
    def is_empty(self) -> bool:
        """Nothing is kept, and nothing is under way."""
        names = {*_PLAIN, *_SECRET, "sending", "invalid_at", "told"} - {"base", "profile"}
        return self.profile is None and not any(getattr(self, name) for name in names)

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.profile, self.password, self.certificate, self.key)

    @credentials.setter
    def credentials(self, given: Credentials) -> None:
        self.profile, self.password, self.certificate, self.key = given

    def sign_anew(self) -> None:
        """The CSMS asks for a certificate itself: what was tried before does not count."""
        self.signings = 0

    def expect(self, key: str) -> None:
        """A certificate for this key is about to be taken."""
        self.pending_key = key

    def fall_back_to(self, password: str) -> None:
        """That password is what worked last, while another is on trial."""
        if self.before is not None:
            self.before = self.before._replace(password=password)

    def forget_credentials(self) -> None:
        """The operator has configured others."""
        self.credentials = Credentials()
        self.before, self.failures, self.pending_key = None, 0, ""
        self.coming = None

    def to_saved(self) -> dict[str, Any]:
        """{"security": plain, "secrets": what must not be stored in plain text}."""
        plain = {name: _copied(getattr(self, name)) for name in _PLAIN}
        secret = {name: _copied(getattr(self, name)) for name in _SECRET}
        parts = {"security": plain, "secrets": secret}
        kept = {n: {k: v for k, v in p.items() if v or v == 0} for n, p in parts.items()}
        return {name: part for name, part in kept.items() if part}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Vault | None":
        """None if there is nothing; `saved`: of the whole station."""
        kept = {**saved.get("security", {}), **saved.get("secrets", {})}
        values = {name: kept[name] for name in (*_PLAIN, *_SECRET) if name in kept}
        if not values:
            return None
        vault = cls()
        for name, value in values.items():
            setattr(vault, name, _copied(value))
        if vault.before is not None:
            vault.before = Credentials(*vault.before)
        return vault


def _copied(value: Any) -> Any:
    """Plain, and apart from the original."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list | tuple) else value

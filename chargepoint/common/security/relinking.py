"""New credentials: used after a reconnect, given up if the CSMS will not have them.

Whitepaper A01 and A05; 2.0.1 A01, A05, B10.
"""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import answers, hears, timer
from chargepoint.effects import SOON, URGENT, Close, Dial
from chargepoint.trust.vault import LinkSecurity, Vault

ATTEMPTS = 3  # with new credentials, before the old ones are tried again
# Why a dial came to nothing -> the security event of it.
FAILURES = {
    "certificate": "InvalidCsmsCertificate",
    "cipher": "InvalidTLSCipherSuite",
    "refused": "FailedToAuthenticateAtCsms",
    "tls": "FailedToAuthenticateAtCsms",
    "version": "InvalidTLSVersion",
}

RECONFIGURED = "ReconfigurationOfSecurityParameters"


def password_of(key: str) -> str:
    """The password that a key stands for: of 32 to 40 hexadecimal digits, the bytes they mean.

    Bytes that are no UTF-8 become surrogates, which the shell turns back into the bytes.
    """
    if is_hexadecimal(key):
        return bytes.fromhex(key).decode("utf-8", "surrogateescape")
    return key


def is_hexadecimal(key: str) -> bool:
    """Whether a key is 16 to 20 bytes in hexadecimal, as 1.6's AuthorizationKey is given."""
    digits = key.isascii() and len(key) % 2 == 0 and 32 <= len(key) <= 40
    return digits and all(digit in "0123456789abcdefABCDEF" for digit in key)


class Relinking:
    """Of every version, beside `security`, `certificates` and `own_certificate`.

    A version supplies security_profile(), the profile in force, and link_url().
    """

    __slots__ = ()

    @property
    def certificates(self) -> Any:
        return self.core.block("certificates")

    @property
    def own_certificate(self) -> Any:
        return self.core.block("signing")

    @answers(topics.LINK_SECURITY, wakes=True)
    def link_security(self) -> LinkSecurity | None:
        """None while the CSMS has entrusted the station with nothing that the link needs."""
        vault = self.security.vault
        if vault is None or not (vault.roots or any(vault.credentials)):
            return None
        certificates = self.certificates
        return LinkSecurity(
            profile=self.security.security_profile(),
            password=self.password_on_wire(vault.password),
            url=self.link_url(),
            roots=tuple(certificates.roots_of(certificates.CSMS_ROOT)),
            certificate=vault.certificate,
            key=vault.key,
        )

    def password_on_wire(self, key: str) -> str:
        """Hook: the password that a key as the CSMS has set it stands for."""
        return password_of(key)

    def attempts_with_new(self) -> int:
        """Hook: dials with new credentials, before the old ones are tried again."""
        return ATTEMPTS

    def lacks(self, wanted: int, current: int, password: str = "") -> str:
        """What is missing for a security profile, in words; "" if nothing is.

        `password`: one that comes with the profile. What is in use now is there.
        """
        vault = self.security.vault
        password = password or (vault.password if vault is not None else "")
        if wanted in (1, 2) and current in (0, 3) and not password:
            return "a password"
        certificates = self.certificates
        if wanted >= 2 and current < 2 and not certificates.roots_of(certificates.CSMS_ROOT):
            return "a root certificate of the CSMS"
        if wanted == 3 and current < 3 and not (vault is not None and vault.certificate):
            return "a certificate of the station"
        return ""

    def change_credentials(self, now: float, **given: object) -> None:
        """Use other credentials from the answer on; the link is made anew where they matter."""
        if self._exchanged(now, given):
            self.core.answers.later(self._relink_soon)

    def exchange_credentials(self, now: float, **given: object) -> None:
        """The same where there is nothing to answer."""
        if self._exchanged(now, given):
            self._relink(now)

    def _exchanged(self, now: float, given: dict[str, object]) -> bool:
        """Whether the link has to be made anew."""
        vault = self.security.open_vault()
        before = vault.credentials
        profile = self.security.security_profile()
        vault.credentials = before._replace(**given)
        self.core.tell(topics.SECURITY_EVENT, RECONFIGURED, ", ".join(given), now)
        self.core.changed(URGENT)
        matters = {"profile"} | ({"password"} if profile in (1, 2) else set())
        matters |= {"certificate"} if profile == 3 else set()
        if not matters & set(given):
            return False
        vault.before = vault.before or before
        vault.failures = 0
        return True

    def _relink_soon(self, now: float) -> None:
        """After the answer, which the CSMS is to have; whoever resumes the station dials anew."""
        pause = self.core.clock.delay("relink", 0.0)
        if pause <= 0:
            self._relink(now)
        elif not self.core.timers.has("relink"):
            self.core.timers.set("relink", now + pause)

    @timer("relink")
    def relink_is_due(self, now: float) -> None:
        self._relink(now)

    def _relink(self, now: float) -> None:
        if self.core.connected:
            pause = self.core.clock.delay("reconnect", 0.0)
            self.core.put(Close(1000, "security configuration changed", pause))

    # --- how it went -------------------------------------------------------------------------

    @hears(topics.CONNECTING, wakes=True)
    def link_is_new(self, now: float) -> None:
        """The link is open with what was set last: the credentials before are not needed any
        more."""
        vault = self.security.vault
        self.core.timers.clear("relink")  # this link has the new ones
        if vault is not None:
            vault.told = ""
            if vault.before is not None:  # they are accepted
                vault.before, vault.failures = None, 0
                self.core.changed(URGENT)

    @hears(topics.DIAL_FAILED, wakes=True)
    def dial_came_to_nothing(self, kind: str, why: str, now: float) -> None:
        """A dial came to nothing. `kind`: of FAILURES, or "network"."""
        event = FAILURES.get(kind)
        vault = self.security.vault
        if event is not None and (vault is not None or self.security.tells_security_events()):
            vault = self.security.open_vault()
            if vault.told != kind:  # not at each of many tries
                vault.told = kind
                self.core.tell(topics.SECURITY_EVENT, event, why, now)
        if vault is not None and vault.before is not None:
            vault.failures += 1
            self.core.changed(SOON)
            if vault.failures >= self.attempts_with_new():
                self._fall_back(vault, now)

    def _fall_back(self, vault: Vault, now: float) -> None:
        given_up = vault.credentials
        vault.credentials, vault.before, vault.failures = vault.before, None, 0
        if vault.certificate and given_up.certificate != vault.certificate:
            self.certificate_given_up(now)
        info = "fallen back: the CSMS was not reached with the new ones"
        self.core.tell(topics.SECURITY_EVENT, RECONFIGURED, info, now)
        self.own_certificate.arm_certificate(now)
        self.core.changed(URGENT)
        self.core.put(Dial(0.0))

    def certificate_given_up(self, now: float) -> None:
        """Hook: a renewed certificate did not get us in, and the one before it is used again."""

    # --- the saved state ---------------------------------------------------------------------

    def heed_operator(self) -> None:
        """Credentials that the operator has changed since are meant."""
        vault = self.security.vault
        if vault is not None and vault.base != self.core.config.credentials:
            vault.forget_credentials()
            vault.base = self.core.config.credentials

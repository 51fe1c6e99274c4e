"""The station's own certificate: asked for, taken, renewed (2.0.1 A02, A03; whitepaper A02)."""

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import failed, got, timer
from chargepoint.effects import URGENT
from chargepoint.trust.certificates import (
    CLOCKS_APART,
    chain_fault,
    is_for_key,
    make_key_and_csr,
    pem_of,
    read_chain,
)

DAY = 86_400.0
RENEW_BEFORE = 30 * DAY  # or a third of its life, if that is less
SIGN_WAIT = 30.0  # for a certificate that was asked for; doubled each time
SIGN_REPEATS = 3


class OwnCertificate:
    """Of every version, beside `security`, `certificates` and `relinking`.

    A version supplies organization(), signing_payload(csr), longest_chain().
    """

    __slots__ = ()

    @property
    def certificates(self) -> Any:
        return self.core.block("certificates")

    @property
    def relinking(self) -> Any:
        return self.core.block("relinking")

    def signing_patience(self) -> tuple[float, int]:
        """Hook: (seconds to wait for a certificate the first time, how often to ask again)."""
        return SIGN_WAIT, SIGN_REPEATS

    def sign_certificate(self, now: float, context: Any = None) -> None:
        """Make a key pair and ask the CSMS for the certificate of it."""
        vault = self.security.open_vault()
        name = self.core.config.serial or self.core.identity
        vault.pending_key, request = make_key_and_csr(name, self.organization())
        self.core.changed(URGENT)
        self.core.calls.make("SignCertificate", self.signing_payload(request), now, context)

    @got("SignCertificate")
    def signing_answered(self, payload: dict, context: Any, now: float) -> None:
        if payload["status"] == "Accepted":
            self._wait_for_certificate(now)
        else:
            self._stop_asking(now)

    @failed("SignCertificate")
    def signing_failed(self, code: str, context: Any, now: float) -> None:
        if code in ("Disconnected", "Timeout"):
            self._wait_for_certificate(now)
        else:
            self._stop_asking(now)

    def _stop_asking(self, now: float) -> None:
        """The CSMS will not sign; the certificate at hand is asked for anew a day later."""
        vault = self.security.vault
        if vault is not None:
            vault.pending_key, vault.signings = "", 0
        self.core.timers.clear("signing")
        if vault is not None and vault.coming:
            self.arm_certificate(now)
        elif vault is not None and vault.certificate:
            end = self._expiry(now)
            self.core.timers.set("certificate", min(now + DAY, end) if now < end else now + DAY)

    def _wait_for_certificate(self, now: float) -> None:
        """A02.FR.17 to 19: ask again when it does not come, ever later, a few times."""
        vault = self.security.vault
        if vault is not None and vault.pending_key:
            pause = self.signing_patience()[0] * 2**vault.signings
            self.core.timers.set("signing", now + pause)

    @timer("signing")
    def ask_again(self, now: float) -> None:
        """No certificate came in time: sign again, as often as CertSigningRepeatTimes says, then
        stop."""
        vault = self.security.vault
        if vault is None or not vault.pending_key:
            return
        if vault.signings >= self.signing_patience()[1]:
            self._stop_asking(now)
            return
        vault.signings += 1
        self.sign_certificate(now)

    # --- CertificateSigned -------------------------------------------------------------------

    def take_certificate(self, pem: str, now: float) -> str:
        """CertificateSignedStatusEnumType. A station of profile 3 reconnects with it.

        One that is not valid yet is kept, and used from its begin on (2.0.1 A02, A03); until then
        the one at hand is.
        """
        fault = self._certificate_fault(pem, now)
        if fault:
            self.core.tell(topics.SECURITY_EVENT, "InvalidChargingStationCertificate", fault, now)
            return "Rejected"
        vault = self.security.vault
        chain = "".join(pem_of(certificate) for certificate in read_chain(pem))
        key, vault.pending_key, vault.signings = vault.pending_key, "", 0
        self.core.timers.clear("signing")
        vault.coming = None  # the newest is the one that is meant
        if self._begin_of(chain) > self.core.clock.station_time(now) + CLOCKS_APART:
            vault.coming = [chain, key]
            self.core.changed(URGENT)
        else:
            self.relinking.change_credentials(now, certificate=chain, key=key)
        self.arm_certificate(now)
        return "Accepted"

    def _certificate_fault(self, pem: str, now: float) -> str:
        if len(pem) > self.longest_chain():
            return "the chain is longer than allowed"
        chain = read_chain(pem)
        if not chain:
            return "no certificate can be read"
        vault = self.security.vault
        if vault is None or not vault.pending_key:
            return "no certificate was asked for"
        if not is_for_key(chain[0], vault.pending_key):
            return "the certificate is for another key"
        roots = self.certificates.roots_of_own()
        # Judged as of its begin, if that is yet to come.
        time = max(self.core.clock.station_time(now), chain[0].not_valid_before_utc.timestamp())
        return chain_fault(chain, roots, time) or self.certificates.revocation_of(chain, now)

    # --- one that is not valid yet -----------------------------------------------------------

    @staticmethod
    def _begin_of(pem: str) -> float:
        """When the certificate begins, by the world's clock."""
        return read_chain(pem)[0].not_valid_before_utc.timestamp()

    def _use_coming(self, now: float) -> None:
        """Its time has come; if the CSMS will not have it, Relinking goes back to the old one."""
        vault = self.security.vault
        (chain, key), vault.coming = vault.coming, None
        self.relinking.exchange_credentials(now, certificate=chain, key=key)

    # --- renewal -----------------------------------------------------------------------------

    def _expiry(self, now: float) -> float:
        """When the certificate ends, by the worker's clock."""
        end = read_chain(self.security.vault.certificate)[0].not_valid_after_utc.timestamp()
        return now + end - self.core.clock.station_time(now)

    def arm_certificate(self, now: float) -> None:
        """Wake to renew the certificate, then for its end; or for the begin of the next one."""
        vault = self.security.vault
        if vault is not None and vault.coming:
            begin = self._begin_of(vault.coming[0])
            self.core.timers.set("certificate", max(now, self.core.clock.when_it_shows(begin, now)))
            return
        if vault is None or not vault.certificate:
            self.core.timers.clear("certificate")
            return
        certificate = read_chain(vault.certificate)[0]
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        renewal = self._expiry(now) - min(RENEW_BEFORE, life.total_seconds() / 3)
        self.core.timers.set("certificate", max(now, renewal))

    @timer("certificate")
    def certificate_is_due(self, now: float) -> None:
        """A03: a certificate that is about to end is renewed by the station itself."""
        vault = self.security.vault
        if vault.coming:
            if self._begin_of(vault.coming[0]) <= self.core.clock.station_time(now) + 0.001:
                self._use_coming(now)
            self.arm_certificate(now)
            return
        end = self._expiry(now)
        if now > end:
            info = "the station's certificate has expired"
            self.core.tell(topics.SECURITY_EVENT, "InvalidChargingStationCertificate", info, now)
            self.core.timers.set("certificate", now + DAY)
        else:
            self.core.timers.set("certificate", end + 1.0)
        if not self.security.vault.pending_key:
            self.sign_certificate(now)

    def resume_certificate(self, now: float) -> None:
        """After a restart."""
        self.arm_certificate(now)
        self._wait_for_certificate(now)

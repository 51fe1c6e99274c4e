"""The certificates of others that are installed in a station (2.0.1 M03 to M05; whitepaper M)."""

from collections.abc import Collection
from typing import ClassVar

from cryptography import x509

from chargepoint.core import topics
from chargepoint.effects import URGENT
from chargepoint.trust.certificates import (
    hash_data,
    is_authority,
    is_issued_by,
    pem_of,
    read_chain,
    same_hash,
    time_fault,
)
from chargepoint.trust.revocation import revoked

# Of those that sign contracts of cars, and what a station shows to cars.
OF_CONTRACTS = ("MORootCertificate", "V2GRootCertificate")


class InstalledCertificates:
    """Of every version, beside `security`, the block of SecurityEvents.

    A version supplies CSMS_ROOT, its name of that use; certificates_at_most(); checks_new_roots(),
    the variable AdditionalRootCertificateCheck; security_profile(); revocation_lists(), PEM.
    """

    __slots__ = ()

    CSMS_ROOT: ClassVar[str] = "CSMSRootCertificate"

    def roots_of(self, use: str) -> list[str]:
        """PEM texts installed for a use, by OCPP's name for it."""
        roots = self.security.vault and self.security.vault.roots
        return list(roots.get(use, ())) if roots else []

    def all_roots(self) -> list[tuple[str, str]]:
        """(use, PEM) of all that are installed."""
        roots = (self.security.vault and self.security.vault.roots) or {}
        return [(use, pem) for use, pems in roots.items() for pem in pems]

    def contract_roots(self) -> list[x509.Certificate]:
        """Of those that sign contracts of cars."""
        return [c for use in OF_CONTRACTS for pem in self.roots_of(use) for c in read_chain(pem)]

    def roots_of_own(self) -> list[str]:
        """Hook: PEM of those that may have signed the station's own certificate."""
        return [root for _, root in self.all_roots()]

    def revocation_of(self, chain: list, now: float) -> str:
        """Why a chain is not to be trusted: the operator's lists have one of it; "" if not."""
        roots = [root for _, root in self.all_roots()]
        return revoked(chain, roots, self.revocation_lists(), self.core.clock.station_time(now))

    # --- InstallCertificate ------------------------------------------------------------------

    def install_certificate(self, use: str, pem: str, now: float) -> str:
        """InstallCertificateStatusEnumType; Rejected is for a certificate that is not right."""
        chain = read_chain(pem)
        if not chain:
            return "Rejected"
        certificate, time = chain[0], self.core.clock.station_time(now)
        if not is_authority(certificate) or time_fault(certificate, time):
            return "Rejected"
        clean, present = pem_of(certificate), self.roots_of(use)
        if self.revocation_of(chain[:1], now):
            return "Rejected"
        if clean in present:
            return "Accepted"
        if use == self.CSMS_ROOT and present and self.checks_new_roots():
            if not any(is_issued_by(certificate, read_chain(old)[0]) for old in present):
                why = "the new root was not signed by the old one"
                self.core.tell(topics.SECURITY_EVENT, "InvalidCsmsCertificate", why, now)
                return "Rejected"
            present = present[-1:]  # a fall-back to one root before is allowed, not to more
        elif len(self.all_roots()) >= self.certificates_at_most():
            return "Rejected"
        vault = self.security.open_vault()
        vault.roots = {**(vault.roots or {}), use: [*present, clean]}
        self.core.changed(URGENT)
        return "Accepted"

    # --- DeleteCertificate, GetInstalledCertificateIds ---------------------------------------

    def hash_of(self, pem: str, algorithm: str = "SHA256") -> dict[str, str]:
        """CertificateHashDataType of an installed certificate.

        Its issuer is looked for among the installed ones. Where it is not (an intermediate alone),
        OCPP does not say what the issuer's key hash is to be; the certificate's own key is taken.
        """
        certificate = read_chain(pem)[0]
        candidates = [pem, *(other for _, other in self.all_roots())]
        issuers = (c for c in candidates if is_issued_by(certificate, read_chain(c)[0]))
        return hash_data(pem, next(issuers, pem), algorithm)

    def installed_ids(self, uses: Collection[str] | None) -> list[tuple[str, dict[str, str]]]:
        """(use, hash data) of what is installed for these uses, all if None."""
        found = [(use, pem) for use, pem in self.all_roots() if uses is None or use in uses]
        return [(use, self.hash_of(pem)) for use, pem in found]

    def delete_certificate(
        self, wanted: dict, now: float, uses: Collection[str] | None = None
    ) -> str:
        """DeleteCertificateStatusEnumType; what the link needs cannot be deleted. `uses`: among
        which to look, all and the station's own if None."""
        algorithm = wanted["hashAlgorithm"]
        if (uses is None or self.CSMS_ROOT in uses) and self._is_own(wanted, algorithm):
            return "Failed"
        for use, pem in self.all_roots():
            if uses is not None and use not in uses:
                continue
            if not same_hash(wanted, self.hash_of(pem, algorithm)):
                continue
            rest = [other for other in self.roots_of(use) if other != pem]
            if use == self.CSMS_ROOT and not rest and self.security.security_profile() >= 2:
                return "Failed"
            vault = self.security.vault
            roots = {**vault.roots, use: rest}
            vault.roots = {name: pems for name, pems in roots.items() if pems} or None
            self.core.changed(URGENT)
            return "Accepted"
        return "NotFound"

    def _is_own(self, wanted: dict, algorithm: str) -> bool:
        """M04.FR.06: the station's own certificate is not to be deleted by this."""
        chain = read_chain(self.security.vault.certificate) if self.security.vault else []
        if not chain:
            return False
        known = [*chain[1:], *(read_chain(pem)[0] for _, pem in self.all_roots())]
        issuer = next((c for c in known if is_issued_by(chain[0], c)), None)
        if issuer is None:
            serial = f"{chain[0].serial_number:x}"
            return wanted["serialNumber"].lower().lstrip("0") == serial
        own = hash_data(pem_of(chain[0]), pem_of(issuer), algorithm)
        return same_hash(wanted, own)

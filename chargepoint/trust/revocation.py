"""Certificate revocation lists: which certificates a station is not to trust any longer (RFC 5280).

A real station gets the lists from where its certificates say (CRL distribution points) or asks by
OCSP. Here an operator installs them, as PEM, in the station's configuration: what is revoked is
then known at once, and the answer to the CSMS does not wait for a server.
"""

from datetime import UTC, datetime
from functools import lru_cache

import re2
from cryptography import x509

from chargepoint.trust.certificates import read_chain

_PEM = re2.compile(r"(?s)-----BEGIN X509 CRL-----.+?-----END X509 CRL-----")


@lru_cache(maxsize=64)  # thousands of stations may have the same lists
def read_lists(text: str) -> tuple[x509.CertificateRevocationList, ...]:
    """The lists of a PEM text; what cannot be read is left out."""
    lists = []
    for pem in _PEM.findall(text):
        try:
            lists.append(x509.load_pem_x509_crl(pem.encode()))
        except (ValueError, UnicodeEncodeError):
            continue
    return tuple(lists)


def revoked(chain: list[x509.Certificate], others: list[str], text: str, time: float) -> str:
    """Why a chain is not to be trusted at `time`: a certificate of it is revoked; "" if none is.

    others  PEM of certificates that may have issued one of the chain, such as installed roots;
    text    PEM of the lists. A list counts if its issuer's key has signed it, or if its issuer is
            not at hand: then the operator's word must do. One whose nextUpdate has passed still
            counts, since what is revoked stays so.
    """
    lists = read_lists(text) if text else ()
    if not lists:
        return ""
    known = [*chain, *(c for pem in others for c in read_chain(pem))]
    moment = datetime.fromtimestamp(time, UTC)
    for certificate in chain:
        for listed in lists:
            if listed.issuer != certificate.issuer or not _genuine(listed, known):
                continue
            entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and entry.revocation_date_utc <= moment:
                return f"{certificate.subject.rfc4514_string()} is revoked"
    return ""


def _genuine(listed: x509.CertificateRevocationList, known: list[x509.Certificate]) -> bool:
    issuers = [c for c in known if c.subject == listed.issuer]
    return not issuers or any(_signed(listed, issuer) for issuer in issuers)


def _signed(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return listed.is_signature_valid(issuer.public_key())
    except (ValueError, TypeError):  # another kind of key than the signature's
        return False

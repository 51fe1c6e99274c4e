"""What the demo CSMS knows of contracts (Plug & Charge): a demo has no list of its own."""

from __future__ import annotations

import base64

from democsms.tokens import ACCEPTED

# Contracts (eMAID) and what the issuer says of them.
CONTRACTS = {
    "DEDEMC00000001A": ACCEPTED,
    "DEDEMC00000002R": "CertificateRevoked",
    "DEDEMC00000003E": "CertificateExpired",
}
# exiResponse of Get15118EVCertificate.
INSTALLATION = base64.b64encode(b"CertificateInstallationRes of the demo CSMS").decode()


def contract_status(emaid: str) -> str:
    """AuthorizeCertificateStatusEnumType; of who is not known here, Accepted."""
    return CONTRACTS.get(emaid.upper(), ACCEPTED)


def token_status(emaid: str) -> str:
    """AuthorizationStatusEnumType of a contract (C07.FR.16); "" of who is not known here."""
    if emaid.upper() not in CONTRACTS:
        return ""
    return ACCEPTED if contract_status(emaid) == ACCEPTED else "Invalid"

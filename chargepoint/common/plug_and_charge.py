"""A car's contract as a station judges it and tells it, in every version that has Plug & Charge.

2.0.1 C07, C08, M01, M02, which OCA's note "Using ISO 15118 Plug & Charge with OCPP 1.6" takes over.
"""

from typing import Any, NamedTuple

from cryptography import x509

from chargepoint.hardware.ev import EV
from chargepoint.trust import exi
from chargepoint.trust.certificates import chain_fault, pem_of, read_chain
from chargepoint.trust.contracts import (
    MADE,
    emaid_of,
    hashes_of,
    issuer_of,
    make_contract,
    without_root,
)

RENEW_BEFORE = 30 * 86_400.0

Roots = list[x509.Certificate]


class Validation(NamedTuple):
    """How a station validates contracts.

    online   the CSMS can be asked
    central  it may be given a contract whose root is not installed here
    offline  without it, a contract is validated here
    """

    online: bool
    central: bool
    offline: bool


def charges_by_contract(ev: EV | None, time: float) -> bool:
    """Whether a car that was plugged in charges by a contract; one that is to be made is made."""
    if ev is None or not ev.iso15118 or not (ev.emaid or ev.contract):
        return False
    if ev.contract == MADE:
        ev.contract = make_contract(ev.emaid, time)
    ev.emaid = ev.emaid or emaid_of(ev.contract)
    return True


def wants_contract(ev: EV, time: float) -> bool:
    """Whether the car has none, or one that ends within RENEW_BEFORE seconds."""
    chain = read_chain(ev.contract)
    return not chain or chain[0].not_valid_after_utc.timestamp() - time < RENEW_BEFORE


def contract_request(
    ev: EV, roots: Roots, time: float, longest: int, stored: int = 0
) -> dict[str, str] | None:
    """The payload of Get15118EVCertificate (M01, M02); None where there is no room for it.

    longest  characters of exiRequest; stored: contracts that this visit has brought already
    """
    chain = read_chain(ev.contract)
    if chain and not stored:
        action, coded = "Update", exi.update_request(ev.emaid, chain, roots, longest)
    else:
        action, coded = "Install", exi.installation_request(ev.emaid, roots, time, longest)
    if not coded:
        return None
    return {"iso15118SchemaVersion": exi.MESSAGES_2, "action": action, "exiRequest": coded}


def take_contract(ev: EV, response: str, time: float) -> None:
    """The car keeps what an exiResponse brings; of one that cannot be read, a contract made here.
    """
    emaid = ev.emaid
    ev.contract = exi.contract_in(response) or make_contract(emaid, time)
    ev.emaid = emaid_of(ev.contract) or emaid


def contract_refusal(ev: EV, roots: Roots, how: Validation, time: float) -> str:
    """Why the contract will not do, before anybody is asked (C07); "" if it may."""
    if not how.online and not how.offline:
        return "contracts are not validated offline"  # C07.FR.07
    chain = without_root(read_chain(ev.contract))
    if fault := chain_fault(chain, [], time):
        return fault
    if issuer_of(chain[-1], roots) is not None:
        return ""
    if not how.online:
        return "its root is not installed"
    return "" if how.central else "its root is not installed, and the CSMS is not to be asked"


def contract_parts(ev: EV, roots: Roots, central: bool, longest: int) -> dict[str, Any]:
    """The fields of Authorize that a contract adds: what an OCSP responder would know it by, and
    the chain without its root where that is not installed (C07.FR.06). `longest`: characters."""
    chain, told = read_chain(ev.contract), {}
    if not chain:
        return {}
    if hashed := hashes_of(chain, roots):
        told["iso15118CertificateHashData"] = hashed
    path = without_root(chain)
    if central and issuer_of(path[-1], roots) is None:
        text = "".join(pem_of(certificate) for certificate in path)
        if len(text) <= longest:
            told["certificate"] = text
    return told


def proven_here(ev: EV, roots: Roots) -> bool:
    """Whether the root of the contract is installed, so that it needs nobody to validate it."""
    return issuer_of(without_root(read_chain(ev.contract))[-1], roots) is not None

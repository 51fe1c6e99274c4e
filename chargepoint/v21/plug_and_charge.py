"""Plug & Charge of 2.1: several contracts of a car, and the state of its chain (M01, M07)."""

from typing import Any, ClassVar

from chargepoint.core.block import failed, got
from chargepoint.hardware.ev import EV
from chargepoint.trust import exi
from chargepoint.trust.certificates import read_chain
from chargepoint.trust.contracts import hashes_of
from chargepoint.v201.authorization.plug_and_charge import PlugAndCharge
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.security.v2g_certificate import V2gCertificates


class V2gCertificates21(V2gCertificates):
    """Block of Station21."""

    __slots__ = ()

    V2G_TRIGGERS: ClassVar[dict[str, str]] = {
        **V2gCertificates.V2G_TRIGGERS, "SignV2G20Certificate": "V2G20Certificate",
    }  # fmt: skip


class PlugAndCharge21(PlugAndCharge):
    """Block of Station21."""

    __slots__ = ()

    LONGEST_CERTIFICATE, LONGEST_EXI = 10_000, 11_000

    def contracts_wanted(self, ev: EV, stored: int) -> dict[str, Any]:
        """What Get15118EVCertificate asks for besides, for a car of ISO 15118-20; `stored`:
        contracts that it has got already."""
        if not ev.iso15118_20:  # ISO 15118-2 knows of one contract only
            return {}
        return {
            "iso15118SchemaVersion": exi.MESSAGES_20,
            "maximumContractCertificateChains": ev.contracts - stored,
            "prioritizedEMAIDs": [ev.emaid],
        }

    def present_contract(self, outlet: Outlet, now: float) -> None:
        """A car of ISO 15118-20 is asked about before it may authorize."""
        ev = outlet.hardware.ev
        hashed = hashes_of(read_chain(ev.contract), self.contract_roots())
        if not (ev.iso15118_20 and self.core.online and hashed):
            super().present_contract(outlet, now)
            return
        requests = [
            {"certificateHashData": {k: v for k, v in data.items() if k != "responderURL"},
             "source": "OCSP", "urls": [data["responderURL"]]}
            for data in hashed
        ]  # fmt: skip
        payload = {"certificateStatusRequests": requests}
        self.core.calls.make("GetCertificateChainStatus", payload, now, (outlet.number, ev.emaid))

    @got("GetCertificateChainStatus")
    def got_get_certificate_chain_status(self, payload: dict, context: Any, now: float) -> None:
        """The answer to GetCertificateChainStatus (M07): a revoked chain is not presented."""
        outlet, ev = self._still_there(*context)
        if ev is None:
            return
        if any(status["status"] == "Revoked" for status in payload["certificateStatus"]):
            self.core.remark(f"Plug & Charge: the chain of {ev.emaid} has been revoked", now)
        else:
            # What the CSMS could not find out is for its answer to Authorize to settle.
            super().present_contract(outlet, now)

    @failed("GetCertificateChainStatus")
    def failed_get_certificate_chain_status(self, code: str, context: Any, now: float) -> None:
        """Nobody knows of the chain: it is presented all the same."""
        outlet, ev = self._still_there(*context)
        if ev is not None:
            super().present_contract(outlet, now)

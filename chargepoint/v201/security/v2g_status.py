"""GetCertificateStatus: the OCSP answers that a station staples for cars (M06)."""

from typing import Any

from chargepoint.common.security.v2g_status import V2gOcsp
from chargepoint.core.block import Block, failed, got, hears
from chargepoint.v201 import topics


class V2gStatus(V2gOcsp, Block):
    """Block of every 2.x station. It keeps nothing: the answers are with their certificates."""

    __slots__ = ()

    KEEPS = False

    @hears(topics.V2G_CHANGED)
    def v2g_changed(self, kind: str, now: float) -> None:
        self.ask_v2g_status(kind, now)

    def ask_status(self, data: dict[str, str], kind: str, serial: str, now: float) -> None:
        """Send GetCertificateStatus; `data`: OCSPRequestDataType."""
        asked = {"ocspRequestData": data}
        self.core.calls.make("GetCertificateStatus", asked, now, (kind, serial))

    def waits(self, kind: str, serial: str) -> bool:
        return (kind, serial) in self.core.calls.waiting_contexts("GetCertificateStatus")

    @got("GetCertificateStatus")
    def got_get_certificate_status(self, payload: dict, context: Any, now: float) -> None:
        """The answer to GetCertificateStatus."""
        result = payload.get("ocspResult", "") if payload["status"] == "Accepted" else ""
        self.status_told(*context, result, now)

    @failed("GetCertificateStatus")
    def failed_get_certificate_status(self, code: str, context: Any, now: float) -> None:
        if code != "Disconnected":
            self.status_unknown(*context, now)

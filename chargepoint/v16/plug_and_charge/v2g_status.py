"""GetCertificateStatus (Using ISO 15118 Plug & Charge with OCPP 1.6, 4.4)."""

from typing import Any

from chargepoint.common.security.v2g_status import V2gOcsp
from chargepoint.core.block import Block, failed, got, hears
from chargepoint.v16.configuration import Keys
from chargepoint.v16.plug_and_charge import messages
from chargepoint.v16.topics import V2G_CHANGED

ROW = "v2g_status"


class V2gStatus(V2gOcsp, Block):
    """It keeps nothing: the answers are with their certificate."""

    __slots__ = ("keys",)

    KEEPS = False

    def __init__(self, core: Any, keys: Keys) -> None:
        super().__init__(core)
        self.keys = keys

    @hears(V2G_CHANGED)
    def v2g_changed(self, kind: str, now: float) -> None:
        self.ask_v2g_status(kind, now)

    def ask_status(self, data: dict[str, str], kind: str, serial: str, now: float) -> None:
        """Send GetCertificateStatus (6.5); `data`: OCSPRequestDataType."""
        if self.keys.flag("ISO15118PnCEnabled"):
            told = {"ocspRequestData": data}
            messages.ask(self.core, "GetCertificateStatus", told, now, (kind, serial), ROW)

    def waits(self, kind: str, serial: str) -> bool:
        return (kind, serial) in self.core.calls.waiting("DataTransfer")

    @got("DataTransfer", own=True)
    def status_answered(self, payload: dict, context: Any, now: float) -> None:
        """The answer to GetCertificateStatus (6.5.2)."""
        answer = messages.answer_in(payload, messages.CertificateStatus)
        accepted = answer is not None and answer.status == "Accepted"
        self.status_told(*context, answer.ocsp_result if accepted else "", now)

    @failed("DataTransfer", own=True)
    def status_failed(self, code: str, context: Any, now: float) -> None:
        if code != "Disconnected":
            self.status_unknown(*context, now)

"""The OCSP answers that a station staples for cars, by GetCertificateStatus (M06)."""

import base64
from typing import Any

from cryptography.x509 import ocsp

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, failed, got, hears, timer
from chargepoint.effects import SOON
from chargepoint.trust.certificates import read_chain
from chargepoint.trust.contracts import hashes_of
from chargepoint.v201 import topics

DAY, WEEK = 86_400.0, 604_800.0  # M06: asked for again at least once a week


class V2gStatus(Block):
    """Block of every 2.x station. It keeps nothing: the answers are with their certificates, as
    v2g[type]["ocsp"]: serial -> [ocspResult, when to ask again]."""

    __slots__ = ()

    KEEPS = False

    def _v2g(self) -> dict[str, dict[str, Any]]:
        certificates = self.core.there("v2g")
        return {} if certificates is None else certificates.v2g or {}

    @hears(topics.V2G_CHANGED)
    def v2g_changed(self, kind: str, now: float) -> None:
        self.ask_v2g_status(kind, now)

    @hears(core_topics.REGISTERED)
    def v2g_registered(self, now: float, rebooted: bool) -> None:
        for kind in list(self._v2g()):
            self.ask_v2g_status(kind, now, anew=rebooted)

    @timer("v2g_status")
    def at_v2g_status(self, now: float, kind: str) -> None:
        self.ask_v2g_status(kind, now)

    def ask_v2g_status(self, kind: str, now: float, anew: bool = False) -> None:
        """Ask about each certificate of the chain whose answer is missing or has ended."""
        entry = self._v2g().get(kind, {})
        if "chain" not in entry or not self.core.online:  # asked for once the CSMS is back
            return
        kept, waiting = (
            entry.get("ocsp", {}),
            self.core.calls.waiting_contexts("GetCertificateStatus"),
        )
        roots = self.core.block("certificates").contract_roots()
        for data in hashes_of(read_chain(entry["chain"]), roots):
            serial = data["serialNumber"]
            due = anew or serial not in kept or kept[serial][1] <= now
            if due and (kind, serial) not in waiting:
                self.core.calls.make(
                    "GetCertificateStatus", {"ocspRequestData": data}, now, (kind, serial)
                )
        self._arm_v2g_status(kind, now)

    def _arm_v2g_status(self, kind: str, now: float) -> None:
        ends = [end for _, end in self._v2g()[kind].get("ocsp", {}).values() if end > now]
        if ends:
            self.core.timers.set(("v2g_status", kind), min(ends))

    @got("GetCertificateStatus")
    def got_get_certificate_status(self, payload: dict, context: Any, now: float) -> None:
        """The answer to GetCertificateStatus (M06): keep it until it ends, or give up a revoked
        certificate."""
        kind, serial = context
        result = payload.get("ocspResult", "") if payload["status"] == "Accepted" else ""
        answer = _read(result)
        if answer is None or f"{answer.serial_number:x}" != serial:
            self._keep_status(kind, serial, "", now + DAY, now)
            return
        if answer.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            self._revoked(kind, now)
            return
        end = answer.next_update_utc
        left = WEEK if end is None else end.timestamp() - self.core.clock.station_time(now)
        # One that has ended already is not asked for over and over.
        self._keep_status(kind, serial, result, now + (min(left, WEEK) if left > 0 else DAY), now)

    @failed("GetCertificateStatus")
    def failed_get_certificate_status(self, code: str, context: Any, now: float) -> None:
        if code != "Disconnected":
            self._keep_status(*context, "", now + DAY, now)

    def _keep_status(self, kind: str, serial: str, result: str, due: float, now: float) -> None:
        """`result`: "" keeps what was there."""
        entry = self._v2g().get(kind, {})
        if "chain" not in entry:
            return
        kept = entry.get("ocsp", {})
        before = kept.get(serial, ["", 0.0])[0]
        self.core.block("v2g").keep_status(kind, serial, [result or before, due])
        self._arm_v2g_status(kind, now)
        self.core.changed(SOON)

    def _revoked(self, kind: str, now: float) -> None:
        """No car would trust it any longer; another is asked for."""
        if "chain" not in self._v2g().get(kind, {}):
            return
        why = "the V2G certificate has been revoked"
        self.core.tell(core_topics.SECURITY_EVENT, "InvalidChargingStationCertificate", why, now)
        self.core.timers.clear(("v2g_renewal", kind))
        self.core.timers.clear(("v2g_status", kind))
        self.core.block("v2g").forget(kind)
        if self.core.model.flag("ISO15118Ctrlr.V2GCertificateInstallationEnabled"):
            self.core.block("v2g").sign_v2g(kind, now, 0)


def _read(result: str) -> ocsp.OCSPResponse | None:
    """None if it is no answer to an OCSP request."""
    try:
        answer = ocsp.load_der_ocsp_response(base64.b64decode(result))
    except ValueError:
        return None
    return answer if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else None

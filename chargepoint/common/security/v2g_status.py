"""The OCSP answers that a station staples for cars, by GetCertificateStatus (2.0.1 M06)."""

import base64
from typing import Any

from cryptography.x509 import ocsp

from chargepoint.common.security.v2g_certificate import V2gCertificate
from chargepoint.core import topics
from chargepoint.core.block import hears, timer
from chargepoint.effects import SOON
from chargepoint.trust.certificates import read_chain
from chargepoint.trust.contracts import hashes_of

DAY, WEEK = 86_400.0, 604_800.0  # M06: asked for again at least once a week


class V2gOcsp:
    """Of a block beside `v2g`, whose V2gCertificate has the answers, as "ocsp": serial ->
    [ocspResult, when to ask again].

    A version supplies ask_status(data, kind, serial, now) and waits(kind, serial).
    """

    __slots__ = ()

    def _certificates(self) -> V2gCertificate | None:
        block = self.core.there("v2g")
        return None if block is None else block.certificates

    def _entry(self, kind: str) -> dict[str, Any]:
        certificates = self._certificates()
        return {} if certificates is None else certificates.of(kind)

    @hears(topics.REGISTERED)
    def v2g_registered(self, now: float, rebooted: bool) -> None:
        """Ask about all after a boot, and about what is missing once the CSMS is back."""
        certificates = self._certificates()
        for kind in list((certificates and certificates.kept) or ()):
            self.ask_v2g_status(kind, now, anew=rebooted)

    @timer("v2g_status")
    def at_v2g_status(self, now: float, kind: str) -> None:
        self.ask_v2g_status(kind, now)

    def ask_v2g_status(self, kind: str, now: float, anew: bool = False) -> None:
        """Ask about each certificate of the chain whose answer is missing or has ended."""
        entry = self._entry(kind)
        if "chain" not in entry or not self.core.online:  # asked for once the CSMS is back
            return
        kept = entry.get("ocsp", {})
        roots = self.core.block("certificates").contract_roots()
        for data in hashes_of(read_chain(entry["chain"]), roots):
            serial = data["serialNumber"]
            due = anew or serial not in kept or kept[serial][1] <= now
            if due and not self.waits(kind, serial):
                self.ask_status(data, kind, serial, now)
        self._arm_v2g_status(kind, now)

    def _arm_v2g_status(self, kind: str, now: float) -> None:
        ends = [end for _, end in self._entry(kind).get("ocsp", {}).values() if end > now]
        if ends:
            self.core.timers.set(("v2g_status", kind), min(ends))

    def status_told(self, kind: str, serial: str, result: str, now: float) -> None:
        """The CSMS has answered (M06): keep its OCSP response until it ends, or give up a revoked
        certificate. `result`: base64, "" where there is none."""
        answer = _read(result)
        if answer is None or f"{answer.serial_number:x}" != serial:
            self.status_unknown(kind, serial, now)
            return
        if answer.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            self._revoked(kind, now)
            return
        end = answer.next_update_utc
        left = WEEK if end is None else end.timestamp() - self.core.clock.station_time(now)
        # One that has ended already is not asked for over and over.
        self._keep_status(kind, serial, result, now + (min(left, WEEK) if left > 0 else DAY), now)

    def status_unknown(self, kind: str, serial: str, now: float) -> None:
        """What was there stays; the CSMS is asked again a day later."""
        self._keep_status(kind, serial, "", now + DAY, now)

    def _keep_status(self, kind: str, serial: str, result: str, due: float, now: float) -> None:
        """`result`: "" keeps what was there."""
        entry = self._entry(kind)
        if "chain" not in entry:
            return
        before = entry.get("ocsp", {}).get(serial, ["", 0.0])[0]
        self._certificates().keep_status(kind, serial, [result or before, due])
        self._arm_v2g_status(kind, now)
        self.core.changed(SOON)

    def _revoked(self, kind: str, now: float) -> None:
        """No car would trust it any longer; another is asked for."""
        if "chain" not in self._entry(kind):
            return
        why = "the V2G certificate has been revoked"
        self.core.tell(topics.SECURITY_EVENT, "InvalidChargingStationCertificate", why, now)
        certificates = self._certificates()
        certificates.forget(kind)
        if certificates.owner.may_sign():
            certificates.sign(kind, now, 0)


def _read(result: str) -> ocsp.OCSPResponse | None:
    """None if it is no answer to an OCSP request."""
    try:
        answer = ocsp.load_der_ocsp_response(base64.b64decode(result))
    except ValueError:
        return None
    return answer if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else None

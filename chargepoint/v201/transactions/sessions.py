"""What the record of charging sessions is told of a transaction (not OCPP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.hardware.sample import Sample
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station


def session_told(
    core: Station, outlet: Outlet, now: float, sample: Sample | None = None
) -> dict:
    """The same news for the record of charging sessions (not OCPP).

    sample: what the hardware measures now, where the caller has it.
    """
    transaction, hardware = outlet.transaction, outlet.hardware
    transaction.rev += 1
    if sample is None:
        sample = hardware.sample(now)
    picture = {
        "t": now, "energy_wh": round(sample.energy_wh), "power_w": round(sample.power_w),
        "current_a": round(max(sample.currents_a, default=0.0), 2),
        "voltage_v": round(sample.voltage_v, 1),
    }  # fmt: skip
    if sample.soc is not None:
        picture["soc"] = round(sample.soc, 1)
    if hardware.limit_w is not None:
        picture["limit_w"] = round(hardware.limit_w)
    over = transaction.ended is not None
    start, stop = int(transaction.meter_start), int(sample.energy_wh)
    return {
        "id": transaction.session,
        "rev": transaction.rev,
        "station": core.identity,
        "connector": outlet.number,
        "evse": outlet.evse,
        "ocpp": core.config.version,
        "transaction_id": transaction.id,
        "id_tag": (transaction.id_token or {}).get("idToken", ""),
        "started": transaction.started,
        "meter_start": start,
        "ended": transaction.ended,
        "meter_stop": stop if over else None,
        "reason": (transaction.reason or "Other") if over else None,
        "energy_wh": stop - start,
        "state": "ended" if over else "active",
        "sample": picture,
    }

"""The whole state of a station as plain values, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics
from chargepoint.core.blocks import saved_blocks
from chargepoint.hardware.connector import Connector

if TYPE_CHECKING:
    from chargepoint.core.station import Station

NOBODY = (None, None)


def snapshot_of(station: Station) -> dict[str, Any]:
    """The station's state as a JSON object: what users are shown, and `saved`, from which it is
    resumed."""
    outlets = [_outlet(station, connector) for connector in station.connectors.values()]
    service = station.service
    return {
        "version": station.version,
        "identity": station.identity,
        "ocpp": station.config.version,
        "connected": service.connected,
        "registration": service.status,
        "last_message": station.last_message,
        "firmware": station.firmware_now(),
        "connectors": outlets,
        "power_w": sum(outlet["power_w"] for outlet in outlets),
        "saved": _saved(station),
        **station.gather(topics.SHOWN),
    }


def _saved(station: Station) -> dict[str, Any]:
    more, of_blocks = station.extra_saved(), saved_blocks(station)
    if "secrets" in more and "secrets" in of_blocks:
        more["secrets"] = {**of_blocks.pop("secrets"), **more["secrets"]}
    return {
        **station.service.saved(),
        "skew": station.clock.skew,
        **station.statuses.saved(),
        "connectors": [{"id": c.id, **c.to_saved()} for c in station.connectors.values()],
        **station.calls.saved(),
        **station.power.saved(),
        **station.gather(topics.SAVED),
        **more,
        **of_blocks,
    }


def _outlet(station: Station, connector: Connector) -> dict[str, Any]:
    transaction, id_tag = station.ask(topics.OPEN_TRANSACTION, connector) or NOBODY
    return {
        "id": connector.id,
        "evse": connector.evse,
        "status": station.ask(topics.STATUS_OF, connector),
        "power_w": round(connector.power_w),
        "energy_wh": round(connector.meter_wh),
        "soc": None if connector.ev is None else round(connector.ev.soc, 1),
        "error": connector.error_code,
        "transaction": transaction,
        "id_tag": id_tag,
        **station.gather(topics.CONNECTOR_SHOWN, connector),
    }

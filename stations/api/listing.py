"""The list of stations as CSV: a row a station, its configuration in short and its live state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stations.api.lookup import names_of, stations_named, text_of, with_live
from stations.configuration import cells
from stations.models import Station, Template

PAGE = 500
COLUMNS = (
    "identity", "name", "state", "connected", "registration", "problem", "ocpp_version", "vendor",
    "model", "serial", "firmware", "connectors", "csms_url", "template", "tags", "enabled",
    "running", "autostart", "power_w", "last_message", "latitude", "longitude",
)  # fmt: skip
_PLAIN = (
    "identity", "name", "ocpp_version", "vendor", "model", "serial", "firmware", "connectors",
    "csms_url", "tags", "enabled", "running", "autostart", "latitude", "longitude",
)  # fmt: skip


def each(match: dict[str, Any], state: str = "", cursor: str | None = None) -> Iterator[Station]:
    """Stations by identity, PAGE of them at a time. Raises ApiError before the first."""
    return named(names_of(match, state, text_of(cursor) if cursor else ""))


def named(names: Sequence[str]) -> Iterator[Station]:
    """Those there are of these, PAGE of them at a time."""
    starts = range(0, len(names), PAGE)
    return (one for start in starts for one in stations_named(names[start : start + PAGE]))


def items(stations: Iterator[Station]) -> Iterator[dict[str, Any]]:
    """As rows, with their live state: a read of Redis for PAGE of them."""
    names = {template.pk: template.name for template in Template.objects.all()}
    page: list[Station] = []
    for station in stations:
        page.append(station)
        if len(page) == PAGE:
            yield from (_item(one, names) for one in with_live(page))
            page = []
    yield from (_item(one, names) for one in with_live(page))


def _item(station: Station, templates: dict[Any, str]) -> dict[str, Any]:
    live = station.live
    made = {name: cells.plain(name, getattr(station, name)) for name in _PLAIN}
    return made | {
        "state": live.label, "connected": cells.plain("", live.connected),
        "registration": live.registration, "problem": live.doubt or live.link_error,
        "ocpp_version": live.version or station.ocpp_version,
        "template": templates.get(station.template_id, ""), "power_w": live.power_w,
        "last_message": live.last_message,
    }  # fmt: skip

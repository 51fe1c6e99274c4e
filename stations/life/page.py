"""The life of a station: the first of the two tabs of its page. What moves in it comes by
ws/station, ws/messages and the API; here is the frame, and the table of what one may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import reverse

from stations import rights
from stations.admin.cells import live_data
from stations.api.command_table import TABLE
from stations.api.seats import SEATS
from stations.cars import garage
from stations.link.targets import in_query
from stations.models import Station
from stations.state.live import live_states

# ChargePointErrorCode of OCPP 1.6, section 7.6; a 2.x station reports the status Faulted alone.
FAULT_CODES = (
    "OtherError", "ConnectorLockFailure", "EVCommunicationError", "GroundFailure",
    "HighTemperature", "InternalError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
    "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal",
)  # fmt: skip
# ReasonEnumType and Reason, those of a stop at the station.
STOP_REASONS = (
    "Local", "EVDisconnected", "EmergencyStop", "DeAuthorized", "PowerLoss", "Reboot", "Other",
)  # fmt: skip


def allowed_buttons(request: HttpRequest) -> list[str]:
    """The commands of the station's page that this user may give."""
    names = [name.rpartition(" ")[2] for name in rights.PART.buttons]
    return [name for name in names if rights.PART.may(request, rights.right_of_button(name))]


def commands_for(version: str, allowed: list[str]) -> list[dict[str, Any]]:
    """[{"seat", "title", "help", "commands": [{"name", "label", "help", "schema"}]}]: what a
    station of this version can do and this user may have it do."""
    found = [each for each in TABLE if each.name in allowed and each.spoken_in(version)]
    return [
        {
            "seat": seat, "title": title, "help": words,
            "commands": [
                {"name": c.name, "label": c.label, "help": c.help, "schema": c.schema}
                for c in found if c.seat == seat
            ],
        }
        for seat, (title, words) in SEATS.items() if any(c.seat == seat for c in found)
    ]  # fmt: skip


def tabs_of(request: HttpRequest, station: Station, here: str) -> list[dict[str, Any]]:
    """The two tabs; `here`: "life" or "settings"."""
    pages = {"life": ("Life", "life"), "settings": ("Settings", "change")}
    return [
        {
            "title": title, "here": name == here,
            "link": reverse(f"admin:stations_station_{page}", args=[station.pk]),
        }
        for name, (title, page) in pages.items()
    ]  # fmt: skip


def live_view_of(request: HttpRequest, station: Station) -> str:
    """The live view of its messages; empty for one who may not see them."""
    if not rights.PART.may(request, rights.VIEW_MESSAGES):
        return ""
    return f"{reverse('live-view')}?station={in_query(station.identity)}"


def life_of(request: HttpRequest, station: Station) -> dict[str, Any]:
    """What the template stations/life.html shows."""
    state = live_states([station])[station.identity]
    version = state.version or station.ocpp_version
    allowed = allowed_buttons(request)
    return {
        "title": station.identity,
        "station": station,
        "is_fullwidth": "1",
        "live": live_data(state),
        "version": version,
        "tabs": tabs_of(request, station, "life"),
        "allowed": allowed,
        "live_url": live_view_of(request, station),
        "crafter_url": f"{reverse('crafter')}?station={in_query(station.identity)}"
        if "messages" in allowed else "",
        "sees_messages": rights.PART.may(request, rights.VIEW_MESSAGES),
        "sees_sessions": rights.PART.may(request, rights.VIEW_SESSIONS),
        "told": {
            "api": f"/api/stations/{quote(station.identity, safe='')}",
            "identity": station.identity,
            "version": version,
            "allowed": allowed,
            "connectors": station.connectors,
            "seats": commands_for(version, allowed),
            "live": live_data(state),
            "ev_profiles": garage.to_choose(),
            "suggested": {
                "error_code": ["NoError", *FAULT_CODES], "id_tag": [station.default_id_tag],
                "reason": list(STOP_REASONS),
            },
        },
    }  # fmt: skip

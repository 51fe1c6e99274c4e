"""Cells of the station list, drawn once by the server and kept fresh by station_list.js."""

from __future__ import annotations

import time

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from stations.link.targets import in_query
from stations.models import Station
from stations.state.live import LiveState


def age_text(last_message: float | None, now: float | None = None) -> str:
    """ "12 s", "5 min", "3 h", "2 d" since; the script writes the same words."""
    if last_message is None:
        return "–"
    seconds = max(0, int((now or time.time()) - last_message))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def power_text(power_w: float) -> str:
    return f"{power_w / 1000:.1f} kW" if power_w else "–"


def live_data(state: LiveState, why: str = "") -> dict:
    """What the scripts get of one station. why: see state/complaints.py."""
    return {
        "why": why,
        "state": state.label,
        "text": state.text,
        "tone": state.tone,
        "connected": state.connected,
        "registration": state.registration,
        "last_message": state.last_message,
        "power_w": state.power_w,
        "link_error": state.doubt or state.link_error,
        "connectors": state.connectors,
        "display": state.display,
        "faults": state.faults,
        "breaches": state.breaches,
    }


def badge(state: LiveState) -> SafeString:
    return format_html(
        '<span class="st-badge st-{}" data-live="badge" title="{}">{}</span>',
        state.tone, state.doubt or state.link_error, state.text,
    )  # fmt: skip


def state_cell(station: Station) -> SafeString:
    return format_html(
        '<span data-station="{}">{}<span class="st-why" data-live="why">{}</span></span>',
        station.identity, badge(station.live), station.why,
    )  # fmt: skip


def power_cell(station: Station) -> SafeString:
    return format_html(
        '<span data-station="{}" data-live="power" class="st-number">{}</span>',
        station.identity, power_text(station.live.power_w),
    )  # fmt: skip


def message_cell(station: Station) -> SafeString:
    """How long ago the last message was; the page keeps it fresh."""
    last = station.live.last_message
    return format_html(
        '<span data-station="{}" data-live="age" data-time="{}" class="st-number">{}</span>',
        station.identity, "" if last is None else last, age_text(last),
    )  # fmt: skip


def connectors_cell(station: Station) -> SafeString:
    """ "2 × Type2 22 kW", outlets alike taken together."""
    groups: dict[tuple[str, int], int] = {}
    for row in station.connectors:
        key = (row["kind"], row["max_power_w"])
        groups[key] = groups.get(key, 0) + 1
    texts = [
        (f"{count} × " if count > 1 else "") + f"{kind} {power / 1000:g} kW"
        for (kind, power), count in groups.items()
    ]
    return format_html_join("", '<span class="st-outlet">{}</span>', ((t,) for t in texts))


def two_lines(first: str, second: str) -> SafeString:
    return format_html(
        '<span class="st-nowrap">{}</span><span class="st-second">{}</span>', first, second
    )


def tags_cell(station: Station) -> SafeString:
    """A station's tags."""
    chips = format_html_join("", '<span class="st-chip">{}</span>', ((t,) for t in station.tags))
    return format_html('<span class="st-chips">{}</span>', chips)


def place_cell(station: Station) -> str:
    """Latitude and longitude in degrees, to about ten metres; "" where it has none."""
    if station.latitude is None:
        return ""
    return f"{station.latitude:.4f}, {station.longitude:.4f}"


def links_cell(station: Station) -> SafeString:
    """Links to the station's messages, live and kept."""
    live = f"{reverse('live-view')}?station={in_query(station.identity)}"
    return format_html(
        '<span class="st-links"><a href="{}" title="Messages as they happen">Live</a>'
        '<a href="{}&amp;mode=history" title="Messages kept">History</a></span>',
        live, live,
    )  # fmt: skip

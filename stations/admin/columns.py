"""Columns of the list of stations: what there is, and what a browser has chosen of it.

The choice is a cookie that the list's own script sets: a matter of taste, of one browser.
"""

from __future__ import annotations

from django.http import HttpRequest

from stations import rights

COOKIE = "station_columns"
# name: title, in the order of the list
COLUMNS = {
    "state": "State", "station": "Station", "make_and_model": "Make and model", "version": "OCPP",
    "outlets": "Connectors", "power": "Power", "last_message": "Last message", "links": "Messages",
    "tag_list": "Tags", "made_from": "Template", "csms": "CSMS", "serial_number": "Serial number",
    "place": "Place", "changed": "Changed",
}  # fmt: skip
USUAL = (
    "state", "station", "make_and_model", "version", "outlets", "power", "last_message", "links",
    "tag_list",
)  # fmt: skip
ALWAYS = ("state", "station")


def allowed(request: HttpRequest) -> list[str]:
    """Names of the columns that this user may see."""
    sees = rights.PART.may(request, rights.VIEW_MESSAGES)
    return [name for name in COLUMNS if name != "links" or sees]


def chosen(request: HttpRequest) -> tuple[str, ...]:
    """In the list's order; the usual ones where nothing that makes sense was chosen."""
    wanted = set(request.COOKIES.get(COOKIE, "").split(".")) & set(COLUMNS) or set(USUAL)
    return tuple(name for name in allowed(request) if name in wanted or name in ALWAYS)

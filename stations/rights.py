"""Who may do what with stations, templates and tag groups. See accounts/rights.py."""

from __future__ import annotations

from accounts.rights import ADMINISTER, CONFIGURE, DRIVE, READ, Part, crud, model_pages

VIEW, ADD = "stations.view_station", "stations.add_station"
CHANGE, DELETE = "stations.change_station", "stations.delete_station"
# To power a station, act as its driver, send frames of one's own, disturb it, intercept.
DRIVE_STATION = "stations.drive_station"
# Passwords and keys in the clear, or on their way to another host.
SEE_SECRETS = "stations.see_secrets"
SYNC = "stations.sync_station"
VIEW_MESSAGES, VIEW_SESSIONS = "messaging.view_message", "messaging.view_transaction"
VIEW_EV_PROFILE, ADD_EV_PROFILE = "stations.view_carprofile", "stations.add_carprofile"
CHANGE_EV_PROFILE = "stations.change_carprofile"
ADD_TEMPLATE, ADD_TAG_GROUP = "stations.add_template", "stations.add_taggroup"
VIEW_MAKE, ADD_MAKE = "stations.view_make", "stations.add_make"
CHANGE_MAKE, DELETE_MAKE = "stations.change_make", "stations.delete_make"

_ONE = "/stations/{identity}"
_COMMANDS = (
    "connect", "disconnect", "plug", "unplug", "authorize", "start-transaction",
    "stop-transaction", "fault", "wake", "reset", "firmware", "charging-limit", "grid",
    "battery-swap", "pay-terminal", "payment-url", "refuse-tariff", "terminal", "vat-number",
    "availability", "bay", "priority-charging", "der-alarm", "data-transfer", "messages", "faults",
    "respond", "clock", "half-open", "heal", "power-cut", "power-on", "breakpoints",
    "held/release", "held/{number}/release", "held/{number}/drop", "held/{number}/answer",
    "start", "stop", "release",
)  # fmt: skip
_DRIVEN = {
    **{f"POST {_ONE}/{command}": DRIVE_STATION for command in _COMMANDS},
    f"PATCH {_ONE}/start": DRIVE_STATION,
    f"PATCH {_ONE}/stop": DRIVE_STATION,
    f"DELETE {_ONE}/faults": DRIVE_STATION,
    f"DELETE {_ONE}/faults/{{number}}": DRIVE_STATION,
    f"DELETE {_ONE}/breakpoints": DRIVE_STATION,
    f"DELETE {_ONE}/breakpoints/{{number}}": DRIVE_STATION,
}
# On the page of a station; held frames are decided on in the live view.
_BUTTONS = (*(name for name in _COMMANDS if not name.startswith("held/")), "settings")

PART = Part(
    levels={
        **crud("stations.station", READ, CONFIGURE),
        **crud("stations.template", READ, CONFIGURE),
        **crud("stations.make", READ, CONFIGURE),
        **crud("stations.taggroup", READ, CONFIGURE),
        **crud("stations.carprofile", READ, CONFIGURE),
        DRIVE_STATION: DRIVE,
        SYNC: CONFIGURE,
        SEE_SECRETS: ADMINISTER,
    },
    operations={
        "GET /stations": VIEW,
        "POST /stations": ADD,
        f"GET {_ONE}": VIEW,
        f"PUT {_ONE}": CHANGE,
        f"PATCH {_ONE}": CHANGE,
        f"DELETE {_ONE}": DELETE,
        f"GET {_ONE}/state": VIEW,
        f"GET {_ONE}/schedule": VIEW,
        f"GET {_ONE}/settings": VIEW,
        f"POST {_ONE}/settings": CHANGE,
        f"GET {_ONE}/timeline": VIEW,
        f"GET {_ONE}/faults": VIEW,
        # Held frames are messages; stations tell of them, the log does not.
        f"GET {_ONE}/interception": VIEW_MESSAGES,
        f"POST {_ONE}/clone": ADD,
        "POST /stations/bulk": ADD,
        "POST /stations/bulk/start": DRIVE_STATION,
        "POST /stations/bulk/stop": DRIVE_STATION,
        "POST /stations/import": ADD,  # what else the file asks for is looked at when it is read
        "GET /stations/export": VIEW,
        # A job asks for what is done to one station beside this; see stations/many/asking.py.
        "POST /jobs/create": ADD,
        "POST /jobs/command": DRIVE_STATION,
        "POST /jobs/edit": CHANGE,
        # One's own alone.
        "GET /filters": VIEW,
        "POST /filters": VIEW,
        "DELETE /filters/{saved}": VIEW,
        "GET /jobs": VIEW,
        "GET /jobs/{job}": VIEW,
        "GET /jobs/{job}/stations": VIEW,
        "GET /jobs/{job}/report": VIEW,
        "POST /jobs/{job}/stop": DRIVE_STATION,
        "GET /connections": VIEW,
        "GET /crafter/requests": DRIVE_STATION,
        "POST /crafter/requests": DRIVE_STATION,
        "GET /crafter/requests/export": DRIVE_STATION,
        "POST /crafter/requests/import": DRIVE_STATION,
        "PUT /crafter/requests/{kept}": DRIVE_STATION,  # one's own
        "DELETE /crafter/requests/{kept}": DRIVE_STATION,
        "GET /crafter/sends": DRIVE_STATION,
        "POST /crafter/sends": DRIVE_STATION,
        "GET /crafter/sends/{sent}": DRIVE_STATION,
        "DELETE /crafter/sends": DRIVE_STATION,
        "GET /schemas/{version}": VIEW,
        "GET /schemas/{version}/{action}": VIEW,
        "POST /admin/sync": SYNC,
        "GET /templates": "stations.view_template",
        "POST /templates": ADD_TEMPLATE,
        "GET /templates/{template}": "stations.view_template",
        "PUT /templates/{template}": "stations.change_template",
        "PATCH /templates/{template}": "stations.change_template",
        "DELETE /templates/{template}": "stations.delete_template",
        "GET /makes": VIEW_MAKE,
        "POST /makes": ADD_MAKE,
        "GET /makes/export": VIEW_MAKE,
        "POST /makes/import": ADD_MAKE,  # with on_existing=update CHANGE_MAKE as well
        "GET /makes/{make}": VIEW_MAKE,
        "PUT /makes/{make}": CHANGE_MAKE,
        "DELETE /makes/{make}": DELETE_MAKE,
        "POST /makes/{make}/copy": ADD_MAKE,
        "GET /make-schema": VIEW_MAKE,
        "GET /ev-profiles": VIEW_EV_PROFILE,
        "GET /ev-profiles/export": VIEW_EV_PROFILE,
        "POST /ev-profiles/import": ADD_EV_PROFILE,
        "GET /ev-profiles/{ev_profile}": VIEW_EV_PROFILE,
        "PUT /ev-profiles/{ev_profile}": CHANGE_EV_PROFILE,
        "DELETE /ev-profiles/{ev_profile}": "stations.delete_carprofile",
        "GET /ev-profile-schema": VIEW_EV_PROFILE,
        **_DRIVEN,
    },
    sockets={"ws/station": VIEW, "ws/station look": VIEW},
    pages={
        **model_pages("stations.station"),
        **model_pages("stations.template"),
        **model_pages("stations.make"),
        "admin:stations_make_copy": ADD_MAKE,
        "admin:stations_make_export_one": VIEW_MAKE,
        "admin:stations_make_import_file": ADD_MAKE,
        **model_pages("stations.taggroup"),
        **model_pages("stations.carprofile"),
        "admin:stations_carprofile_copy": ADD_EV_PROFILE,
        "admin:stations_carprofile_export_one": VIEW_EV_PROFILE,
        "admin:stations_carprofile_import_file": ADD_EV_PROFILE,
        "crafter": DRIVE_STATION,
        "session-list": VIEW_SESSIONS,
        "session-totals": VIEW_SESSIONS,
        "session-export": VIEW_SESSIONS,
        "session": VIEW_SESSIONS,
        "session-readings": VIEW_SESSIONS,
        "fleet-jobs": VIEW,
        "fleet-job": VIEW,
        "fleet-new": DRIVE_STATION,
        "fleet-import": ADD,
        "fleet-map": VIEW,
        "fleet-map-data": VIEW,
        "admin:stations_station_live": VIEW,
        "admin:stations_station_life": VIEW,
        "admin:stations_station_export": VIEW,
        "admin:stations_station_create_many": ADD,
    },
    actions={
        **{
            f"stations.station {name}": DRIVE_STATION
            for name in ("start", "stop", "release", "connect", "disconnect", "reset_soft",
                         "reset_hard")
        },
        "stations.station clone": ADD,
        "stations.station many": DRIVE_STATION,
        "stations.station delete_selected": DELETE,
        "stations.template delete_selected": "stations.delete_template",
        "stations.make export": VIEW_MAKE,
        "stations.make delete_selected": DELETE_MAKE,
        "stations.taggroup delete_selected": "stations.delete_taggroup",
        "stations.carprofile export": VIEW_EV_PROFILE,
        "stations.carprofile delete_selected": "stations.delete_carprofile",
    },
    buttons={f"stations.station {name}": f"POST {_ONE}/{name}" for name in _BUTTONS},
)  # fmt: skip


def right_of_button(name: str) -> str:
    """Of a button on the page of a station."""
    return PART.operations[PART.buttons[f"stations.station {name}"]]

"""The station API put together. Mounted at /api/: the paths are whole."""

from django.urls import register_converter
from ninja import Router

from stations import (
    api_actions,
    api_commands,
    api_faults,
    api_fleet,
    api_interception,
    api_life,
    api_stations,
    api_switching,
    api_templates,
    api_transfer,
)
from stations.api_paths import IdentityConverter

# What `{station:identity}` in the paths means.
register_converter(IdentityConverter, "station")

router = Router()
# Words like "export" come before {identity}.
for part in (
    api_actions, api_transfer, api_switching, api_fleet, api_templates, api_commands, api_faults,
    api_interception, api_life, api_stations,
):  # fmt: skip
    router.add_router("", part.router)

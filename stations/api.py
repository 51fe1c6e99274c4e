"""The station API put together. Mounted at /api/: the paths are whole."""

from ninja import Router

from stations import (
    api_commands,
    api_faults,
    api_fleet,
    api_interception,
    api_stations,
    api_templates,
    api_transfer,
)

router = Router()
# Words like "export" come before {identity}.
for part in (
    api_transfer, api_fleet, api_templates, api_commands, api_faults, api_interception,
    api_stations,
):  # fmt: skip
    router.add_router("", part.router)

"""The station API put together. Mounted at /api/: the paths are whole."""

from django.urls import register_converter
from ninja import Router

from stations.api import (
    actions,
    commands,
    faults,
    fleet,
    interception,
    life,
    saved_filters,
    stations,
    switching,
    templates,
    transfer,
)
from stations.api.paths import IdentityConverter
from stations.cars import api as cars
from stations.crafter import api as crafter
from stations.makes import api as makes
from stations.many import api as jobs

# What `{station:identity}` in the paths means.
register_converter(IdentityConverter, "station")

router = Router()
# Words like "export" come before {identity}.
for part in (
    actions, transfer, switching, fleet, templates, commands, faults,
    interception, life, jobs, saved_filters, crafter, makes, cars, stations,
):  # fmt: skip
    router.add_router("", part.router)

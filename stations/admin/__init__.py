"""The admin of stations, templates, makes, EV profiles and tag groups, for Django's autodiscovery.

A module of this package imports another by its whole name, never from here.
"""

from stations.admin.cars import CarProfileAdmin
from stations.admin.makes import MakeAdmin
from stations.admin.stations import StationAdmin
from stations.admin.templates import TagGroupAdmin, TemplateAdmin

__all__ = ["CarProfileAdmin", "MakeAdmin", "StationAdmin", "TagGroupAdmin", "TemplateAdmin"]

"""The admin of stations, templates, makes and tag groups: what Django's autodiscovery looks for.

A module of this package imports another by its whole name, never from here.
"""

from stations.admin.makes import MakeAdmin
from stations.admin.stations import StationAdmin
from stations.admin.templates import TagGroupAdmin, TemplateAdmin

__all__ = ["MakeAdmin", "StationAdmin", "TagGroupAdmin", "TemplateAdmin"]

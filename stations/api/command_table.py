"""Every command that the API takes for a station, as one table; see seats.py."""

from __future__ import annotations

from stations.api import commands, faults, interception
from stations.api.seats import commands as commands_of

TABLE = tuple(commands_of((commands.router, faults.router, interception.router)))

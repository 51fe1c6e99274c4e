"""What one does first, on the first page until one has put it away."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest

from emulator.admin_look import link_to


class Step(NamedTuple):
    title: str
    text: str
    link: str
    words: str


# page: title, text, words of the link. Four are a tour that one finishes.
_STEPS = (
    ("admin:stations_station_changelist", "Look at a station",
     "A station's page shows its connectors, its curves and every command. Plug a car in and start "
     "a transaction.", "Stations"),
    ("live-view", "Follow what is said",
     "Every frame between stations and CSMS, as it happens, with its answer beside it.",
     "Live view"),
    ("admin:stations_station_add", "Connect your own CSMS",
     "Give a station an identity and the address of your CSMS. It connects when you save.",
     "Add a station"),
    ("admin:scenarios_suiteplan_changelist", "Have your CSMS judged",
     "A suite asks it case by case, by hand or every night, and says what broke and healed.",
     "Suites"),
)  # fmt: skip


def first_steps(request: HttpRequest) -> list[Step]:
    """Those that this user may take."""
    found = [(link_to(request, page), *rest) for page, *rest in _STEPS]
    return [Step(title, text, link, words) for link, title, text, words in found if link]

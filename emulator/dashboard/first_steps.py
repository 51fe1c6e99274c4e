"""What one does first, on the first page until one has put it away."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest

from emulator.admin_look import link_to
from stations.roster.kept import A_LOOK, ROSTER


class Step(NamedTuple):
    """number: of the tour's list, by which a browser remembers what was done."""

    number: int
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


_LOOK, _MAKE = 1, 3
_NONE_YET = (
    "There is no station yet. Give one an identity and the address of your CSMS: it connects when "
    "you save. The command manage.py seedstations makes ten for a demo."
)


def first_steps(request: HttpRequest) -> list[Step]:
    """Those that this user may take. Where there is no station, making one is the first."""
    found = [
        Step(number, title, text, link_to(request, page), words)
        for number, (page, title, text, words) in enumerate(_STEPS, start=1)
    ]
    steps = {step.number: step for step in found if step.link}
    if _MAKE in steps and not ROSTER.rows(A_LOOK):
        made = steps[_MAKE]._replace(title="Make a station", text=_NONE_YET)
        looked = [steps[_LOOK]] if _LOOK in steps else []
        others = [step for number, step in steps.items() if number not in (_LOOK, _MAKE)]
        return [made, *looked, *others]
    return list(steps.values())

"""What the page of sessions may be asked for, from its query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from messaging.queries.sessions import EARLIEST_MS
from messaging.queries.windows import to_ms
from messaging.schemas import aware
from stations.roster.asking import identities
from stations.roster.kept import A_LOOK

STATES = ("active", "ended")
# 1.6 section 7.36 and 2.0.1 part 2, ReasonEnumType: what a StopTransaction or an Ended may give.
REASONS = (
    "DeAuthorized", "EmergencyStop", "EnergyLimitReached", "EVDisconnected", "GroundFault",
    "HardReset", "ImmediateReset", "Local", "LocalOutOfCredit", "MasterPass", "Other",
    "OvercurrentFault", "PowerLoss", "PowerQuality", "Reboot", "Remote",
    "ReqEnergyTransferRejected", "SOCLimitReached", "SoftReset", "StoppedByEV", "TimeLimitReached",
    "Timeout", "UnlockCommand",
)  # fmt: skip
PLAIN = ("id_tag", "transaction_id", "reason")
LONGEST = 200
MOST_STATIONS = 5000  # that a tag may stand for


@dataclass
class SessionFilters:
    """match: MongoDB's, but for the time; low, high: unix ms; told: the query as it came."""

    match: dict[str, Any] = field(default_factory=dict)
    low: int = EARLIEST_MS
    high: int | None = None
    cursor: str = ""
    told: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def query(self) -> str:
        """For a link to the same sessions, without the place in the list."""
        return urlencode({name: text for name, text in self.told.items() if name != "cursor"})


NAMES = ("station", "tag", "state", *PLAIN, "from", "to", "cursor")


def filters_of(query: QueryDict) -> SessionFilters:
    """Reads MongoDB where a tag is asked for. What makes no sense becomes a problem, in words."""
    told = {name: query.get(name, "").strip()[:LONGEST] for name in NAMES}
    made = SessionFilters(told={name: text for name, text in told.items() if text})
    made.cursor = told["cursor"]
    made.match = {name: told[name] for name in PLAIN if told[name]}
    if told["state"] in STATES:
        made.match["state"] = told["state"]
    elif told["state"]:
        made.problems.append(f"Choose the state {' or '.join(STATES)}.")
    _choose_stations(made, told["station"], told["tag"])
    for name in ("from", "to"):
        if told[name]:
            _choose_time(made, name, told[name])
    return made


def _choose_stations(made: SessionFilters, station: str, tag: str) -> None:
    names = [name.strip() for name in station.split(",") if name.strip()]
    if tag:
        tagged = set(identities({"tags": tag}, A_LOOK))
        if len(tagged) > MOST_STATIONS:
            made.problems.append(f"More than {MOST_STATIONS} stations have the tag {tag}.")
        names = sorted(tagged.intersection(names) if names else tagged)
    if len(names) == 1:
        made.match["station"] = names[0]
    elif names or tag:
        made.match["station"] = {"$in": names}


def _choose_time(made: SessionFilters, name: str, text: str) -> None:
    try:
        moment = to_ms(aware(datetime.fromisoformat(text)))
    except (ValueError, OverflowError):
        made.problems.append(f"Give {name} as a time in ISO 8601, as 2026-01-31T12:00Z.")
        return
    if name == "from":
        made.low = max(made.low, moment)
    else:
        made.high = moment

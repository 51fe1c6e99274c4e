"""Which stations are meant: named, ticked, found by what the list filters by, or all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.errors import ApiError
from stations.api.lookup import match_of, names_of
from stations.many import jobs
from stations.orders import named

MOST = jobs.MOST_STATIONS


@dataclass(frozen=True)
class Choice:
    """`chosen`: the id of a kept choice, see jobs.choose. Filters hold together."""

    identities: tuple[str, ...] | None = None
    search: str = ""
    version: str = ""
    tag: str = ""
    template: str = ""
    state: str = ""
    chosen: str = ""
    all: bool = False

    @property
    def _filters(self) -> dict[str, str]:
        names = ("search", "version", "tag", "template", "state")
        return {name: text for name in names if (text := getattr(self, name))}

    def find(self) -> list[str]:
        """Identities, each once, in their order. Raises ApiError."""
        ways = (self.identities is not None, bool(self._filters), bool(self.chosen), self.all)
        if sum(ways) != 1:
            sentence = "Give one of: identities; search, version, tag, template or state; all=true."
            raise ApiError("invalid", sentence, 422, {"identities": sentence})
        if self.identities is not None:
            found = self._named(self.identities)
        elif self.chosen:
            found = self._kept()
        else:
            found = self._filtered()
        if not found:
            sentence = "No station is meant by this: choose otherwise."
            raise ApiError("no_stations", sentence, 422, {"identities": sentence})
        if len(found) > MOST:
            sentence = f"Choose at most {MOST} stations, this means {len(found)}."
            raise ApiError("too_many_stations", sentence, 422, {"identities": sentence})
        return found

    def words(self) -> dict[str, Any]:
        """For a record of what was meant."""
        if self.identities is not None:
            return {"identities": len(self.identities)}
        return self._filters or ({"all": True} if self.all else {"ticked": True})

    def _filtered(self) -> list[str]:
        match = match_of(self.search, self.version, self.tag, self.template)
        return names_of(match, self.state)

    @staticmethod
    def _named(names: tuple[str, ...]) -> list[str]:
        wanted = list(dict.fromkeys(names))
        there = {row["identity"] for row in named.rows(wanted)}
        if unknown := [name for name in wanted if name not in there]:
            shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
            raise ApiError("station_not_found", f"There are no such stations: {shown}", 404)
        return wanted

    def _kept(self) -> list[str]:
        job = jobs.read(self.chosen)
        if job is None or job.state != jobs.CHOSEN:
            sentence = "This choice of stations is gone: tick them again."
            raise ApiError("no_stations", sentence, 404, {"identities": sentence})
        names = list(jobs.stations_of(job.id))
        there = {row["identity"] for row in named.rows(names)}
        return [name for name in names if name in there]

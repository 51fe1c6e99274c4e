"""Which of the installed profiles counts at a time, and when that may change.

Both count the profiles that they look at: the work that a question has cost (`looks`).
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace
from typing import Any

from chargepoint.charging.profile import Period, Profile, rank

_LISTS_AT_MOST = 500


def _itself(profile: Profile) -> Profile:
    return profile


class Ranking:
    """`installed` by whom they concern, the best first. Sorted once for many questions.

    profile_of gives the Profile of one of the installed, where they are something else.
    """

    __slots__ = ("_lists", "_profile_of", "installed", "looks")

    def __init__(
        self, installed: list[Any], profile_of: Callable[[Any], Profile] = _itself
    ) -> None:
        self.installed = installed
        self.looks = 0
        self._profile_of = profile_of
        self._lists: dict[Any, list[tuple[Any, Profile]]] = {}

    def of(self, key: Any, concerned: Callable[[Profile], bool]) -> list[tuple[Any, Profile]]:
        """[(installed, Profile)] that are `concerned`, the best first; `key` names this choice."""
        found = self._lists.get(key)
        if found is None:
            if len(self._lists) >= _LISTS_AT_MOST:  # sessions come and go
                self._lists.clear()
            pairs = [(each, self._profile_of(each)) for each in self.installed]
            found = [pair for pair in pairs if concerned(pair[1])]
            found.sort(key=lambda pair: rank(pair[1]), reverse=True)
            self._lists[key] = found
        return found

    def prevailing(
        self, ranked: list[tuple[Any, Profile]], time: int, since: int | None,
        holds: Callable[[Any, int], bool] | None = None,
    ) -> tuple[Profile, Period] | None:  # fmt: skip
        """The first of `ranked` that says something at `time`; of equals the one installed first.

        holds(installed, time): whether it counts, apart from its schedule.
        """
        self.looks += 1
        for installed, profile in ranked:
            self.looks += 1
            if holds is None or holds(installed, time):
                period = profile.period_at(time, since)
                if period is not None:
                    return profile, period
        return None


class Changes:
    """The moments after `begin`, in order, at which one of the profiles may ask for something else.

    sinces: when charging began on each outlet; others: more such moments.
    """

    __slots__ = ("_due", "looks")

    def __init__(
        self, profiles: Iterable[Profile], sinces: Iterable[int], begin: int,
        others: Iterable[int] = (),
    ) -> None:  # fmt: skip
        self.looks = 0
        begun = set(sinces)
        due: list[tuple[int, int, Profile | None, int | None]] = []
        for profile in profiles:
            plain = profile.without_repetition()
            for since in begun if plain.follows_charging() else (None,):
                moment = plain.next_change(begin, since)
                if moment is not None:
                    due.append((moment, len(due), plain, since))
        due += [(moment, len(due) + n, None, None) for n, moment in enumerate(others)]
        heapify(due)
        self._due = due

    def after(self, time: int) -> int | None:
        """The next moment after `time`, None if there is none. Times asked for must not fall."""
        due = self._due
        while due and due[0][0] <= time:
            self.looks += 1
            _, number, profile, since = due[0]
            moment = None if profile is None else profile.next_change(time, since)
            if moment is None:
                heappop(due)
            else:
                heapreplace(due, (moment, number, profile, since))
        return due[0][0] if due else None

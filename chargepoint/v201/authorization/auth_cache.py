"""What the station remembers of tokens (OCPP 2.0.1 part 2, C10-C12)."""

from calendar import timegm
from time import strptime

_MOST = 200  # tokens; the least recently seen goes first
_NOTHING: dict[str, list] = {}


def key(token: dict) -> str:
    """One name for a token. Tokens are compared without regard to case (part 2, 3.42)."""
    return f"{token['type']}:{token['idToken']}".lower()


def parse_time(text: str | None) -> float | None:
    """Unix seconds of an RFC 3339 time, good enough for an expiry; None if it is no such time."""
    try:
        seconds = timegm(strptime((text or "")[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
    offset = text[19:].lstrip(".0123456789")
    if len(offset) == 6 and offset[0] in "+-":
        try:
            minutes = int(offset[1:3]) * 60 + int(offset[4:6])
        except ValueError:
            return None
        seconds -= minutes * 60 if offset[0] == "+" else -minutes * 60
    return float(seconds)


class AuthCache:
    """Token -> [status, expires (unix seconds, None: never), group key or "", whether the expiry
    is that of LifeTime]. An older state has no last part.

    Times, also `now`, are by the station's clock, which is the CSMS's: it says when they expire.
    """

    __slots__ = ("_known",)

    def __init__(self, saved: dict[str, list] | None = None):
        self._known = dict(saved) if saved else _NOTHING

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, token: dict, info: dict, now: float, life_time: int) -> None:
        """Keep an idTokenInfo. `life_time` seconds (AuthCacheCtrlr.LifeTime), 0 for no end."""
        # C10.FR.08: cacheExpiryDateTime goes before the LifeTime.
        expires = parse_time(info.get("cacheExpiryDateTime"))
        lives = expires is None
        if lives and life_time:
            expires = now + life_time
        known = dict(self._known)
        known.pop(key(token), None)
        while len(known) >= _MOST:
            del known[next(iter(known))]
        group = info.get("groupIdToken")
        known[key(token)] = [info["status"], expires, key(group) if group else "", lives]
        self._known = known

    def used(self, token: dict, now: float, life_time: int) -> None:
        """The token was let in by what is remembered of it: its LifeTime begins again, and it is
        the one that was used last. A time that the CSMS has named for its end stays."""
        found = self._known.get(key(token))
        if found is None:
            return
        if found[3:] == [True]:
            found = [found[0], now + life_time if life_time else None, *found[2:]]
        rest = {name: entry for name, entry in self._known.items() if name != key(token)}
        self._known = {**rest, key(token): found}

    def status(self, token: dict, now: float) -> str | None:
        """The remembered status, None if nothing (valid) is remembered."""
        found = self._known.get(key(token))
        if found is None or (found[1] is not None and found[1] <= now):
            return None
        return found[0]

    def group(self, token: dict) -> str:
        """The group of a token in the cache, as `key` writes it; empty where none is known."""
        found = self._known.get(key(token))
        return found[2] if found else ""

    def forget(self, keys: set[str]) -> None:
        self._known = {k: e for k, e in self._known.items() if k not in keys} or _NOTHING

    def clear(self) -> None:
        self._known = _NOTHING

    def to_saved(self) -> dict[str, list]:
        return dict(self._known)

"""What an operator looks at in a 1.6 station: its configuration keys, profiles and schedule."""

from typing import Any

from chargepoint.charging import limits
from chargepoint.charging.profile import Period, Profile
from chargepoint.charging.ranking import Ranking
from chargepoint.hardware.connector import Connector
from chargepoint.v16.keys import BOOL, INT, KEYS, TEXT

_PLAIN = "configuration"


class Looking16:
    """Block of Station16."""

    __slots__ = ()

    def limits_now(self, outlet: Connector, now: float) -> list[tuple[Profile, Period, str]]:
        if not self.profiles:
            return []
        time, ranking = round((now + self._skew) * 1000), Ranking(self.profiles)
        since = self._since(self.sessions.get(outlet.id), time)
        found = (self._found(ranking, outlet, time, since), limits.for_station(ranking, time))
        return [(*pair, "CSO") for pair in found if pair]

    def composite_answer(
        self, outlet: Connector, seconds: int, now: float
    ) -> dict[str, Any] | None:
        asked = {"connectorId": outlet.id, "duration": seconds, "chargingRateUnit": "W"}
        answer = self.on_get_composite_schedule(asked, now)
        schedule = answer.get("chargingSchedule")
        return schedule and {
            "start": answer["scheduleStart"], "seconds": schedule["duration"],
            "periods": schedule["chargingSchedulePeriod"],
        }  # fmt: skip

    def settings_now(self, now: float) -> list[dict[str, Any]]:
        return [_setting(entry) for entry in self.on_get_configuration({}, now)["configurationKey"]]

    def change_request(
        self, key: str, value: str, evse: int | None, connector: int | None
    ) -> tuple[str, dict[str, Any]]:
        return "ChangeConfiguration", {"key": key, "value": value}


def _setting(entry: dict[str, Any]) -> dict[str, Any]:
    name = entry["key"]
    key = KEYS.get(name)
    if "value" not in entry:
        mutability = "WriteOnly"
    else:
        mutability = "ReadOnly" if entry["readonly"] else "ReadWrite"
    shown: dict[str, Any] = {
        "key": name, "name": name, "value": entry.get("value"), "mutability": mutability,
        "group": _PLAIN if key else "vendor", "kind": key.kind if key else TEXT,
    }  # fmt: skip
    if key and key.kind == BOOL:
        shown["values"] = ["true", "false"]
    elif key and key.kind == INT and not key.readonly:
        shown["low"], shown["high"] = key.least, key.most
    return shown

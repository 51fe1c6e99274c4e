"""What an operator looks at in a 2.x station: its device model, profiles and schedule."""

from typing import Any

from chargepoint.charging.profile import Period, Profile
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.v201.charging.charging_profiles import EXTERNAL, LOCAL_GENERATION, STATION_MAX


class Looking201(Block):
    """Block of a 2.x station."""

    __slots__ = ()

    KEEPS = False

    @answers(core_topics.SHOWN_SAMPLE)
    def shown_sample(self, outlet: Connector, now: float) -> Sample:
        return self.core.block("metering").sample(self.core.outlets[outlet.id], now)

    # --- limits ------------------------------------------------------------------------------

    @answers(core_topics.LIMITS_NOW)
    def limits_now(self, outlet: Connector, now: float) -> list[tuple[Profile, Period, str]]:
        """(profile, period, source) of all that limits the connector now."""
        if not self.core.block("charging").profiles:
            return []
        place, time = self.core.outlets[outlet.id], round((now + self.core.clock.skew) * 1000)
        found = [
            self.core.block("charging").for_transaction(
                place, time, self.core.block("charging").since(place, time)
            )
        ]
        for purpose, evse in (
            (EXTERNAL, outlet.evse), (EXTERNAL, 0), (STATION_MAX, 0), (LOCAL_GENERATION, 0),
        ):  # fmt: skip
            found.append(self.core.block("charging").prevailing(purpose, evse, time, None))
        sources = {
            installed.profile.id: installed.source
            for installed in self.core.block("charging").profiles
        }
        return [(p, period, sources.get(p.id, "")) for p, period in filter(None, found)]

    @answers(core_topics.COMPOSITE)
    def composite_answer(
        self, outlet: Connector, seconds: int, now: float
    ) -> dict[str, Any] | None:
        """The composite schedule in W of the next `seconds`; None where it cannot be said."""
        asked = {"evseId": outlet.evse, "duration": seconds, "chargingRateUnit": "W"}
        schedule = self.core.block("profiles").on_get_composite_schedule(asked, now).get("schedule")
        return schedule and {
            "start": schedule["scheduleStart"], "seconds": schedule["duration"],
            "periods": schedule["chargingSchedulePeriod"],
        }  # fmt: skip

    # --- the device model --------------------------------------------------------------------

    @answers(core_topics.SETTINGS_NOW)
    def settings_now(self, now: float) -> list[dict[str, Any]]:
        return [
            self._setting(line, line["variableAttribute"][0])
            for line in self.core.block("variables").inventory(now, writable_only=False)
        ]

    def _setting(self, line: dict[str, Any], attribute: dict[str, Any]) -> dict[str, Any]:
        component, variable = line["component"], line["variable"]
        traits, place = line["variableCharacteristics"], component.get("evse") or {}
        group, name = _named(component), _named(variable)
        shown = {
            "key": f"{group}.{name}", "group": group, "name": name,
            "value": attribute.get("value"), "mutability": attribute["mutability"],
            "kind": traits["dataType"], "unit": traits.get("unit"), "low": traits.get("minLimit"),
            "high": traits.get("maxLimit"), "evse": place.get("id"),
            "connector": place.get("connectorId"),
            "waits": self.core.model.waiting(f"{group}.{name}") if not place else None,
        }  # fmt: skip
        if traits["dataType"] == "boolean":
            shown["values"] = ["true", "false"]
        elif values := traits.get("valuesList"):
            shown["values"] = values.split(",")
        return {n: value for n, value in shown.items() if value is not None or n == "value"}

    @answers(core_topics.CHANGE_REQUEST)
    def change_request(
        self, key: str, value: str, evse: int | None, connector: int | None
    ) -> tuple[str, dict[str, Any]]:
        """The SetVariables that changes `Component.Variable[Instance]`. Raises CommandRejected for
        a key without a dot."""
        group, dot, name = key.partition(".")
        if not dot:
            words = "The key is Component.Variable, or Component.Variable[Instance]."
            raise CommandRejected("invalid_arguments", words)
        component = _parts(group)
        if evse is not None:
            place = {"id": evse} | ({} if connector is None else {"connectorId": connector})
            component["evse"] = place
        row = {"component": component, "variable": _parts(name), "attributeValue": value}
        return "SetVariables", {"setVariableData": [row]}

    @answers(core_topics.CHANGE_ANSWER)
    def change_answer(self, answer: dict[str, Any]) -> tuple[str, str]:
        """(status, words) of the one result of SetVariables."""
        [result] = answer["setVariableResult"]
        info = result.get("attributeStatusInfo") or {}
        return result["attributeStatus"], info.get("additionalInfo", "")


def _named(named: dict[str, Any]) -> str:
    instance = named.get("instance")
    return f"{named['name']}[{instance}]" if instance else named["name"]


def _parts(text: str) -> dict[str, str]:
    """ComponentType or VariableType of "Name[Instance]"."""
    name, bracket, instance = text.removesuffix("]").partition("[")
    return {"name": name, "instance": instance} if bracket else {"name": name}

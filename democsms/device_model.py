"""How much a station takes in one message, as it says in its device model (2.x, B05, B06, B08)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Call -> the list in it that ItemsPerMessage[Call] bounds, of one of these components.
LISTS = {
    "ClearVariableMonitoring": "id",
    "GetReport": "componentVariable",
    "GetVariables": "getVariableData",
    "SetVariableMonitoring": "setMonitoringData",
    "SetVariables": "setVariableData",
}
_BOUNDS = (("DeviceDataCtrlr", "ItemsPerMessage"), ("MonitoringCtrlr", "ItemsPerMessage"))


class Limits:
    """Per Call: the most elements of its list."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}

    def learn(self, values: list[Mapping[str, Any]]) -> None:
        """From GetVariableResultType as it stands in the answer, see also `reported_limits`."""
        for each in values:
            name = (each["component"]["name"], each["variable"]["name"])
            text = str(each.get("attributeValue", ""))
            if name in _BOUNDS and text.isdecimal() and int(text) > 0:
                self.most[each["variable"].get("instance", "")] = int(text)

    def parts(self, action: str, payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The payload, or as many as are needed (B05.FR.11, B06.FR.05, B08.FR.17, N06.FR.04)."""
        name = LISTS.get(action, "")
        elements, most = payload.get(name) or [], self.most.get(action, 0)
        if not most or len(elements) <= most:
            yield dict(payload)
            return
        for begin in range(0, len(elements), most):
            yield {**payload, name: elements[begin : begin + most]}

    @staticmethod
    def joined(answers: list[dict[str, Any]]) -> dict[str, Any]:
        """One answer of those to the parts: lists one after another, the rest as in the last."""
        made: dict[str, Any] = {}
        for answer in answers:
            for name, value in answer.items():
                made[name] = made.get(name, []) + value if isinstance(value, list) else value
        return made


def reported_limits(report: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """ReportDataType in the package's names, as `Limits.learn` wants it."""
    return [
        {
            "component": each["component"], "variable": each["variable"],
            "attributeValue": (each.get("variable_attribute") or [{}])[0].get("value", ""),
        }
        for each in report
    ]  # fmt: skip


def was_accepted(data: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether SetVariables' answer says so of this SetVariableDataType."""
    for each in answer.get("setVariableResult", []):
        same = all(
            each[part]["name"] == data[part]["name"] for part in ("component", "variable")
        )  # fmt: skip
        if same:
            return each["attributeStatus"] in ("Accepted", "RebootRequired")
    return False

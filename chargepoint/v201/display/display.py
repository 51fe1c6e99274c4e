"""What the displays of a station show at this moment: one of each EVSE (functional blocks I and O).

It follows from the state alone: who is authorized, what runs, what the CSMS has told. Times of
day are in it as well, since a timer changes the state when one of them comes.
"""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, VALUES, gathers, variable
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import INOPERATIVE_STATES
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import Variable

ALWAYS, FRONT = "AlwaysFront", "InFront"
_CTRLR = "DisplayMessageCtrlr"
_SESSION = ("Charging", "SuspendedEV", "SuspendedEVSE")
_VISIBLE_AT_MOST = 1000  # characters of a variable's value


class Display:
    """Block of a 2.x station, with no state of its own."""

    __slots__ = ()

    LONGEST_CONTENT = 512  # of a MessageContentType, by the schemas

    @gathers(core_topics.SHOWN)
    def shown_displays(self) -> dict[str, Any]:
        """{"display": [{"evse", "lines": [...]}]}: the EVSEs whose display shows something.

        A line has `kind` and `text`. message: `id`, `priority`, `format` and perhaps `language`;
        personal: `format`; tariff: the fallback; cost, total: `amount` and `currency`. Messages
        of one priority take turns, in this order.
        """
        used = any(outlet.token or outlet.transaction for outlet in self.core.outlets.values())
        if not used and self.messages is None and self.fares is None:
            return {"display": []}  # as most of the time: a snapshot is to cost nothing
        evses = sorted({outlet.evse for outlet in self.core.outlets.values()})
        told = [{"evse": evse, "lines": self._lines_of(evse)} for evse in evses]
        return {"display": [display for display in told if display["lines"]]}

    def _lines_of(self, evse: int) -> list[dict[str, Any]]:
        if self.core.dark:
            return []
        outlets = self.core.outlets_of({"id": evse})
        messages = self._messages_for(evse, outlets)
        alone = [info for info in messages if info["priority"] == ALWAYS]
        if alone:
            # MessagePriorityEnumType: no message of the station's own goes before this one.
            return [self._message_line(alone[-1], evse)]
        own = [line for outlet in outlets for line in self.fare_lines(outlet)]
        front = [info for info in messages if info["priority"] == FRONT]
        return own + [self._message_line(info, evse) for info in front or messages]

    def _messages_for(self, evse: int, outlets: list[Outlet]) -> list[dict]:
        if self.messages is None or not self._shows_messages():
            return []
        state = self.display_state(outlets)
        running = {
            outlet.transaction.id for outlet in self.core.outlets.values() if outlet.transaction
        }
        return [
            entry["info"]
            for entry in self.messages.values()
            if entry["begun"]
            and entry["evse"] in (0, evse)
            and entry["info"].get("state") in (None, state)
            and entry["info"].get("transactionId") in (None, *running)
        ]

    def _shows_messages(self) -> bool:
        return self.core.model.flag(f"{_CTRLR}.Available") and self.core.model.flag(
            f"{_CTRLR}.Enabled"
        )

    def display_state(self, outlets: list[Outlet]) -> str:
        """MessageStateEnumType of one EVSE."""
        hardware = [outlet.hardware for outlet in outlets]
        sessions = [h for h in hardware if h.charging_state_201 in _SESSION and not h.faulted]
        if sessions:
            return self.session_state(sessions[0])
        if not all(h.faulted or h.state in INOPERATIVE_STATES for h in hardware):
            return "Idle"
        return "Faulted" if any(h.faulted for h in hardware) else "Unavailable"

    def session_state(self, hardware: Connector) -> str:
        """Hook. Suspended is a state of 2.1 only: a session that pauses is Charging in 2.0.1."""
        return "Charging"

    def _message_line(self, info: dict, evse: int) -> dict[str, Any]:
        contents = [info["message"], *info.get("messageExtra", ())]
        content = self.picked(contents, evse)
        line = {"kind": "message", "id": info["id"], "priority": info["priority"]}
        return {**line, **shown(content)}

    def picked(self, contents: list[dict], evse: int) -> dict:
        """Hook: of one text in several languages (2.1), the one to show on the EVSE's display."""
        return contents[0]

    # --- in the device model -----------------------------------------------------------------

    @variable(
        READS, "Display", "DisplayMessageCtrlr.SupportedFormats",
        "DisplayMessageCtrlr.SupportedPriorities", "DisplayMessageCtrlr.SupportedStates",
        "DisplayMessageCtrlr.DisplayMessages", "DisplayMessageCtrlr.PersonalMessageSize",
        "OCPPCommCtrlr.FieldLength[MessageContentType.content]",
    )  # fmt: skip
    def read_display(self, variable: Variable, evse: dict | None, now: float) -> str:
        """The value of a variable about the display."""
        if variable.component == "Display":
            if variable.name == "Enabled":
                return "false" if self.core.dark else "true"
            texts = [line["text"] for line in self._lines_of(evse["id"])]
            return "\n".join(texts)[:_VISIBLE_AT_MOST]
        if variable.key in self.SUPPORTED:
            return ",".join(self.supported(variable.key))
        if variable.key == "DisplayMessageCtrlr.DisplayMessages":
            return str(len(self.messages or ()))
        return str(self.LONGEST_CONTENT)

    @variable(
        VALUES, "DisplayMessageCtrlr.SupportedFormats", "DisplayMessageCtrlr.SupportedPriorities",
        "DisplayMessageCtrlr.SupportedStates",
    )  # fmt: skip
    def values_supported(self, variable: Variable) -> tuple[str, ...]:
        return self.SUPPORTED[variable.key]


def shown(content: dict) -> dict[str, Any]:
    """Of a MessageContentType: `text`, `format` and its `language` if it names one."""
    line = {"text": content["content"], "format": content["format"]}
    return {**line, "language": content["language"]} if "language" in content else line

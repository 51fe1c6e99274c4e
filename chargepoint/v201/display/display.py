"""What the displays of a station show at this moment: one of each EVSE (functional blocks I and O).

It follows from the state alone: who is authorized, what runs, what the CSMS has told. Times of
day are in it as well, since a timer changes the state when one of them comes.
"""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, Block, gathers, variable
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import INOPERATIVE_STATES
from chargepoint.v201.display.fares import costs_on, tariffs_on
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import Variable

ALWAYS, FRONT = "AlwaysFront", "InFront"
_CTRLR = "DisplayMessageCtrlr"
_FARES = "TariffCostCtrlr"
_SESSION = ("Charging", "SuspendedEV", "SuspendedEVSE")
_VISIBLE_AT_MOST = 1000  # characters of a variable's value


class Display(Block):
    """Block of a 2.x station, with no state of its own."""

    __slots__ = ()

    KEEPS = False

    LONGEST_CONTENT = 512  # of a MessageContentType, by the schemas

    @gathers(core_topics.SHOWN)
    def shown_displays(self) -> dict[str, Any]:
        """{"display": [{"evse", "lines": [...]}]}: the EVSEs whose display shows something.

        A line has `kind` and `text`. message: `id`, `priority`, `format` and perhaps `language`;
        personal: `format`; tariff: the fallback; cost, total: `amount` and `currency`. Messages
        of one priority take turns, in this order.
        """
        used = any(outlet.token or outlet.transaction for outlet in self.core.outlets.values())
        if not (used or self._messages() or self._has_fares()):
            return {"display": []}  # as most of the time: a snapshot is to cost nothing
        evses = sorted({outlet.evse for outlet in self.core.outlets.values()})
        told = [{"evse": evse, "lines": self._lines_of(evse)} for evse in evses]
        return {"display": [display for display in told if display["lines"]]}

    def _messages(self) -> dict[int, dict[str, Any]]:
        kept = self.core.there("display")
        return {} if kept is None else kept.messages or {}

    def _has_fares(self) -> bool:
        kept = self.core.there("fares")
        return kept is not None and kept.fares is not None

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
        messages = self._messages()
        if not messages or not self._shows_messages():
            return []
        state = self.display_state(outlets)
        running = {
            outlet.transaction.id for outlet in self.core.outlets.values() if outlet.transaction
        }
        return [
            entry["info"]
            for entry in messages.values()
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

    # --- the fare ----------------------------------------------------------------------------

    def fare_lines(self, outlet: Outlet) -> list[dict[str, Any]]:
        """The lines of the outlet's display that are not the CSMS's display messages."""
        fares, model = self.core.block("fares"), self.core.model
        entry = fares.fare(outlet)
        present = outlet.token is not None or outlet.transaction is not None
        lines = [self._personal(entry[k], outlet) for k in ("notice", "personal") if k in entry]
        if present and "personal" not in entry and tariffs_on(model):
            # I04: no tariff of the driver's own is known, for want of a link or of a message.
            lines += _fallback("tariff", model.value(f"{_FARES}.TariffFallbackMessage"))
        if costs_on(model):
            lines += self._cost_lines(entry, fares.fare_currency(outlet))
        return lines

    def _cost_lines(self, entry: dict[str, Any], currency: str) -> list[dict[str, Any]]:
        if "total" in entry:
            return [_amount("total", "Total cost", entry["total"], currency)]
        if "ended" in entry and (entry.get("answered") or not self.core.online):
            # I05: nobody tells the total.
            text = self.core.model.value(f"{_FARES}.TotalCostFallbackMessage")
            return _fallback("total", text)
        return [_amount("cost", "Cost", entry["cost"], currency)] if "cost" in entry else []

    def _personal(self, contents: list[dict], outlet: Outlet) -> dict[str, Any]:
        return {"kind": "personal", **shown(self.picked(contents, outlet.evse))}

    # --- in the device model -----------------------------------------------------------------

    @variable(
        READS, "Display", "DisplayMessageCtrlr.DisplayMessages",
        "DisplayMessageCtrlr.PersonalMessageSize",
        "OCPPCommCtrlr.FieldLength[MessageContentType.content]",
    )  # fmt: skip
    def read_display(self, variable: Variable, evse: dict | None, now: float) -> str:
        """The value of a variable about the display."""
        if variable.component == "Display":
            if variable.name == "Enabled":
                return "false" if self.core.dark else "true"
            texts = [line["text"] for line in self._lines_of(evse["id"])]
            return "\n".join(texts)[:_VISIBLE_AT_MOST]
        if variable.key == "DisplayMessageCtrlr.DisplayMessages":
            return str(len(self._messages()))
        return str(self.LONGEST_CONTENT)


def shown(content: dict) -> dict[str, Any]:
    """Of a MessageContentType: `text`, `format` and its `language` if it names one."""
    line = {"text": content["content"], "format": content["format"]}
    return {**line, "language": content["language"]} if "language" in content else line


def _amount(kind: str, word: str, amount: float, currency: str) -> dict[str, Any]:
    text = f"{word}: {amount:.2f} {currency}".rstrip()
    return {"kind": kind, "text": text, "amount": round(amount, 5), "currency": currency}


def _fallback(kind: str, text: str) -> list[dict[str, Any]]:
    return [{"kind": kind, "text": text}] if text else []

"""Functional block O in 2.1: a message in several languages, QR codes, and two more states."""

from typing import ClassVar

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State
from chargepoint.v201.display.display import Display
from chargepoint.v201.display.display_messages import DisplayMessages, Refusal
from chargepoint.v201.variables.table import FORMATS, LANGUAGES, STATES


class DisplayMessages21(DisplayMessages):
    """Block of Station21."""

    __slots__ = ()

    SUPPORTED: ClassVar[dict[str, tuple[str, ...]]] = {
        **DisplayMessages.SUPPORTED,
        "DisplayMessageCtrlr.SupportedFormats": FORMATS,
        "DisplayMessageCtrlr.SupportedStates": STATES,
    }

    def content_refusal(self, info: dict) -> Refusal | None:
        """Why the texts are refused: (status, reason code, sentence); None if they are not."""
        contents = [info["message"], *info.get("messageExtra", ())]
        for language in (content.get("language") for content in contents):
            if language is not None and _primary(language) not in LANGUAGES:
                why = "see the values list of DisplayMessageCtrlr.Language"
                return "LanguageNotSupported", "UnsupportedParam", why
        return super().content_refusal(info)


class Display21(Display):
    __slots__ = ()

    LONGEST_CONTENT = 1024

    def session_state(self, hardware: Connector) -> str:
        """The MessageState of a transaction: Charging, Discharging or Suspended."""
        if hardware.state is not State.CHARGING:
            return "Suspended"
        return "Discharging" if hardware.discharge_w else "Charging"

    def picked(self, contents: list[dict], evse: int) -> dict:
        """By the language that the driver prefers (IdTokenInfoType), then by the display's own.

        A text that names no language is in the display's.
        """
        if len(contents) == 1:
            return contents[0]
        usual = self.core.model.value("DisplayMessageCtrlr.Language")
        preferred = [
            language
            for outlet in self.core.outlets_of({"id": evse})
            for language in self.core.block("fares").fare(outlet).get("languages", ())
        ]
        for wanted in (*preferred, usual):
            for same in (str.lower, _primary):
                for content in contents:
                    if same(content.get("language", usual)) == same(wanted):
                        return content
        return contents[0]


def _primary(language: str) -> str:
    """The language of an RFC 5646 tag, without its country."""
    return language.lower().replace("_", "-").partition("-")[0]

"""A CSMS in memory whose station moves files: the tests say how each transfer ends."""

import hashlib
from typing import Any

from chargepoint.effects import DONE, FAILED, Download, StopTransfer, Transferred, Upload
from tests.chargepoint.files import FIRMWARE, STATUS_ACTIONS
from tests.chargepoint.peer import START
from tests.chargepoint.v201.csms import Csms, config_of

NEWS = "FirmwareStatusNotification"


class FileCsms(Csms):
    def __init__(self, **config: Any) -> None:
        self.downloads: list[Download] = []
        self.uploads: list[Upload] = []
        self.stopped: list[str] = []
        super().__init__(config_of(**config), now=START)
        news = [action for action in STATUS_ACTIONS if "Diagnostics" not in action]
        self.answers |= dict.fromkeys(news, {})

    def _note(self, effects: list) -> None:
        for effect in effects:
            match effect:
                case Download():
                    self.downloads.append(effect)
                case Upload():
                    self.uploads.append(effect)
                case StopTransfer(id=transfer):
                    self.stopped.append(transfer)
        super()._note(effects)
        for close in self.closes[:]:
            if not self.station.connected:
                self.closes.remove(close)
                self.disconnect()

    def ended(self, effect: Download | Upload, result: str = DONE, content: bytes = b"") -> None:
        digest = b""
        if type(effect) is Download and result == DONE:
            digest = hashlib.new(effect.digest, content).digest()
        outcome = Transferred(effect.id, result, "", len(content), digest, content[:512])
        self.perform(self.station.transfer_ended(outcome, self.now))

    def fetched(self, content: bytes = FIRMWARE) -> None:
        self.ended(self.downloads[-1], DONE, content)

    def failed(self) -> None:
        self.ended(self.downloads[-1], FAILED)

    def told(self, action: str = NEWS) -> list[str]:
        return [payload["status"] for payload in self.sent(action)]

    def trigger(self, message: str) -> dict:
        assert self.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
        return self.sent(message)[-1]

    def statuses(self, evse: int) -> list[str]:
        notes = self.sent("StatusNotification")
        return [note["connectorStatus"] for note in notes if note["evseId"] == evse]

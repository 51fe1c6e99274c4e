"""All that the station said, as it was: a `message` for each Call, whatever the station would do.

Its boot alone is its own, for without it there is no link.
"""

from __future__ import annotations

from scenarios.replay.conversation import Exchange
from scenarios.replay.script import Script


class Verbatim:
    """`sent` takes the station's Calls, one after another."""

    samples = True
    contracts = False

    def __init__(self, script: Script, exchanges: list[Exchange]) -> None:
        self._script = script
        self._names = script.names
        self._made: set[str] = set()

    def sent(self, place: int, each: Exchange) -> None:
        match each.action:
            case "BootNotification":
                self._script.boot(each, busy=False)
            case "StartTransaction" if each.answered("transactionId") is not None:
                self._script.message(each)
                number, tag = each.said("connectorId"), str(each.said("idTag"))
                self._script.expect_sent(
                    each, {"connectorId": number, "idTag": self._names.tag(tag)}
                )
                name = self._names.captured(each.answered("transactionId"))
                self._script.expect_answer(each, {name: "transactionId"})
            case "TransactionEvent":
                self._name(each)
                shown = self._names.transaction(each.said("transactionInfo", "transactionId"))
                wanted = {"eventType": each.said("eventType"), "seqNo": each.said("seqNo"),
                          "transactionInfo": {"transactionId": shown}}  # fmt: skip
                self._script.played(each, wanted)
            case _:
                self._script.played(each)

    def _name(self, each: Exchange) -> None:
        """The station makes the ids of transactions in 2.x: another in each run."""
        value = str(each.said("transactionInfo", "transactionId"))
        if each.said("eventType") == "Started" and value not in self._made:
            self._made.add(value)
            name = self._names.captured(value)
            number = {"@random": [10**8, 10**9 - 1]}
            self._script.act(each.time, "set", variables={f"{name}_number": number})
            made = {name: "replay-${" + f"{name}_number" + "}"}
            self._script.act(each.time, "set", variables=made)

"""Functional block S: batteries are exchanged (S01-S03) and charged in their slots (S04).

Each EVSE is a slot. A battery in it is, to the rest of the station, a car that is plugged in and
charged by a transaction: its status, meter and events are as real as those of any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, action, command, failed, got, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.v201.authorization.authorization import ACCEPTED
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.swap.swap_slots import Slots
    from chargepoint.v201.authorization.authorization import Authorization


IN, OUT = "In", "Out"
_FIRST = {"In-Out": (IN, OUT), "Out-In": (OUT, IN)}
SWAP = "swap"  # the row, and in place of a connector's number in the context of an Authorize


class BatterySwap(Block):
    """Block of Station21.

    swap  {"request", "token", "count", "steps", "inserted", "offered", "taken", "until"} while one
          is under way, else None. steps: what is still to be done, IN or OUT; inserted: the serial
          numbers; offered, taken: BatteryDataType of what may go out and of what has gone; until:
          when the first of the steps is given up, unix seconds
    """

    __slots__ = ("authorization", "swap")

    GUEST = True

    def __init__(self, core: Station, authorization: Authorization) -> None:
        super().__init__(core)
        self.authorization = authorization

    @property
    def batteries(self) -> Slots:
        return self.core.block("batteries")

    # --- how a swap begins (S01, S02) --------------------------------------------------------

    @command("battery-swap")
    def do_battery_swap(
        self, now: float, kind: str = "start", id_tag: Any = None, token_type: str | None = None,
        connector: int | None = None, serial: str | None = None, soc: float = 20.0,
        soh: float = 100.0, battery_kwh: float = 2.0, count: int | None = None,
    ) -> dict:  # fmt: skip
        """Operator: `start` holds a token to the reader, `insert` puts a battery into a slot,
        `take` takes one that is offered, `stock` puts one there without a swap, as a technician.

        `soc` and `soh` are in percent. Raises CommandRejected where this is no swap station, for an
        unknown kind, or for what is not possible in this slot now.
        """
        if not self.core.model.flag("BatterySwapCtrlr.Available"):
            why = "This is no swap station: BatterySwapCtrlr.Available is false."
            raise CommandRejected("not_possible_now", why)
        match kind:
            case "start":
                token = self.authorization.token(
                    id_tag or self.core.config.default_id_tag, token_type
                )
                return self._start_swap(token, count, now)
            case "insert" | "stock":
                battery = self.batteries.battery_of(serial, soc, soh, battery_kwh)
                slot = self.batteries.empty_slot(connector)
                return (
                    self._insert(slot, battery, now)
                    if kind == "insert"
                    else (self.batteries.insert_battery(slot, *battery, now))
                )
            case "take":
                return self._take_battery(connector, now)
        raise CommandRejected("invalid_arguments", "kind is start, insert, take or stock.")

    def _start_swap(self, token: dict, count: int | None, now: float) -> dict:
        self.core.block("desk").check_registered()
        wanted = count or self.core.model.integer("EmulatorCtrlr.BatteriesPerSwap")
        why = self._cannot_swap(wanted, now)
        if why is not None:
            raise CommandRejected("not_possible_now", f"{why[1]}.")
        why = self.authorization.refusal(token, now)
        if why is not None:
            message = f"The CSMS is not asked, and without it the token is not allowed: {why}."
            raise CommandRejected("not_authorized", message)
        if self.authorization.asks():
            payload = {"idToken": token}
            self.core.calls.make(
                "Authorize", payload, now, (SWAP, token, "Authorized", wanted, ""), SWAP
            )
            return {"authorization": "Pending"}
        request = self.core.rng.getrandbits(31)
        self._open_swap(token, request, wanted, now)
        return {"authorization": ACCEPTED, "request": request}

    def _cannot_swap(self, wanted: int, now: float) -> tuple[str, str] | None:
        """(reasonCode, words), None if a swap of `wanted` batteries can begin."""
        if self.swap is not None or any(c[0] == SWAP for c in self.core.calls.waiting("Authorize")):
            return "Occupied", "another swap is under way"
        if len(self.batteries.eligible(now)) < wanted:
            return "NoBatteryAvailable", "too few batteries have the TargetSoC"
        order = _FIRST[self.core.model.value("BatterySwapCtrlr.SwapOrder")]
        if order[0] == IN and len(self.batteries.empty_slots()) < wanted:
            return "NoSlotAvailable", "too few slots are empty"
        return None

    @action("RequestBatterySwap")
    def on_request_battery_swap(self, payload: dict, now: float) -> dict:
        """S02: by an app. The CSMS has authorized the token; its requestId counts."""
        why: tuple[str, str] | None = ("UnsupportedRequest", "this is no swap station")
        wanted = self.core.model.integer("EmulatorCtrlr.BatteriesPerSwap")
        if self.core.model.flag("BatterySwapCtrlr.Available"):
            why = self._cannot_swap(wanted, now)
        if why is not None:
            info = {"reasonCode": why[0], "additionalInfo": why[1]}
            return {"status": "Rejected", "statusInfo": info}
        self.core.answers.later(self._open_swap, payload["idToken"], payload["requestId"], wanted)
        return {"status": "Accepted"}

    @got("Authorize", own=True)
    def swap_answered(self, payload: dict, context: Any, now: float) -> None:
        """The answer to Authorize for a swap."""
        self.authorization.learn(context[1], payload["idTokenInfo"], now)
        if payload["idTokenInfo"]["status"] == ACCEPTED:
            self._swap_allowed(context, now)

    @failed("Authorize", own=True)
    def swap_not_answered(self, code: str, context: Any, now: float) -> None:
        if self.authorization.allowed_offline(self.authorization.known_status(context[1], now)):
            self._swap_allowed(context, now)

    def _swap_allowed(self, context: tuple, now: float) -> None:
        _, token, _, wanted, _ = context
        if self._cannot_swap(wanted, now) is None:  # while the answer was under way
            self._open_swap(token, self.core.rng.getrandbits(31), wanted, now)

    def _open_swap(self, token: dict, request: int, count: int, now: float) -> None:
        steps = _FIRST[self.core.model.value("BatterySwapCtrlr.SwapOrder")]
        self.swap = {
            "request": request, "token": token, "count": count, "steps": [*steps],
            "inserted": [], "offered": [], "taken": [], "until": now,
        }  # fmt: skip
        self._begin_step(now)

    def _begin_step(self, now: float) -> None:
        if not self.swap["steps"]:
            self._close_swap()
            return
        step = self.swap["steps"][0]
        if step == OUT:
            chosen = self.batteries.eligible(now)[: self.swap["count"]]
            self.swap["offered"] = [self.batteries.battery_data(outlet, now) for outlet in chosen]
        self.swap["until"] = now + self.core.model.integer(f"BatterySwapCtrlr.Timeout[{step}]")
        self.core.timers.set(SWAP, self.swap["until"])
        self.core.changed(URGENT)

    def _close_swap(self) -> None:
        self.swap = None
        self.core.timers.clear(SWAP)
        self.core.changed(URGENT)

    # --- in, out, or too late (S03) ----------------------------------------------------------

    def _insert(self, outlet: Outlet, battery: tuple, now: float) -> dict:
        if self.swap is None or self.swap["steps"][:1] != [IN]:
            raise CommandRejected("not_authorized", "The slots are locked: start a swap first.")
        told = self.batteries.insert_battery(outlet, *battery, now)
        self.swap["inserted"].append(battery[0]["serialNumber"])
        if len(self.swap["inserted"]) >= self.swap["count"]:
            self._end_step_in(now)
        self.core.changed(URGENT)
        return {**told, "request": self.swap["request"] if self.swap else None}

    def _end_step_in(self, now: float) -> None:
        data = [
            self.batteries.battery_data(outlet, now)
            for outlet in self.batteries.holding(self.swap["inserted"])
        ]
        self._tell_swap("BatteryIn", data, now)
        self.swap["count"] = len(data)  # as many go out as came in
        self.swap["steps"].pop(0)
        self._begin_step(now)

    def _take_battery(self, connector: int | None, now: float) -> dict:
        if self.swap is None or self.swap["steps"][:1] != [OUT]:
            raise CommandRejected("not_authorized", "No battery is offered: start a swap first.")
        offered = {data["evseId"]: data for data in self.swap["offered"]}
        outlets = [o for o in self.batteries.filled_slots() if o.evse in offered]
        if connector is not None:
            outlets = [o for o in outlets if o.number == connector]
        if not outlets:
            raise CommandRejected("not_possible_now", "The battery there is not offered.")
        outlet = outlets[0]
        data = self.batteries.battery_data(outlet, now)  # as it goes out
        self.swap["offered"] = [d for e, d in offered.items() if e != outlet.evse]
        self.swap["taken"] = [*self.swap["taken"], data]
        self.batteries.remove_battery(outlet, now)
        request = self.swap["request"]
        if not self.swap["offered"]:
            self._tell_swap("BatteryOut", self.swap["taken"], now)
            self.swap["steps"].pop(0)
            self._begin_step(now)
        self.core.changed(URGENT)
        return {"battery": data, "connector": outlet.number, "request": request}

    @timer("swap")
    def at_swap(self, now: float) -> None:
        """Timeout[In] or Timeout[Out] has passed."""
        if self.swap is None:
            return
        if self.swap["steps"][0] == IN:
            if self.swap["inserted"]:
                self._end_step_in(now)  # what came in is exchanged
            else:
                self._close_swap()  # the CSMS is not told of what did not happen
            return
        if self.swap["taken"]:
            self._tell_swap("BatteryOut", self.swap["taken"], now)
        self._tell_swap("BatteryOutTimeout", self.swap["offered"], now)  # S03.FR.06
        self._close_swap()

    def _tell_swap(self, event: str, data: list[dict], now: float) -> None:
        payload = {
            "eventType": event, "requestId": self.swap["request"], "idToken": self.swap["token"],
            "batteryData": data,
        }  # fmt: skip
        self.core.block("delivery").deliver("BatterySwap", payload, now)

    @got("BatterySwap")
    def got_battery_swap(self, payload: dict, context: Any, now: float) -> None:
        self.core.block("delivery").delivered(context)

    # --- saving ------------------------------------------------------------------------------

    KEYS = ("swap",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read the swap under way of a snapshot."""
        swap = saved.get("swap")
        self.swap: dict[str, Any] | None = swap and {**swap, "steps": [*swap["steps"]],
                                                     "inserted": [*swap["inserted"]]}  # fmt: skip

    def resume(self, now: float) -> None:
        if self.swap is not None:
            self.core.timers.set(SWAP, max(now, self.swap["until"]))

    def saved(self) -> dict[str, Any]:
        """The swap under way, for the snapshot."""
        if self.swap is None:
            return {}
        steps, inserted = [*self.swap["steps"]], [*self.swap["inserted"]]
        return {"swap": {**self.swap, "steps": steps, "inserted": inserted}}

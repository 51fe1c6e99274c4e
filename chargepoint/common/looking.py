"""What an operator looks at, and the settings as he changes them.

A look changes nothing. A setting is changed as a Call of the CSMS would change it: by the same
handler, with the same refusals and the same effects.
"""

from typing import Any

from chargepoint.charging.limits import limit_of
from chargepoint.charging.offers import circuit_of
from chargepoint.common.cables import SOCKETS
from chargepoint.core import topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.tap.leading import leads_elsewhere
from chargepoint.timing.times import seconds_of

DAY = 86_400
CHANGES = ("Accepted", "RebootRequired")  # of the statuses of a change those that are one
_LOCK_FAILED = "ConnectorLockFailure"


class Looking(Block):
    """A version answers LIMITS_NOW, COMPOSITE, SETTINGS_NOW, CHANGE_REQUEST and CHANGE_ANSWER.

    A setting is {"key", "group", "name", "value", "mutability", "kind"} and what else is known of
    it: unit, low, high, values, evse, connector, waits (for a reboot). A composite schedule is
    {"start": RFC 3339, "seconds", "periods": [ChargingSchedulePeriod]}.
    """

    __slots__ = ()

    KEEPS = False

    # --- the outlets -------------------------------------------------------------------------

    @command("look")
    def do_look(self, now: float) -> dict[str, Any]:
        """The outlets as they are now: plug, lock, cable, car, meter, and who limits them."""
        outlets = [self._looked_at(outlet, now) for outlet in self.core.connectors.values()]
        return {"time": now, "power": "off" if self.core.dark else "on", "connectors": outlets}

    def _looked_at(self, outlet: Connector, now: float) -> dict[str, Any]:
        car = outlet.ev
        sample = self.core.ask(topics.SHOWN_SAMPLE, outlet, now) or outlet.sample(now)
        held = bool(self.core.ask(topics.CABLE_HELD, outlet))
        return {
            "id": outlet.id,
            "evse": outlet.evse,
            "state": str(outlet.state),
            "plugged": car is not None or held,
            "locked": held or (outlet.in_transaction and outlet.error_code != _LOCK_FAILED),
            "cable": "socket" if outlet.config.kind in SOCKETS else "fixed",
            "car": None if car is None else {
                "battery_kwh": car.battery_kwh, "soc": round(car.soc, 1),
                "target_soc": car.target_soc, "max_power_kw": car.max_power_kw,
                "phases": car.phases, "max_discharge_kw": car.max_discharge_kw,
                "emaid": car.emaid,
            },
            "power_w": round(sample.power_w - sample.export_w, 1),
            "current_a": round(max(sample.currents_a, default=0.0), 2),
            "voltage_v": round(sample.voltage_v, 1),
            "energy_wh": round(sample.energy_wh, 1),
            "soc": None if sample.soc is None else round(sample.soc, 1),
            "limit_w": None if outlet.limit_w is None else round(outlet.limit_w, 1),
            "limits": self._limits(outlet, now),
            "cost": self.core.gather(topics.CONNECTOR_SHOWN, outlet).get("cost"),
        }  # fmt: skip

    def _limits(self, outlet: Connector, now: float) -> list[dict[str, Any]]:
        """The tightest first. `whole`: it is for all outlets together."""
        circuit = circuit_of(outlet, True)
        rows = [
            {
                "id": profile.id, "purpose": profile.purpose, "stack": profile.stack,
                "source": source, "whole": not profile.connector and not profile.session
                and "Tx" not in profile.purpose,
                "watts": round(limit_of(profile.unit, period, circuit).total_w(circuit.volts), 1),
            }
            for profile, period, source in self.core.ask(topics.LIMITS_NOW, outlet, now) or ()
        ]  # fmt: skip
        return sorted(rows, key=lambda row: row["watts"])

    # --- the schedule ahead ------------------------------------------------------------------

    @command("schedule")
    def do_schedule(self, now: float, connector: int = 1, seconds: float = DAY) -> dict[str, Any]:
        """The composite schedule in W, as GetCompositeSchedule would tell it.

        `seconds` ahead, at most a week; `start` is in Unix seconds, those of the periods count from
        it. Raises CommandRejected for other seconds or no such connector.
        """
        outlet = self.core.connector(connector)
        if not 0 < seconds <= 7 * DAY:
            raise CommandRejected("invalid_arguments", "The seconds are 1 to a week.")
        told = self.core.ask(topics.COMPOSITE, outlet, int(seconds), now)
        if told is None:
            return {"start": now, "seconds": 0, "periods": []}
        start = seconds_of(told["start"])
        return {
            "start": now if start is None else start - self.core.clock.skew,
            "seconds": told["seconds"],
            "periods": [
                {"start": period["startPeriod"], "limit": period.get("limit")}
                for period in told["periods"]
            ],
        }

    # --- settings ----------------------------------------------------------------------------

    @command("settings")
    def do_settings(self, now: float) -> dict[str, Any]:
        """Configuration keys (1.6) or the device model (2.x): see settings_now."""
        return {"settings": self.core.ask(topics.SETTINGS_NOW, now) or []}

    @command("set")
    def do_set(
        self, now: float, key: str, value: str, evse: int | None = None,
        connector: int | None = None, leading: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Change a setting as the CSMS would. leading: whether it may lead the link elsewhere.

        Raises CommandRejected where the station refuses it, or where it leads elsewhere and may
        not.
        """
        action, payload = self.core.ask(topics.CHANGE_REQUEST, key, value, evse, connector)
        if not leading and leads_elsewhere(action, payload):
            words = "Only who may see a station's secrets changes where it connects to."
            raise CommandRejected("not_allowed", words)
        try:
            answer = self.core.answers.serve(action, payload, now)
            status, why = self.core.ask(topics.CHANGE_ANSWER, answer) or (answer["status"], "")
        except CallFault as fault:
            words = f"{fault.code}: {fault.description}"
            raise CommandRejected("setting_refused", words) from None
        finally:
            steps = self.core.answers.take_later()
        for method, args in steps:
            method(*args, now)
        if status not in CHANGES:
            words = f"The station answers {status}{f': {why}' if why else ''}."
            raise CommandRejected("setting_refused", words)
        self.core.remark(f"{key} changed at the station: {status}", now)
        self.core.changed(URGENT)
        return {"status": status}

"""An operator at the platform's own code: makes stations, gives commands, runs syncs.

`Console` is the handle; `python -m benchmarks.console` is the process behind it. Used where a
measurement or a crash test must not depend on the web process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child

if TYPE_CHECKING:
    from benchmarks.forks import Forks


def station_fields(identity: str, url: str, version: str = "1.6", **more: Any) -> dict[str, Any]:
    """A station with one three-phase outlet of 22 kW that samples its meter each second."""
    return {
        "identity": identity, "csms_url": url, "ocpp_version": version, "vendor": "Proof",
        "model": "AC 22", "default_id_tag": "TAG-1", "meter_sample_interval": 1,
        "meter_variance": 0.0, **more,
    }  # fmt: skip


class Console(Child):
    def __init__(self, env: dict[str, str], log: Path, forks: Forks | None = None) -> None:
        super().__init__("benchmarks.console", log, env, forks=forks)

    def create(self, stations: list[dict], running: bool = True) -> int:
        """Make stations (fields of stations.models.Station) and have the fleet start them."""
        return self.ask("create", stations=stations, running=running)

    def command(self, identity: str, name: str, **args: Any) -> dict[str, Any]:
        """The result; raises ChildFailed with the error's code in its text."""
        return self.ask("command", identity=identity, name=name, args=args)

    def commands(self, identities: list[str], name: str, **args: Any) -> dict[str, Any]:
        return self.ask("commands", identities=identities, name=name, args=args)

    def sync(self) -> dict[str, Any]:
        return self.ask("sync")


def _create(stations: list[dict], running: bool) -> int:
    from stations.models import Station
    from stations.orders.commands import notify_changed_sync

    rows = [Station(**fields, running=running) for fields in stations]
    for row in rows[:1]:
        problems = row.problems()
        if problems:
            raise ValueError(f"{row.identity}: {problems}")
    Station.objects.bulk_create(rows, batch_size=500)
    notify_changed_sync([row.identity for row in rows])
    return len(rows)


def carry_out(do: str, order: dict[str, Any]) -> Any:
    from django.contrib.auth import get_user_model

    from stations.configuration import changes
    from stations.models import Station
    from stations.orders import commands, orders
    from stations.state import snapshots

    match do:
        case "create":
            return _create(order["stations"], order["running"])
        case "running":
            return changes.set_running(order["identities"], order["running"])
        case "delete":
            return changes.delete(order["identities"])
        case "command":
            return commands.send_command_sync(
                order["identity"], order["name"], order["args"], timeout=10
            )
        case "commands":
            return commands.send_commands_sync(
                order["identities"], order["name"], order["args"], timeout=60
            )
        case "admin":
            users = get_user_model().objects
            if not users.filter(username=order["name"]).exists():
                users.create_superuser(order["name"], password=order["password"])
            return None
        case "stop all":
            names = list(Station.objects.filter(running=True).values_list("identity", flat=True))
            changes.set_running(names, False)
            return len(names)
        case "keys":
            rows = Station.objects.filter(identity__in=order["identities"])
            return [{"identity": row.identity, "pk": str(row.pk)} for row in rows]
        case "states":
            return snapshots.read_states_sync(order["identities"])
        case "orders":
            return len(orders.all_waiting())
        case "sync":
            return snapshots.sync_dirty()
        case _:
            raise ValueError(f"unknown order {do}")


def main() -> None:
    import json

    import django

    from benchmarks.child import orders, reply

    django.setup()
    for line in orders():
        order = json.loads(line)
        try:
            reply(carry_out(order.pop("do"), order))
        except Exception as fault:  # noqa: BLE001 - told to the parent, which decides
            reply(error=f"{type(fault).__name__} {getattr(fault, 'code', '')}: {fault}")


if __name__ == "__main__":
    main()

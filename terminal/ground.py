"""Where stations run in this process: the worker's own fleet, without Redis, MongoDB and leases."""

from __future__ import annotations

from typing import Any

import msgspec

from chargepoint.core.commands import CommandRejected
from chargepoint.effects import SOON
from stations.checks import egress_policy
from stations.files.transfers import Transfers
from stations.link.dialing import DialQueue
from stations.link.reaching import Reach
from stations.models import Station
from stations.orders.completing import completed, is_free
from stations.worker.clock import Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from stations.worker.fleet import Fleet
from stations.worker.plans import Plan
from stations.worker.sealing import shown
from terminal.haste import clock_of
from terminal.hearing import Hearing
from terminal.relinking import offering

EPOCH = 1


class Ground:
    """Build it on a running loop; `leave` it in the end. speed: see terminal.haste.

    rows: the stations that there are, by identity. They need not be stored.
    """

    def __init__(self, hearing: Hearing, speed: float = 1.0) -> None:
        clock = clock_of(speed)
        self._speed = speed
        transfers = Transfers(write_log=hearing.write_log, reach=Reach(egress_policy("TRANSFERS")))
        self.host = Host(clock, Deadlines(clock), hearing, hearing, transfers=transfers)
        self._queue = DialQueue(reach=Reach(egress_policy("CSMS")))
        self.fleet = Fleet(self.host, self._queue)
        for shard in range(self.fleet.shards):
            self.fleet.own(shard, EPOCH)
        self._epochs = dict(self.fleet.epochs)
        self.fleet.learned(self._epochs, {})  # there are no journals to read
        self.rows: dict[str, Station] = {}

    def add(self, row: Station) -> None:
        """Have a station that does not run yet."""
        self.rows[row.identity] = row

    def start(self, identity: str) -> None:
        """Run a station and dial. Raises ValueError for a version that no station speaks."""
        known = identity in self.fleet.running
        self.fleet.carry_out(self._plan(identity), self._epochs)
        if self._speed != 1.0 and not known:  # the CSMS's clock is slow for it
            self.order(identity, "clock", {"follow": False})

    reconfigure = start  # the fleet looks whether it runs

    async def switch(self, identity: str, running: bool) -> bool:
        """Start or stop a station; True if that changed anything."""
        if running is (identity in self.fleet.running):
            return False
        if running:
            self.start(identity)
        else:
            await self.fleet.stop([identity])
        self.host.snapshots.changed(self._consumer(identity), SOON)  # who waits looks again
        return True

    def state(self, identity: str) -> dict[str, Any] | None:
        """As the API shows it, also of a station that was stopped; None of one that never ran."""
        if identity in self.fleet.running:
            return self.order(identity, "state", {})
        parted = self.fleet.parting.get(identity)
        return None if parted is None else shown(parted.snapshot())

    def _consumer(self, identity: str) -> ChargePointConsumer:
        running = self.fleet.running.get(identity)
        return running.consumer if running else self.fleet.parting[identity]

    async def remove(self, identity: str) -> None:
        """Stop a station and know nothing of it any more."""
        await self.fleet.stop([identity])
        self.fleet.forget_parted()
        self.rows.pop(identity, None)

    def _plan(self, identity: str) -> Plan:
        row = self.rows[identity]
        target = offering(row, row.dial_target())
        config = row.to_core_config()
        if self._speed != 1.0:
            patience = config.call_timeout * self._speed
            config = msgspec.structs.replace(config, call_timeout=patience)
        return Plan(identity, ("", row.revision), config, target)

    async def relink(self, identity: str) -> None:
        """Link a station anew, as its row says by now. One that is to speak another version is
        another station: it starts from the beginning."""
        plan = self._plan(identity)
        if self.fleet.other_version([plan]):
            await self.fleet.stop([identity])
            self.fleet.forget_parted()
        running = self.fleet.running.get(identity)
        known = running and running.dialer.target
        self.fleet.carry_out(plan, self._epochs)
        if running is not None:
            if known == plan.target:
                running.dialer.redirect(plan.target)
            running.dialer.connect()

    def consumer(self, identity: str) -> ChargePointConsumer:
        """Raises KeyError where the station does not run."""
        return self.fleet.running[identity].consumer

    def command(self, identity: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """As the API carries it out (docs/reference/api.md). Raises CommandRejected."""
        arguments = completed(name, dict(arguments), self.rows[identity])
        if name == "start-transaction" and (car := arguments.pop("ev", None)):
            connector = arguments.get("connector", 1)
            if is_free(self.state(identity), connector):
                self.order(identity, "plug", {"connector": connector, "ev": car})
        return self.order(identity, name, arguments)

    def order(self, identity: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """A command as it is. Raises CommandRejected."""
        answer = self.fleet.command(identity, name, arguments)
        if "error" in answer:
            raise CommandRejected(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    async def leave(self) -> None:
        """Stop every station in order: last words, links closed."""
        await self.fleet.stop(list(self.fleet.running))
        await self._queue.close()
        await self.host.transfers.close()
        self.host.deadlines.close()

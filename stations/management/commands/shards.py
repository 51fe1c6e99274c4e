"""Say into how many shards the stations are divided, or have the running workers divide them."""

import time
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from runtime import redis_clients
from stations.orders import sharding
from stations.orders.commands import notify_shards
from stations.state import keys

LOOK = 0.2  # seconds


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "number", type=int, nargs="?",
            help="as many as there shall be; a power of two divides the stations evenly",
        )  # fmt: skip
        parser.add_argument(
            "--wait", type=float, default=0.0, metavar="SECONDS",
            help="come back when they are so many; exit code 1 if they are not by then",
        )  # fmt: skip

    def handle(self, *args: Any, number: int | None, wait: float, **options: Any) -> None:
        with redis_clients.connect(settings.REDIS_URL, **settings.REDIS_CLIENT) as client:
            there = _in_force(client)
            if number is not None:
                _check(number, max(there, sharding.wanted()))
                sharding.want(number)
                async_to_sync(notify_shards)()
            wanted = max(there, sharding.wanted())
            end = time.monotonic() + wait
            while there < wanted and time.monotonic() < end:
                time.sleep(LOOK)
                there = _in_force(client)
        self.stdout.write(f"{there} shards" + (f", {wanted} wanted" if wanted != there else ""))
        if wait and there < wanted:
            raise CommandError("The workers have not divided them all yet; they go on.")


def _in_force(client: Any) -> int:
    sharding.learn(client.get(keys.shards_key()))
    return sharding.in_force()


def _check(number: int, before: int) -> None:
    if number > sharding.MOST:
        raise CommandError(f"At most {sharding.MOST} shards.")
    if number < before:
        raise CommandError(
            f"There are {before} shards, and their number only grows: one worker may hold them all."
        )

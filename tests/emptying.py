"""Emptying the tests' database after a test, at the price of what the test has put there.

MongoDB on one node has no transaction for Django to roll back, so a test that uses the database
ends in `flush`: that also has every application make its permissions and content types again, which
takes longer than most tests. Here these two are kept as long as a test has left their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

KEPT = (ContentType, Permission)


def _numbers() -> list[int]:
    return [connection.get_collection(one._meta.db_table).count_documents({}) for one in KEPT]


def _flush() -> None:
    call_command("flush", verbosity=0, interactive=False)


_looked: dict[str, tuple[int, ...]] = {}  # collection: what had been written when it was emptied


def _written() -> dict[str, tuple[int, ...]]:
    """What the store has done to each collection, whoever asked it to: (writes, deletions, times).

    The times are there for a collection that was dropped: its numbers begin again.
    """
    database = connection.database
    prefix = f"{database.name}."
    return {
        name.removeprefix(prefix): (
            told["writeLock"]["count"] - told["remove"]["count"], told["remove"]["count"],
            told["insert"]["time"], told["update"]["time"],
        )
        for name, told in database.client.admin.command("top")["totals"].items()
        if name.startswith(prefix)
    }  # fmt: skip


def clear(names: Iterable[str], written: dict[str, tuple[int, ...]] | None = None) -> None:
    """Take every document out of these collections; which were written to is one question."""
    written = _written() if written is None else written
    for name in names:
        if name not in written:
            continue
        writes, _, *times = written[name]
        if _looked.get(name) != (writes, *times):
            connection.get_collection(name).delete_many({})
            _looked[name] = (writes, *times)


def install() -> None:
    """Call it with the database made: rows of migrations are gone from here on, for every test."""
    _flush()
    numbers = _numbers()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    kept = [one._meta.db_table for one in KEPT]
    others = sorted(tables - set(kept))
    whole: list = []  # what had been done to those that are kept when they were last whole

    def empty(self: TransactionTestCase) -> None:
        written = _written()
        done = [written.get(name) for name in kept]
        if done != whole:
            if _numbers() != numbers:
                _flush()
                return
            whole[:] = done
        clear(others, written)

    TransactionTestCase._fixture_teardown = empty

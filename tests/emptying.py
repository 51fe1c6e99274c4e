"""Emptying the tests' database after a test, at the price of what the test has put there.

MongoDB on one node has no transaction for Django to roll back, so a test that uses the database
ends in `flush`: that also has every application make its permissions and content types again, which
takes longer than most tests. Here these two are kept as long as a test has left their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def clear(names: Sequence[str]) -> None:
    """Take every document out of these collections; which have one is asked once for all."""
    first, *others = names
    pipeline = [*_one(first), *({"$unionWith": {"coll": n, "pipeline": _one(n)}} for n in others)]
    for found in connection.get_collection(first).aggregate(pipeline):
        connection.get_collection(found["name"]).delete_many({})


def _one(name: str) -> list[dict]:
    return [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]


def install() -> None:
    """Call it with the database made: rows of migrations are gone from here on, for every test."""
    _flush()
    numbers = _numbers()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    others = sorted(tables - {one._meta.db_table for one in KEPT})

    def empty(self: TransactionTestCase) -> None:
        if _numbers() != numbers:
            _flush()
            return
        clear(others)

    TransactionTestCase._fixture_teardown = empty

"""What a test has put into the database is not there for the next one, whatever the collection."""

from __future__ import annotations

import pymongo
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from messaging.keeping import store
from tests import emptying

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("turn", ["first", "second"])
def test_nobody_finds_what_another_has_left(turn):
    raw = [connection.get_collection(name) for name in (store.FRAMES, store.NEWS, "trail")]
    assert [each.count_documents({}) for each in raw] == [0, 0, 0]
    assert User.objects.count() == 0
    User.objects.create_user("left")
    for each in raw:
        each.insert_many([{"left": n} for n in range(3)])


def test_only_the_collections_that_are_named_are_emptied_and_one_that_is_none_is_no_fault():
    for name in ("one", "two", "three"):
        connection.get_collection(f"emptied_{name}").insert_one({})
    emptying.clear(["emptied_none", "emptied_one", "emptied_nowhere", "emptied_three"])
    left = [connection.get_collection(f"emptied_{n}").count_documents({})
            for n in ("one", "two", "three")]  # fmt: skip
    emptying.clear(["emptied_two"])
    assert left == [0, 1, 0]


def test_what_was_written_again_goes_again_whoever_wrote_it_and_however():
    other = pymongo.MongoClient(settings.MONGODB_URI)
    table = other[connection.database.name]["emptied_again"]
    writes = (
        lambda: table.insert_one({}),
        lambda: table.update_one({"_id": 1}, {"$set": {"a": 1}}, upsert=True),
        lambda: table.find_one_and_update({"_id": 2}, {"$set": {"a": 1}}, upsert=True),
        lambda: table.bulk_write([pymongo.InsertOne({})]),
        lambda: (table.drop(), table.insert_one({})),
    )
    with other:
        for write in (*writes, *writes):
            write()
            assert table.count_documents({}) == 1
            emptying.clear(["emptied_again"])
            assert table.count_documents({}) == 0

"""The database backend reads joined columns right, on the embedded store too."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from emulator.mongodb.base import with_paths


def test_nested_documents_become_paths_and_expressions_stay():
    pipeline = [
        {"$project": {"a": {"b": 1, "c": {"d": "$x"}}, "e": {"$add": [1, 2]}, "f": 1, "g": {}}},
        {"$lookup": {"from": "t", "pipeline": [{"$set": {"h": {"i": 1}}}], "as": "u"}},
        {"$facet": {"k": [{"$addFields": {"l": {"m": 2}}}]}},
        {"$match": {"a": {"b": 1}}},
    ]
    assert with_paths(pipeline) == [
        {"$project": {"a.b": 1, "a.c.d": "$x", "e": {"$add": [1, 2]}, "f": 1, "g": {}}},
        {"$lookup": {"from": "t", "pipeline": [{"$set": {"h.i": 1}}], "as": "u"}},
        {"$facet": {"k": [{"$addFields": {"l.m": 2}}]}},
        {"$match": {"a": {"b": 1}}},
    ]


@pytest.mark.django_db
def test_columns_of_a_joined_table():
    rows = Permission.objects.filter(codename="add_station")
    assert list(rows.values_list("content_type__app_label", "codename").order_by()) == [
        ("stations", "add_station")
    ]


@pytest.mark.django_db
def test_joined_objects_ordered_by_joined_columns():
    permission = Permission.objects.select_related("content_type").get(codename="add_station")
    assert str(permission).endswith("Can add station")
    names = [str(row) for row in Permission.objects.select_related("content_type")]
    assert len(names) > 20 and all("|" in name for name in names)


@pytest.mark.django_db
@pytest.mark.parametrize("by_group", [False, True])
def test_permissions_of_a_user(by_group):
    user = get_user_model().objects.create_user("ada")
    permission = Permission.objects.get(codename="add_station")
    if by_group:
        group = Group.objects.create(name="editors")
        group.permissions.add(permission)
        user.groups.add(group)
    else:
        user.user_permissions.add(permission)
    assert user.has_perm("stations.add_station")
    assert not user.has_perm("stations.delete_station")


def test_a_stage_that_sets_fields_to_themselves_is_left_out():
    nothing = {"$addFields": {"identity": "$identity", "name": "$name"}}
    something = {"$addFields": {"identity": "$identity", "label": "$name"}}
    assert with_paths([nothing, something, {"$limit": 1}]) == [something, {"$limit": 1}]

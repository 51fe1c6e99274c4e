"""An outage has many names: all of them are known, and nobody catches one of them alone."""

from __future__ import annotations

import ast

import django.db
import kombu.exceptions
import pymongo.errors as mongo
import pytest
import redis.exceptions as redis

from runtime.stores import STORE_ERRORS, StoreAway, away

from .test_ends import functions

# What names one client's errors. A handler of these misses the same outage by another client.
PARTIAL = {
    "PyMongoError", "ConnectionFailure", "AutoReconnect", "NetworkTimeout", "RedisError",
    "ServerSelectionTimeoutError", "DatabaseError", "InterfaceError", "OperationalError",
}  # fmt: skip
PARTIAL_OF_REDIS = {"ConnectionError", "TimeoutError"}


def names(node: ast.AST | None):
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Name):
            yield inner.id
        if isinstance(inner, ast.Attribute):
            of_redis = inner.attr in PARTIAL_OF_REDIS and "redis" in ast.unparse(inner.value)
            yield "redis." + inner.attr if of_redis else inner.attr


# (file, function) in a process that has redis-py alone: the others' names would be its memory.
ONE_CLIENT = {
    ("emulator/processes/services.py", "tell_states"),
    ("emulator/processes/services.py", "do"),
}


def test_handlers_around_a_store_catch_what_any_client_of_it_raises():
    found = []
    for path, function in functions():
        if path.startswith(("runtime/", "benchmarks/")) or (path, function.name) in ONE_CLIENT:
            continue
        caught = [node.type for node in ast.walk(function) if isinstance(node, ast.ExceptHandler)]
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                caught += node.args
        for kind in caught:
            partial = {n for n in names(kind) if n in PARTIAL or n.startswith("redis.")}
            found += [f"{path}:{kind.lineno} catches {name}" for name in sorted(partial)]
    assert not found, f"catch runtime.stores.STORE_ERRORS: {found}"


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


def while_handling(error: Exception, first: Exception) -> Exception:
    error.__context__ = first
    return error


def in_a_circle(one: Exception, other: Exception) -> Exception:
    one.__cause__, other.__cause__ = other, one
    return one


OUTAGES = [
    (mongo.ServerSelectionTimeoutError("no servers"), "MongoDB"),
    (mongo.AutoReconnect("closed"), "MongoDB"),
    (mongo.NetworkTimeout("timed out"), "MongoDB"),
    (mongo.ExecutionTimeout("too long", 50), "MongoDB"),
    (mongo.OperationFailure("no room", 14031), "MongoDB"),
    (caused(django.db.DatabaseError(), mongo.AutoReconnect("closed")), "MongoDB"),
    (while_handling(django.db.DatabaseError(), redis.TimeoutError("reading")), "Redis"),
    (redis.ConnectionError("refused"), "Redis"),
    (redis.TimeoutError("reading"), "Redis"),
    (redis.BusyLoadingError("LOADING"), "Redis"),
    (redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "Redis"),
    (redis.ResponseError("Error running script: @user_script: 24: -MISCONF Errors"), "Redis"),
    (redis.OutOfMemoryError("command not allowed"), "Redis"),
    (kombu.exceptions.OperationalError("refused"), "Redis"),
    (StoreAway("MongoDB"), "MongoDB"),
    (ExceptionGroup("several", [ValueError(), redis.TimeoutError()]), "Redis"),
]


def test_errors_that_name_one_another_have_an_end():
    assert away(in_a_circle(ValueError(), KeyError())) == ""
    assert away(in_a_circle(ValueError(), redis.TimeoutError())) == "Redis"


@pytest.mark.parametrize(("error", "store"), OUTAGES, ids=lambda value: repr(value)[:60])
def test_every_outage_is_known(error, store):
    assert away(error) == store
    if not isinstance(error, StoreAway | ExceptionGroup):
        assert isinstance(error, STORE_ERRORS)


@pytest.mark.parametrize("error", [
    ValueError("no"), django.db.IntegrityError("twice"), mongo.OperationFailure("bad", 2),
    redis.ResponseError("WRONGTYPE"), mongo.DuplicateKeyError("twice"), TimeoutError(), OSError(),
], ids=repr)  # fmt: skip
def test_what_is_no_outage_is_not_taken_for_one(error):
    assert away(error) == ""

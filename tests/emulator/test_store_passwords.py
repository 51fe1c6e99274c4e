"""The embedded stores ask for a password, and nobody else on the machine can read it."""

from __future__ import annotations

import subprocess

import pymongo
import pytest
import redis

from benchmarks.processes import free_port, wait_until
from emulator.processes import embedded
from emulator.processes.preflight import CannotStart
from emulator.profiles import addresses, secret_files


@pytest.fixture
def started(tmp_path):
    """A function that runs a service of the directory until the test ends."""
    running = []

    def start(service) -> None:
        running.append(subprocess.Popen(service.command, cwd=service.cwd))

        def answers() -> bool:
            assert running[-1].poll() is None
            try:
                return service.ready(running[-1].pid)
            except (redis.RedisError, pymongo.errors.PyMongoError):
                return False

        wait_until(answers, 60, f"{service.name} answers")

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_redis_answers_those_who_know_the_password(tmp_path, started):
    port = free_port()
    service = embedded.redis_service(tmp_path, port)
    started(service)
    password = addresses.store_password(tmp_path, "redis")
    assert password not in " ".join(service.command)
    for url in (f"redis://127.0.0.1:{port}", f"redis://:wrong@127.0.0.1:{port}"):
        with pytest.raises((redis.AuthenticationError, redis.ResponseError)):
            redis.Redis.from_url(url).set("x", 1)
    with redis.Redis.from_url(addresses.embedded_redis_url(tmp_path, port)) as client:
        assert client.set("x", 1) and client.config_get("appendonly") == {"appendonly": "yes"}
    for name in ("redis_password", "redis/redis.conf"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_mongodb_answers_those_who_know_the_password(tmp_path, started):
    """Data of before, and a password that was lost, too."""
    said = []
    with pymongo_of(tmp_path, started, said) as client:
        client.shop.things.insert_one({"_id": 1})
    embedded.give_mongodb_its_user(tmp_path, said.append)
    assert len(said) == 1  # it is known


def pymongo_of(directory, started, said) -> pymongo.MongoClient:
    embedded.give_mongodb_its_user(directory, said.append)
    port = free_port()
    service = embedded.mongodb_service(directory, port)
    assert addresses.store_password(directory, "mongodb") not in " ".join(service.command)
    started(service)
    for user in ("", f"{addresses.USER}:wrong@"):
        uri = f"mongodb://{user}127.0.0.1:{port}/?directConnection=true&authSource=admin"
        with pymongo.MongoClient(uri, serverSelectionTimeoutMS=2000) as stranger:
            with pytest.raises(pymongo.errors.PyMongoError, match="authentication"):
                stranger.shop.things.find_one()
    return pymongo.MongoClient(addresses.embedded_mongodb_uri(directory, port))


def test_the_newest_redis_server_is_taken(tmp_path, monkeypatch):
    for name, version in (("venv", "6.2.14"), ("system", "7.0.15"), ("odd", "")):
        folder = tmp_path / name
        folder.mkdir()
        program = folder / "redis-server"
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0:0'\n")
        program.chmod(0o700)
    here = str(tmp_path / "venv" / "redis-server")
    monkeypatch.setattr(embedded, "executable", lambda name: here)
    for path, chosen in (("system", "system"), ("odd", "venv"), ("nowhere", "venv")):
        monkeypatch.setattr(embedded, "SYSTEM_PATHS", str(tmp_path / path))
        assert embedded.redis_program(tmp_path) == str(tmp_path / chosen / "redis-server")
    # Redis 7 keeps its append-only file in a folder, which an earlier one would not look into.
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(CannotStart, match="apt-get install redis-server"):
        embedded.redis_program(tmp_path)


@pytest.mark.parametrize(
    ("variable", "url", "expected"),
    [
        ("REDIS_URL", "redis://redis:6379/0", "redis://:s%2Fecret@redis:6379/0"),
        ("REDIS_URL", "redis://:own@redis:6379/0", "redis://:own@redis:6379/0"),
        ("MONGODB_URI", "mongodb://emulator@a:1,b:2/?x=y", "mongodb://emulator:s%2Fecret@a:1,b:2/?x=y"),
    ],
)  # fmt: skip
def test_a_password_may_stand_in_a_file(tmp_path, monkeypatch, variable, url, expected):
    (tmp_path / "secret").write_text("s/ecret\n")
    name = "REDIS_PASSWORD" if variable == "REDIS_URL" else "MONGODB_PASSWORD"
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv(variable, url)
    ask = addresses.redis_url if variable == "REDIS_URL" else addresses.mongodb_uri
    assert ask(tmp_path) == expected


def test_a_secret_is_made_once_and_is_this_users_alone(tmp_path):
    first = secret_files.kept(tmp_path / "new" / "secret")
    assert first == secret_files.kept(tmp_path / "new" / "secret") and len(first) > 60
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700

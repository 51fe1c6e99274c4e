"""Commands of many runs at once: equal ones of one moment are one message, each has its answer."""

from __future__ import annotations

import asyncio

import pytest

from scenarios.engine import commander as commanders
from scenarios.engine.commander import Commander
from stations.orders.commands import CommandFailed

PATIENCE = 60.0


async def test_equal_commands_of_one_moment_are_one_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = []

    async def send(names: list[str], name: str, args: dict, timeout: float) -> dict:
        sent.append((name, args, sorted(names)))
        return {each: {"result": {"of": each}} for each in names}

    monkeypatch.setattr(commanders, "send_commands", send)
    desk = Commander()
    same = [("A", "plug", 1), ("B", "plug", 1), ("A", "plug", 1)]
    asked = [*same, ("C", "plug", 2), ("C", "tap", 1)]
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*(
            desk.command(station, name, {"connector": connector}, 5.0)
            for station, name, connector in asked
        ))  # fmt: skip
    assert [answer["of"] for answer in answers] == [station for station, *_ in asked]
    assert sorted(sent, key=lambda one: (one[0], one[1]["connector"], one[2])) == [
        ("plug", {"connector": 1}, ["A"]), ("plug", {"connector": 1}, ["A", "B"]),
        ("plug", {"connector": 2}, ["C"]), ("tap", {"connector": 1}, ["C"]),
    ]  # fmt: skip
    assert desk.sent == len(sent)


@pytest.mark.parametrize(("answers", "words"), [
    ({}, "The command was not given: no answer came"),
    (ConnectionError("Redis is away"), "The command was not given: Redis is away"),
])  # fmt: skip
async def test_who_has_no_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, answers: dict | Exception, words: str
) -> None:
    async def send(*_: object) -> dict:
        if isinstance(answers, Exception):
            raise answers
        return answers

    monkeypatch.setattr(commanders, "send_commands", send)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(CommandFailed) as failed:
            await Commander().command("A", "plug", {}, 5.0)
    assert (failed.value.code, failed.value.message) == ("unavailable", words)

"""A station's whole life: every chapter, and then what the wire and the log say of it."""

from __future__ import annotations

from chargepoint import schemas

from .chapters_2x import Chapter
from .conversation import Conversation
from .wire import assert_logged_once, assert_valid, await_logged


def live_through(talk: Conversation, chapters: tuple[Chapter, ...], pending: set[str]) -> None:
    """`pending`: actions that are not emulated yet; the chapters that are for them wait too."""
    for chapter in chapters:
        if chapter.actions.isdisjoint(pending):
            chapter(talk)
            seen = {frame.action for frame in talk.wire.frames(talk.name)}
            assert chapter.actions <= seen, f"{chapter.__name__} is not what it says"
    frames = talk.wire.frames(talk.name)
    seen = {frame.action for frame in frames} - {""}
    every = set(schemas.actions(talk.version))
    assert every - seen == pending, "what was not seen, and what is said to be pending"
    assert seen <= every | {"NotifyPeriodicEventStream"}  # 2.1 sends it without a response
    await_logged(talk.stack.mongo, talk.wire, talk.name)
    assert_valid(frames, talk.version)
    assert_logged_once(talk.stack.mongo, talk.wire, talk.name)

"""A station's whole life: every chapter, and then what the wire and the log say of it."""

from __future__ import annotations

from chargepoint.wire import schemas

from .chapters_2x import Chapter
from .conversation import Conversation
from .wire import assert_logged_once, assert_valid, await_logged


def live_through(talk: Conversation, chapters: tuple[Chapter, ...]) -> None:
    for chapter in chapters:
        chapter(talk)
        seen = {frame.action for frame in talk.wire.frames(talk.name)}
        assert chapter.actions <= seen, f"{chapter.__name__} is not what it says"
    frames = talk.wire.frames(talk.name)
    assert {frame.action for frame in frames} - {""} == schemas.actions(talk.version)
    await_logged(talk.stack.mongo, talk.wire, talk.name)
    assert_valid(frames, talk.version)
    assert_logged_once(talk.stack.mongo, talk.wire, talk.name)

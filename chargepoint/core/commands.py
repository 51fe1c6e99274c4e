"""What an operator can have a station do: see common/operator.py.

A command that cannot be carried out raises CommandRejected and changes nothing.
"""

# Commands that only look: nothing has changed after them.
LOOKS = frozenset({"faults", "interception", "look", "schedule", "settings"})
# Commands that put a frame on the wire which the station itself would not have sent, or not so.
INJECTING = frozenset({"message", "release", "drop", "answer", "respond"})


class CommandRejected(Exception):
    """An operator's command that cannot be carried out. `code` for programs, text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

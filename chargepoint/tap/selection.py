"""Which frames a fault or a breakpoint is for."""

import msgspec

from chargepoint.effects import Frame

DIRECTIONS = ("sent", "received", "both")
KINDS = ("Call", "CallResult", "CallError", "CallResultError", "Send", "Invalid")
ANSWERS = ("CallResult", "CallError")  # of a Call


class Selection(msgspec.Struct, frozen=True):
    """`direction` as the station sees it; no actions or no kinds: all of them."""

    direction: str = "both"
    actions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def fits(self, frame: Frame) -> bool:
        return (
            (self.direction == "both" or self.direction == frame.direction)
            and (not self.kinds or frame.kind in self.kinds)
            and (not self.actions or frame.action in self.actions)
        )

    def shown(self) -> dict[str, str]:
        """As an operator gives it."""
        return {
            "direction": self.direction,
            "action": ",".join(self.actions),
            "kind": ",".join(self.kinds),
        }


def selection(direction: str, action: str, kind: str) -> Selection:
    """From an operator's words: `action` and `kind` are one or several by comma, "" for all.

    Raises ValueError with a sentence.
    """
    if direction not in DIRECTIONS:
        raise ValueError("The direction is sent, received or both.")
    kinds = words(kind)
    if not set(kinds) <= set(KINDS):
        raise ValueError(f"The kind is one or more of: {', '.join(KINDS)}.")
    actions = words(action)
    if len(actions) > 100 or any(len(name) > 60 for name in actions):
        raise ValueError("Name at most 100 actions of at most 60 characters.")
    return Selection(direction, actions, kinds)


def words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

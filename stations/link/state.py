"""The states of a station's link, and the codes that close one (RFC 6455, 7.4.1)."""

import enum

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_CODE, ABNORMAL = 1000, 1001, 1002, 1005, 1006
INVALID_TEXT, TOO_BIG = 1007, 1009


class LinkState(enum.Enum):
    OFF = "off"
    WAITING = "waiting"  # for the back-off to pass
    DIALING = "dialing"  # or queued to dial
    OPEN = "open"
    CLOSING = "closing"

"""permessage-deflate of a client (RFC 7692), without context takeover either way.

So a connection keeps no window: a message is compressed and inflated by itself.
"""

import re
import zlib
from collections.abc import Sequence

from chargepoint.config import MAX_FRAME

NAME = "permessage-deflate"
OFFER = f"{NAME}; server_no_context_takeover; client_no_context_takeover"

_TAIL = b"\x00\x00\xff\xff"  # 7.2.1: not sent with a message
# What may stand behind a block that says it is the last one (7.2.3.4), with the tail.
_NOTHING_MORE = (b"", _TAIL, b"\x00" + _TAIL)
# A message of OCPP repeats itself within little: a window of 4 KiB costs 20 KiB while it is used.
_WINDOW, _MEMORY = -12, 5
_BITS = re.compile(r'"?(8|9|1[0-5])"?\Z')


class NotAgreed(Exception):
    """The server's answer is none to our offer, in words; the connection must fail (5.1)."""


class TooLarge(Exception):
    """A message would inflate beyond its limit."""


def agreed(headers: Sequence[str], offered: bool) -> bool:
    """Whether messages are compressed, by the server's Sec-WebSocket-Extensions.

    Raises NotAgreed where it answers with what was not offered (RFC 7692, 5 and 7.1).
    """
    answers = [part.strip() for header in headers for part in header.split(",")]
    answers = [part for part in answers if part]
    if not answers:
        return False
    name, *parameters = [part.strip() for part in answers[0].split(";")]
    if not offered or name.lower() != NAME or len(answers) > 1:
        raise NotAgreed(
            f"the CSMS agreed to the extension {answers[-1][:60]}, which nobody offered"
        )
    known: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = (part.strip() for part in parameter.partition("="))
        if key.lower() in known:
            raise NotAgreed(f"the CSMS named {key[:40]} of {NAME} twice")
        known[key.lower()] = value
    _check(known)
    return True


def _check(parameters: dict[str, str]) -> None:
    for key, value in parameters.items():
        is_flag = key in ("server_no_context_takeover", "client_no_context_takeover")
        # 7.1.2.1: a server may name its own window, also where nobody asked it to.
        if not (is_flag and not value or key == "server_max_window_bits" and _BITS.match(value)):
            raise NotAgreed(f"the CSMS answered {NAME} with {key[:40]}={value[:20]}, unasked for")
    if "server_no_context_takeover" not in parameters:  # 7.1.1.1
        raise NotAgreed(f"the CSMS wants {NAME} with a context that outlives a message")


def deflated(data: bytes) -> bytes | None:
    """The message's payload (7.2.1); None where it would not be shorter."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, _MEMORY)
    packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed[: -len(_TAIL)] if len(packed) - len(_TAIL) < len(data) else None


def inflated(data: bytes, limit: int = MAX_FRAME) -> bytes:
    """The inverse (7.2.2). Raises TooLarge beyond `limit` bytes, ValueError for what is none."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = unpacker.decompress(data + _TAIL, limit + 1)
    except zlib.error as error:
        raise ValueError("the message cannot be inflated") from error
    if len(text) > limit:
        raise TooLarge("message too big when inflated")
    if unpacker.unconsumed_tail or unpacker.unused_data not in _NOTHING_MORE:
        raise ValueError("the message cannot be inflated")
    return text

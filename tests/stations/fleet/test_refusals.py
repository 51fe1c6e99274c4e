"""Why a connection could not be made, as an operator reads it."""

from __future__ import annotations

import errno
import socket
import ssl

import picows
import pytest

from stations.link.dialing import failure_kind, refusal

SEVERAL = (
    "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), "
    "[Errno 111] Connect call failed ('127.0.0.1', 1)"
)


def untrusted() -> ssl.SSLCertVerificationError:
    found = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] (_ssl.c:1006)")
    found.verify_message = "self-signed certificate"
    return found


def handshake(head: bytes | None) -> picows.WSHandshakeError:
    """What picows raises of an answer that it does not read."""
    return picows.WSHandshakeError("strange", head, b"", None)


@pytest.mark.parametrize("failure, words", [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"),
     "nobody listens at the CSMS's address: connection refused"),
    (OSError(SEVERAL), "nobody listens at the CSMS's address: connection refused"),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
     "the CSMS's name is not known: Name or service not known"),
    (OSError(errno.ENETUNREACH, "Connect call failed ('203.0.113.9', 1)"),
     "Network is unreachable"),
    (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    (OSError("Multiple exceptions: [Errno 113] A, [Errno 101] B"), "Multiple exceptions: A, B"),
    (untrusted(), "certificate verify failed: self-signed certificate"),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
     "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
    (TimeoutError(), "no answer in time"),
    (ConnectionResetError("the CSMS closed the connection during the handshake"),
     "the CSMS closed the connection during the handshake"),
    (ConnectionResetError(), "ConnectionResetError"),
    (handshake(b"HTTP/1.0 401 Unauthorized\r\nServer: x"),
     "the CSMS answered HTTP 401 Unauthorized"),
    (handshake(b"HTTP/1.0 999 Strange"), "strange"),
    (handshake(b"HTTP/1.0 200 OK"), "strange"),
    (handshake(b"SSH-2.0-OpenSSH"), "strange"),
    (handshake(None), "strange"),
])  # fmt: skip
def test_an_operator_is_told_in_words(failure, words):
    assert refusal(failure) == words


@pytest.mark.parametrize("code, kind", [(401, "refused"), (403, "refused"), (503, "network")])
def test_a_refusal_in_http_1_0_is_one_too(code, kind):
    assert failure_kind(handshake(b"HTTP/1.0 %d x" % code)) == kind

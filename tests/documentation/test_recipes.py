"""Recipes for other programs, checked by these where they are installed: nginx, CI, compose.

Kubernetes: tests/emulator/test_kubernetes.py. What cannot be run at all is said on its page.
"""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
import websockets.sync.client
import websockets.sync.server

from benchmarks.processes import answers, free_port, wait_until
from documentation import typed
from documentation.project import DOCS, ROOT
from tests.stations.fleet.test_tls_dialing import Authority

PATIENCE = 60.0


def _only_block(page: str, language: str) -> str:
    [block] = [b for b in typed.blocks(DOCS / page) if b.language == language]
    return block.text


@pytest.fixture
def upstream() -> Iterator[int]:
    """A stand-in for the web process: it answers with the headers that reach it."""

    def told(connection, request):
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        if "upgrade" not in headers:
            return connection.respond(HTTPStatus.OK, json.dumps(headers))
        return None

    def echo(connection) -> None:
        for message in connection:
            connection.send(message)

    server = websockets.sync.server.serve(echo, "127.0.0.1", 0, process_request=told)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.socket.getsockname()[1]
    server.shutdown()
    thread.join(PATIENCE)


@pytest.fixture
def proxy(upstream, tmp_path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """nginx with the configuration of the page, on ports of the test's."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    port, root = free_port(), Authority("root")
    certificate, key = root.issue("emulator.example", "127.0.0.1")
    (tmp_path / "tls.pem").write_text(certificate)
    (tmp_path / "tls.key").write_text(key)
    text = _only_block("deploy/one-server.md", "nginx")
    for said, own in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/emulator.pem": str(tmp_path / "tls.pem"),
        "/etc/ssl/emulator.key": str(tmp_path / "tls.key"),
        "http://127.0.0.1:8000": f"http://127.0.0.1:{upstream}",
    }.items():
        assert text.count(said) == 1, said
        text = text.replace(said, own)
    own = "".join(
        f"{kind}_temp_path {tmp_path / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path / 'pid'}; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off;\n{own}{text}}}\n"
    )
    words = [nginx, "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
    tested = subprocess.run([*words, "-t"], capture_output=True, text=True, timeout=PATIENCE)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    context = ssl.create_default_context(cadata=root.pem)
    try:
        wait_until(lambda: answers(port), PATIENCE, "nginx listens")
        yield port, context
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _get(port: int, context: ssl.SSLContext, **headers: str) -> tuple[str, dict[str, str]]:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["GET /api/health HTTP/1.1", "Host: emulator.example", *lines, "", ""])
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as link,
    ):
        link.sendall(head.encode())
        got = b""
        while b"}" not in got and (more := link.recv(65536)):
            got += more
    status, _, body = got.decode().partition("\r\n")
    return status, json.loads(body.partition("\r\n\r\n")[2])


def test_the_reverse_proxy_tells_who_asks_and_how(proxy):
    status, headers = _get(*proxy, **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"})
    assert status == "HTTP/1.1 200 OK"
    assert headers["host"] == "emulator.example"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"


def test_the_reverse_proxy_passes_websockets(proxy):
    port, context = proxy
    url = f"wss://emulator.example:{port}/ws/messages"
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    with websockets.sync.client.connect(
        url, ssl=context, sock=plain, server_hostname="127.0.0.1", proxy=None
    ) as link:
        link.send("hello")
        assert link.recv(PATIENCE) == "hello"


def _accepted(tool: str, *words: str | Path) -> None:
    program = Path(sys.executable).parent / tool
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path", "more"),
    [
        ("vendor.github-workflows", "examples/github-actions.yml", ()),
        ("vendor.gitlab-ci", "examples/gitlab-ci.yml", ("--data-transform", "gitlab-ci")),
        ("vendor.compose-spec", "docker/compose.yaml", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_it_is_what_its_schema_says(schema, path, more):
    """By check-jsonschema, which has the schemas of these formats with it."""
    _accepted("check-jsonschema", "--builtin-schema", schema, *more, ROOT / path)


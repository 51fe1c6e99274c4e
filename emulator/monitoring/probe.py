"""python -m emulator.monitoring.probe PROCESS: exit code 0 if it is healthy.

PROCESS: web, charge-points, scenarios, celery, beat, or port N.

For the health checks of docker/: it asks about the process in this container, without Django.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.request

from emulator.monitoring import signs

DEFAULT_REDIS = "redis://127.0.0.1:6379/0"


def web() -> bool:
    """The health page answers 200; it says 503 while a store is away."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    port = os.environ.get("PROBE_PORT", "8000")
    with opener.open(f"http://127.0.0.1:{port}/api/health", timeout=3) as answer:
        return answer.status == 200


def in_redis(kind: str, host: str) -> bool:
    """Whether the process of this host (a container has a host name of its own) gave a sign."""
    with signs.connect(os.environ.get("REDIS_URL") or DEFAULT_REDIS, 2) as client:
        found = signs.read(client)
    if kind == "charge-points":
        return any(line["id"].startswith(f"{host}-") for line in found.charge_points)
    if kind == "scenarios":
        return any(line["id"].startswith(f"{host}-") for line in found.scenarios)
    if kind == "celery":
        return any(
            line["host"] == host and not signs.silent_children(line, found) for line in found.celery
        )
    return bool(found.beat)  # there is only one


def port(number: int) -> bool:
    """Whether a local port is listened on. Raises OSError where it is not."""
    socket.create_connection(("127.0.0.1", number), 3).close()
    return True


def main(arguments: list[str]) -> int:
    """Exit code: 0 healthy, 1 not (the reason goes to stderr), 2 arguments that are not known."""
    match arguments:
        case ["web"]:
            ask = web
        case ["charge-points" | "scenarios" | "celery" | "beat" as kind]:
            ask = lambda: in_redis(kind, socket.gethostname())  # noqa: E731
        case ["port", number] if number.isdigit():
            ask = lambda: port(int(number))  # noqa: E731
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    try:
        healthy = ask()
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

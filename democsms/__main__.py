"""python -m democsms: run the demo CSMS until SIGTERM or Ctrl-C.

With --strict it is the reference CSMS of the suites (docs/reference/suites.md): it decides by its
tables.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from democsms.office import Office
from democsms.server import Doors, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m democsms", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9220)
    parser.add_argument("--tls-port", type=int, help="wss as well, with a certificate of its own")
    parser.add_argument(
        "--control-port", type=int, help="HTTP by which a test makes it act (default: none)"
    )
    parser.add_argument("--control-host", default="127.0.0.1")
    parser.add_argument(
        "--strict", action="store_true", help="refuse id tokens and vendors that it does not know"
    )
    parser.add_argument(
        "--passwords", type=Path, metavar="FILE",
        help="JSON object: identity to password of basic authentication; others come without",
    )  # fmt: skip
    parser.add_argument(
        "--interval", type=int, default=60, help="seconds between heartbeats (default: 60)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="start and stop charging by itself, now and then"
    )
    parser.add_argument("--quiet", action="store_true", help="print no line for each message")
    options = parser.parse_args()
    office = Office(options.interval, options.strict, not options.quiet)
    if options.passwords:
        office.passwords.update(json.loads(options.passwords.read_text()))
    doors = Doors(
        options.host, options.port, options.control_host, options.control_port, options.tls_port
    )
    asyncio.run(serve(doors, office, options.demo))


if __name__ == "__main__":
    main()

"""python -m democsms: run the demo CSMS until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio

from democsms.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m democsms", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9220)
    parser.add_argument(
        "--interval", type=int, default=60, help="seconds between heartbeats (default: 60)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="start and stop charging by itself, now and then"
    )
    parser.add_argument("--quiet", action="store_true", help="print no line for each message")
    options = parser.parse_args()
    asyncio.run(
        serve(options.host, options.port, options.interval, options.demo, not options.quiet)
    )


if __name__ == "__main__":
    main()

"""python -m documentation: write | check | build

write: the pages that are made from the code. check: which of them are not what the code says; exit
code 1 where there are any. build: the site under /docs, with --if-changed only where a source has.
"""

from __future__ import annotations

import argparse
import sys

from documentation import build as building


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m documentation", description=__doc__)
    does = parser.add_subparsers(dest="does", required=True)
    does.add_parser("write", help="renew the pages that are made from the code")
    does.add_parser("check", help="name those that are not what the code says")
    site = does.add_parser("build", help="build the site")
    site.add_argument("--if-changed", action="store_true", help="only where a source has changed")
    options = parser.parse_args(arguments)
    if options.does == "build":
        return _build(options.if_changed)
    from documentation import pages  # needs Django, which the site does not

    stale = pages.stale()
    for path, text in stale.items():
        if options.does == "write":
            path.write_text(text)
        print(f"{'written' if options.does == 'write' else 'not as the code is'}: {path}")
    return 1 if stale and options.does == "check" else 0


def _build(if_changed: bool) -> int:
    try:
        made = building.build(if_changed=if_changed)
    except building.BuildFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{building.OUTPUT} is {'new' if made else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

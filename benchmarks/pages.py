"""`python -m benchmarks.pages` (make bench-pages): the first byte of every page of the admin.

A platform as its users run it (`manage.py up`, embedded stores), its stations connected to a sink
and its log filled for a day. The pages are those that links lead to from the first one, one of
each kind and each list once more by each of its filters; each is asked for some times, one after
the other, and its slowest first byte counts.
"""

from __future__ import annotations

import argparse
import html
import http.client
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.admin_client import AdminClient
from benchmarks.child import Child
from benchmarks.fleets.ours import Platform
from benchmarks.processes import raise_file_limit, wait_until
from benchmarks.report import markdown_table, plain_table
from benchmarks.stack import ADMIN

HEAD = ["page", "first byte, ms: worst", "median", "whole, ms: worst", "KiB"]
START = "/admin/"
LINK = re.compile(r'<a\b[^>]*?href="([^"#]*)', re.DOTALL)
ROW = re.compile(r"[0-9a-f]{24}|(?<=/of/)[^/]+")
LEFT = ("/logout/", "/export/", "/readings/", "/jsi18n/")  # files, and what logs one out
ONE_OF_EACH = ("o", "p", "cursor", "page", "from", "to", "all")
MOST = 400  # pages; there are some 150
LIMIT_MS = 1000
BOOTS = 600.0  # seconds


@dataclass
class Measured:
    """firsts and wholes: ms; size: bytes."""

    address: str
    firsts: list[float] = field(default_factory=list)
    wholes: list[float] = field(default_factory=list)
    size: int = 0
    refused: int = 0  # times that it was not shown

    def line(self) -> list[str]:
        return [
            self.address[:90], f"{max(self.firsts):.0f}", f"{statistics.median(self.firsts):.0f}",
            f"{max(self.wholes):.0f}", f"{self.size / 1024:.0f}",
        ]  # fmt: skip


class Reader:
    """One browser's connection, with its log-in."""

    def __init__(self, url: str) -> None:
        self._at = urlsplit(url)
        client = AdminClient(url, *ADMIN)
        self._cookie = "; ".join(f"{each.name}={each.value}" for each in client.jar)

    def get(self, address: str) -> tuple[int, str, float, float, str]:
        """(status, content type, ms to the first byte, ms in all, text)."""
        link = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=120)
        try:
            link.connect()
            began = time.perf_counter()
            link.request("GET", address, headers={"Cookie": self._cookie, "Accept": "text/html"})
            answer = link.getresponse()
            first = time.perf_counter()
            text = answer.read()
            whole = time.perf_counter()
        finally:
            link.close()
        kind = answer.headers.get("Content-Type", "")
        told = text.decode("utf-8", "replace") if kind.startswith("text/html") else ""
        return answer.status, kind, 1000 * (first - began), 1000 * (whole - began), told


def links_of(text: str, address: str) -> Iterator[str]:
    for found in LINK.findall(text):
        link = html.unescape(found)
        if link.startswith("?"):
            link = address.partition("?")[0] + link
        if link.startswith(START) and not any(part in link for part in LEFT):
            yield link


def kind_of(address: str) -> str:
    """The same for pages that differ by a row or by a filter's value."""
    path, _, query = address.partition("?")
    names = sorted({part.partition("=")[0] for part in query.split("&") if part})
    return ROW.sub("ID", path) + "?" + "&".join(names)


def walk(reader: Reader, say) -> list[str]:
    """One address of each kind that a link leads to."""
    found, waiting, kinds = [], [START], set()
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        status, kind, _, _, text = reader.get(address)
        if status == 302 or not kind.startswith("text/html"):
            continue
        if status != 200:
            say(f"  {address}: HTTP {status}")
            continue
        found.append(address)
        for link in links_of(text, address):
            names = kind_of(link).partition("?")[2].split("&")
            # A filter and an order each, not each with each.
            if kind_of(link) not in kinds and len(names) <= 1:
                kinds.add(kind_of(link))
                waiting.append(link)
    return found


def measure(reader: Reader, addresses: list[str], times: int) -> list[Measured]:
    rows = [Measured(address) for address in addresses]
    for _ in range(times):
        for row in rows:
            status, _, first, whole, text = reader.get(row.address)
            row.refused += status != 200
            row.firsts.append(first)
            row.wholes.append(whole)
            row.size = len(text.encode())
    return sorted(rows, key=lambda row: -max(row.firsts))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--stations", type=int, default=5000)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=3, help="that each page is asked for")
    parser.add_argument("--output", type=Path, help="write the table there too, as Markdown")
    options = parser.parse_args()
    raise_file_limit()

    def say(text: str) -> None:
        print(text, flush=True)

    platform = Platform()
    with Child("benchmarks.sink") as sink:
        try:
            port = sink.ask("listen")
            platform.launch(f"ws://127.0.0.1:{port}/ocpp", options.stations)
            with Child(
                "benchmarks.filling", platform.directory / "filling.log", platform.env
            ) as filling:
                filled = filling.ask(
                    "fill", stations=platform.names, messages=options.messages, timeout=3600
                )
            say(f"filled: {filled}")
            platform.order()
            wait_until(
                lambda: sink.ask("stats")["calls"].get("BootNotification", 0) >= options.stations,
                BOOTS, "all have booted", 0.5,
            )  # fmt: skip
            reader = Reader(platform.url)
            addresses = walk(reader, say)
            say(f"{len(addresses)} pages; load {os.getloadavg()[0]:.1f}")
            rows = measure(reader, addresses, options.times)
        finally:
            platform.close()
    slow = [row for row in rows if max(row.firsts) > LIMIT_MS or row.refused]
    for row in rows:
        if row.refused:
            say(f"  {row.address}: not shown {row.refused} times of {options.times}")
    load = os.getloadavg()
    head = (
        f"{options.stations:,} stations, {filled['messages']:,} messages, {len(rows)} pages, "
        f"{len(slow)} over {LIMIT_MS} ms; load {load[0]:.1f} on {os.cpu_count()} cores"
    )
    lines = [row.line() for row in rows]
    say("\n" + plain_table(HEAD, lines) + "\n\n" + head)
    if options.output:
        options.output.write_text(head + "\n\n" + markdown_table(HEAD, lines[:25]) + "\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())

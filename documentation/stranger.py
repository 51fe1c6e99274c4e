"""python documentation/stranger.py: the tutorial of the first verdict, typed in a fresh clone.

It clones this repository into a temporary folder, types every command of
docs/tutorials/first-verdict.md as the page has it (those marked `not run` excepted), and takes the
time of each. Exit code 1 where a command fails or all of them take longer than the page promises.
It needs nothing but Python: the environment is what the page makes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from documentation.project import ROOT  # noqa: E402
from documentation.typed import Block, blocks  # noqa: E402

PAGE = "docs/tutorials/first-verdict.md"
PROMISE = 15 * 60.0  # seconds


def commands(clone: Path) -> list[Block]:
    return [each for each in blocks(clone / PAGE) if each.language == "sh" and not each.reason]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stranger-") as folder:
        clone = Path(folder) / "ocpp-emulator"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True)
        typed = commands(clone)
        return _type(clone, typed)


def _type(clone: Path, typed: list[Block]) -> int:
    # One shell, as the reader has one; it says how long each block took.
    script = "set -e\ntrap 'echo @@ end' EXIT\n" + "".join(
        f"begin=$(date +%s.%N)\n{each.text}\necho '@@' {each.line} $begin $(date +%s.%N)\n"
        for each in typed
    )
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept = {name: value for name, value in os.environ.items() if name.lower().startswith("pip_")}
    begin = time.monotonic()
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=clone, env=plain | kept, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    for line in shell.stdout:
        if line == "@@ end\n":
            break  # the CSMS in the background keeps the pipe open
        if line.startswith("@@ "):
            _, place, since, until = line.split()
            print(f"    {float(until) - float(since):7.1f} s  line {place}", flush=True)
        else:
            print(line, end="", flush=True)
    code, took = shell.wait(), time.monotonic() - begin
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)  # the CSMS that the page leaves in the background
    print(f"{PAGE}: {took:.0f} s, exit code {code}; promised are {PROMISE:.0f} s")
    return 1 if code or took > PROMISE else 0


if __name__ == "__main__":
    sys.exit(main())

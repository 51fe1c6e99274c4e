"""docs/reference/conformance.md, made from the data: which cases are proven, on how many CSMSs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance import breakages, kept, suites
from conformance.breakages import Breakage
from terminal.suites import documents
from terminal.suites.cases import Case

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "conformance.md"
LEAST = 2  # broken CSMSs that a case must find out
HEAD = """# Which cases are proven

Made by `python -m conformance --write`; do not edit it. A case of a suite in `scenarios/suites/` is
*proven* when it passes on the reference CSMS (`python -m democsms --strict`) and fails on at least
two CSMSs that are broken in one way each, with a sentence that names what is broken. `make
conformance` runs all of that and exits with 1 where a case does not pass on the reference, or less
than 98 % of the broken ones are found out.

<!-- not run: takes an hour -->
```sh
make conformance                                             # everything
.venv/bin/python -m conformance --suite 16 --only 'TC_04*' --verbose
.venv/bin/python -m conformance --suite 201 --good --frames  # what was said in what went wrong
.venv/bin/python -m conformance --in-a-row 20                # the correct CSMS, so many times
```

A CSMS is broken between the reference and the wire, by an entry in `conformance/broken/`:

| entry | the CSMS |
| --- | --- |
| `{"answer": action, "with": {path: value}}` | answers this action with other values |
| `{"answer": action, "drop": [path]}` | leaves fields of the answer out |
| `{"answer": action, "error": code}` | answers by a CallError |
| `{"answer": action, "result": payload}` | answers so, also where a CallError is right |
| `{"answer": action, "silent": true}`, `"twice"`, `"late": seconds` | answers not, twice, or late |
| `{"answer": action, "closes": true}`, `"ends"` | closes the link in its place, or after it |
| `{"answer": action, "then": {path: value}}` | answers, and answers again with other values |
| `{"answer": action, "astray": true}` | answers another station of the case in its place |
| `{"answer": action, "stale": true}` | answers always as it did first |
| `{"answer": action, "shift": {path: seconds}}` | tells times that are so much later; `call` too |
| `{"answer": action, "id": "former"}`, `"made-up"` | under the id of the Call before, or of none |
| `{"call": action, "id": "same"}`, `"long"` | all under one id, or under one of 40 characters |
| `{"answer": action, "form": kind}` | writes the frame in a wrong form; `call` too |
| `{"call": action, "with": ...}`, `"drop"`, `"twice"` | calls with other values, fewer, or twice |
| `{"call": action, "silent": true}` | says that it has called, and has not |
| `{"call": action, "as": other}` | calls something else |
| `{"call": action, "hears": {path: value}}` | heeds an answer that was not given |
| `{"link": kind}` | is wrong before any frame: passwords, certificates, sub-protocol |

Forms are `no-payload`, `text-payload`, `list-payload`, `null-payload`, `one-more` (element),
`text-type`, `number-id`, `object` and `binary`.

`"nth": 2` breaks only the second one of its kind, `"when": matcher` only where the Call matches (of
an answer: the one that is answered), `"says"` is what the failing sentence must have where that is
not the action's name, `"set"` gives the case's variables other values, and `"versions"` says in
which the case runs then. `"after"` breaks the CSMS only once a station has done what it does not
survive: `{"text": part of a frame}`, `{"calls": n}`, `{"again": true}` (an id twice), `{"links":
n}`, `{"seconds": n}`, `{"called": action}`; `"harms"` says for which stations of the case: `all`,
`self` or the `others`.

The trials are shared out over as many processes as there are processors, each with a reference of
its own; `--jobs` says how many run at a time. Load is judged when all else is done, for it is about
time.
"""


def page() -> str:
    return "\n".join([HEAD, *_whole_run(), *_in_a_row(), *_summary(), *_suites()]) + "\n"


def state_of(case: Case, broken: Mapping[str, list[Breakage]]) -> str:
    return "proven" if len(broken.get(case.id, [])) >= LEAST else "not proven"


def _whole_run() -> Iterator[str]:
    """The last one that was kept."""
    if (made := kept.last()) is None:
        return
    yield f"## The whole, in one run of {made['seconds']} s on {made['day']}"
    yield ""
    yield "Cases count in each of their versions, and so do the broken CSMSs."
    yield ""
    yield "| suite | cases | passed on the correct CSMS | broken CSMSs | found out | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in made["rows"]:
        figures = f"{row.cases} | {row.passed} | {row.mutants} | {row.caught} | {row.share}"
        yield f"| {row.title} | {figures} |"
    yield ""


def _in_a_row() -> Iterator[str]:
    if (made := kept.last_in_a_row()) is None:
        return
    yield "## In a row"
    yield ""
    yield (
        f"All {made.cases} cases on the correct CSMS, {made.runs} times in a row on {made.day}: "
        f"in {made.clean} of {made.runs} runs every case passed. A run took {made.seconds[0]} to "
        f"{made.seconds[1]} s, on a machine whose load was {made.load[0]:g} to {made.load[1]:g}."
    )
    yield ""


def _summary() -> Iterator[str]:
    yield "## The suites"
    yield ""
    yield "| suite | public cases | in the suite | proven | broken CSMSs |"
    yield "| --- | --- | --- | --- | --- |"
    for known in suites.found([]):
        cases, broken = _cases(known), breakages.read(known.folder)
        proven = sum(state_of(case, broken) == "proven" for case in cases)
        ids = known.ids()
        wanted = str(len(ids)) if ids else "-"
        number = sum(map(len, broken.values()))
        yield f"| {known.title} | {wanted} | {len(cases)} | {proven} | {number} |"
    yield ""


def _suites() -> Iterator[str]:
    for known in suites.found([]):
        cases, broken = _cases(known), breakages.read(known.folder)
        yield f"## {known.title}"
        yield ""
        yield "| case | what it is about | requirements | broken CSMSs | |"
        yield "| --- | --- | --- | --- | --- |"
        for case in cases:
            number = len(broken.get(case.id, []))
            wanted = ", ".join(case.requirements)
            yield f"| {case.id} | {case.name} | {wanted} | {number} | {state_of(case, broken)} |"
        yield ""
        yield from _missing(known, cases)


def _missing(known: suites.Known, cases: list[Case]) -> Iterator[str]:
    there, why = {case.id for case in cases}, breakages.missing(known.folder)
    missing = [identity for identity in known.ids() if identity not in there]
    if missing:
        yield "| missing | why |"
        yield "| --- | --- |"
        for identity in missing:
            yield f"| {identity} | {why.get(identity, 'not written yet')} |"
        yield ""


def _cases(known: suites.Known) -> list[Case]:
    """In the order of their ids, each once."""
    by_id = {case.id: case for case in documents.read(str(known.file), []).cases}
    return [by_id[identity] for identity in sorted(by_id)]

"""The verdicts of a case. See docs/reference/suites.md."""

PASS, FAIL, ERROR, PARTIAL, SKIPPED, NOT_APPLICABLE = VERDICTS = (
    "PASS", "FAIL", "ERROR", "PARTIAL", "SKIPPED", "NOT APPLICABLE",
)  # fmt: skip
# They show nothing: what the run lacks, or what is not for this version.
UNJUDGED = frozenset({SKIPPED, NOT_APPLICABLE})

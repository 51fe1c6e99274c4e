"""Suites: what is run, its verdicts, and how they are reported."""

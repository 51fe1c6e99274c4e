"""Proves the suites: each case passes on a correct CSMS, and fails on those broken in one way."""

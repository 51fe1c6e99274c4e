"""Measurements on real processes. `python -m benchmarks` prints them beside their targets."""

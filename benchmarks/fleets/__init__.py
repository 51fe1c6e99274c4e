"""A fleet as its users run it, on one sink: ours and the peers. `python -m benchmarks.fleets`."""

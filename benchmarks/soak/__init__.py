"""Hours of pressure on a platform, and what has grown. `python -m benchmarks.soak`."""

"""The pictures of the documentation: `python -m benchmarks.pictures`."""

"""Reports of a run: for people, for pipelines and for a README's badge."""

"""A pytest plugin: hypothesis finds a counter-example and stops, and remembers nothing."""

from hypothesis import Phase, settings

settings.register_profile(
    "mutants", phases=(Phase.explicit, Phase.generate), database=None, deadline=None,
    print_blob=False,
)  # fmt: skip
settings.load_profile("mutants")

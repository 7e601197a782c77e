"""
How many examples a property is tried with: HYPOTHESIS_PROFILE chooses the profile, HYPOTHESIS_EXAMPLES overrules its
number. A costly test takes its share of `settings().max_examples` instead of a number of its own, and so follows.

`make test` (ci) tries the same examples in every run, so that a failure is the change's; the dev profile draws new ones
each time, and is how new ones are found.
"""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

EXAMPLES = {"dev": 100, "ci": 500}

overruled = os.environ.get("HYPOTHESIS_EXAMPLES")

for name, examples in EXAMPLES.items():
    settings.register_profile(
        name,
        max_examples=int(overruled) if overruled else examples,
        deadline=None,
        derandomize=name == "ci",
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],  # Two busy cores are slow; that says nothing about a strategy.
    )

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

"""What all tests share."""

from hypothesis import settings

# The same examples in every run: a failure in one place is a failure everywhere.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

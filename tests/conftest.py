"""What holds for every test: the same tree gives the same verdict, and no figure of time decides one."""

from hypothesis import settings

# Timings belong to `make bench`, new examples to `make prove`.
settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")

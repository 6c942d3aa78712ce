"""What holds for every test: the same tree gives the same verdict, no figure of time decides one, and none hears how another logged."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# Timings belong to `make bench`, new examples to `make prove`.
settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _its_own_log() -> Iterator[None]:
    yield
    structlog.reset_defaults()

"""One installation for all tests of a module: each breaks one thing of it and mends it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runbook.installation import Installation, installed


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A healthy installation."""
    folder: Path = tmp_path_factory.mktemp("host")
    with installed(folder) as found, found.platform():
        yield found

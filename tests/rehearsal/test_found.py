"""Every schedule that once broke a promise, kept as it was shrunk: it is performed again for ever."""

from pathlib import Path

import pytest

from interlock.rehearsal.perform import perform
from interlock.rehearsal.rehearse import quietly
from interlock.rehearsal.schedule import read

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_what_once_broke_a_promise_breaks_none_any_more(path: Path) -> None:
    quietly()

    assert perform(read(path.read_bytes(), path.name)).violations == ()

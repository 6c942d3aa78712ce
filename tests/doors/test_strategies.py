"""`interlock strategy`: what there is, and a first one of the owner's own that runs as it stands."""

import json
import sys
from pathlib import Path
from subprocess import run

import pytest

from interlock.errors import BadInput
from interlock.strategist.loading import load
from interlock.strategist.template import written
from interlock.strategy.prefix import looks_ahead
from interlock.strategy.shelf import SHELF
from tests.doors.test_the_switch import interlock
from tests.rooms.making import window


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the owner has asked for a strategy, and made another that is broken."""
    folder = tmp_path_factory.mktemp("data")
    assert interlock(folder, "strategy", "new", "my-cross").returncode == 0
    (folder / "strategies" / "bad.py").write_text("import nothing_such\n", encoding="utf-8")
    return folder


def test_a_new_strategy_is_written_with_its_test_and_passes_it(data: Path) -> None:
    folder = data / "strategies"
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_cross.py")
    tested = run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=folder)

    assert {each.name for each in folder.glob("*my*.py")} == {"my_cross.py", "test_my_cross.py"}
    assert "2 passed" in tested.stdout
    assert interlock(data, "strategy", "new", "my-cross").returncode == 2


def test_the_list_has_presets_classics_and_the_owners_and_names_what_is_broken(data: Path) -> None:
    body = json.loads(interlock(data, "strategy", "list", "--json").stdout.splitlines()[-1])
    kinds = {each["name"]: each["kind"] for each in body["strategies"]}
    mine = next(each for each in body["strategies"] if each["name"] == "my-cross")

    assert kinds.keys() == {*SHELF, "my-cross"}
    told = [kinds[name] for name in ("trend-dip", "ema-cross", "my-cross")]
    assert told == ["preset", "classic", "own"]
    assert mine["parameters"]["period"] == {"default": 50, "low": 10, "high": 200, "step": 5}
    assert "nothing_such" in body["broken"]["bad.py"]


def test_a_row_names_a_strategy_that_there_is(data: Path) -> None:
    refused = interlock(data, "watch", "BTC_USDT", "--preset", "moonshot")

    assert interlock(data, "watch", "BTC_USDT", "--preset", "my-cross").returncode == 0
    assert refused.returncode == 2
    assert "there are swing-conservative" in refused.stderr


def test_the_template_says_the_same_of_a_bar_whatever_comes_after(tmp_path: Path) -> None:
    for name, text in written("my-cross").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    strategy = load(tmp_path).strategies["my-cross"]

    assert looks_ahead(strategy, window(100 + i % 7 for i in range(200)), range(200)) == ()


@pytest.mark.parametrize("name", ["", "My", "a b", "../x", "a_b", "-a", "9lives"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        written(name)

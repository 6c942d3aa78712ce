"""The page about the simulator is true: its example runs as it stands, and what it lists is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.rooms.simulator.sockets import BTC, World, run

PAGE: Final = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
CHANNELS: Final = re.findall(r"`((?:user|ticker|trade|candlestick|book)\.[\w.]+)`", PAGE)


def test_the_example_of_ccxt_prints_what_the_page_says(tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    here = str(Path(sys.executable).parent)
    ran = subprocess.run(
        [sys.executable, tmp_path / "example.py"],
        env={"PATH": f"{here}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert f"It prints `{ran.stdout.strip()}`" in PAGE
    assert len([line for line in example.splitlines() if line]) <= 10


@pytest.mark.parametrize("channel", sorted(set(CHANNELS) - {"user.account_risk", "book.update"}))
def test_every_channel_of_the_page_can_be_subscribed(channel: str) -> None:
    name = re.sub(r"\bS\b", BTC, channel).replace(".T.", ".1h.")

    async def test(world: World) -> None:
        async with world.user() if name.startswith("user.") else world.market() as client:
            await client.subscribe(name)

    run(test)

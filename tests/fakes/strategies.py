"""Strategies of owners, as files: one that behaves, and one for each way not to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from interlock.market import Window
from interlock.strategist.loading import load
from interlock.strategy.contract import Declared, declared
from interlock.strategy.decide import managed, opinion_at
from interlock.strategy.manage import Held
from interlock.strategy.signal import Opinion
from interlock.values import Instant, Unknown

HEAD: Final = '''"""A strategy of an owner."""
from dataclasses import dataclass
import os, time
from interlock.strategy import Bars, Columns, Strategy, param
'''
BODY: Final = '''
@dataclass(frozen=True, kw_only=True)
class {kind}(Strategy):
    """{kind} says what it says."""

    name: str = "{name}"
    fast: int = param(5, 2, 50)

    def rules(self, bars: Bars) -> Columns:
        print("noise, on what was stdout", flush=True)
        {does}
        return Columns((bars.close.above(bars.ema(self.fast), "above"),), shown={{"fast": bars.ema(5)}})
'''
DOES: Final = {
    "sound": "pass",
    "endless": "while True: pass",
    "raising": "1 / 0",
    "eating": "eaten = [bytearray(1 << 24) for _ in range(4096)]",
    "dying": "os._exit(3)",
    "sulking": "raise SystemExit(0)",
    "loud": 'return Columns((bars.close.above(1, "x" * 300),))',
    "asleep": "time.sleep(60)",
}

MANAGES: Final = """
    def manage(self, standing, bar):
        {does}
"""


def managing(folder: Path, name: str, does: str) -> Path:
    """The folder with a strategy that has a word about open lots."""
    write(folder, "sound")
    text = (folder / "sound.py").read_text(encoding="utf-8").replace("sound", name)
    more = "from decimal import Decimal\nfrom interlock.strategy import Exit, Hold, MoveStop\n"
    (folder / "sound.py").unlink()
    whole = more + text + MANAGES.format(does=does)
    (folder / f"{name}.py").write_text(whole, encoding="utf-8")
    return folder


def write(folder: Path, *names: str) -> Path:
    """The folder with a file for each of these."""
    folder.mkdir(exist_ok=True)
    for name in names:
        body = BODY.format(kind=name.capitalize(), name=name, does=DOES[name])
        (folder / f"{name}.py").write_text(HEAD + body, encoding="utf-8")
    return folder


class InProcess:
    """Runs the strategies of a folder here: a Strategist for tests that are not about where they run."""

    def __init__(self, folder: Path) -> None:
        self.strategies = load(folder).strategies
        self.asked: list[Instant | None] = []

    async def declared(self, name: str) -> Declared | Unknown:
        return declared(self.strategies[name])

    async def ask(self, name: str, window: Window, lots: Sequence[Held] = ()) -> Opinion | Unknown:
        self.asked.append(window.ends())
        strategy, newest = self.strategies[name], len(window) - 1
        said = opinion_at(strategy.columns(window), newest)
        return managed(strategy, said, window, newest, lots)

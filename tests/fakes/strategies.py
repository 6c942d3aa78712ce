"""Strategies of owners, as files: one that behaves, and one for each way not to."""

from pathlib import Path
from typing import Final

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
        print("noise, on what was stdout")
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


def write(folder: Path, *names: str) -> Path:
    """The folder with a file for each of these."""
    folder.mkdir(exist_ok=True)
    for name in names:
        body = BODY.format(kind=name.capitalize(), name=name, does=DOES[name])
        (folder / f"{name}.py").write_text(HEAD + body, encoding="utf-8")
    return folder

"""Writes docs/research.ipynb: its cells are here, and what stands under them is what they said when they were run.

A notebook that was never run may be wrong; a test runs this one again and compares.
"""

import ast
import json
import os
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "research.ipynb"
CELLS: Final = (
    """# Research from Python

The engine, the strategies and the candles that ship are objects: no server, no key, no internet. What decides here decides live.""",
    """>from interlock.research import backtest
from interlock.strategy.classics import EmaCross
from interlock.wiring.candles import lane

run = backtest([lane("BTC_USDT", EmaCross(fast=10, slow=40), amount=100)])
len(run.trades), run.signals, f"{run.equity_end:.2f}\"""",
    "Every trade knows why it was made, what ended it, and what it cost.",
    """>for trade in run.trades[-3:]:
    print(trade.opened_at.iso()[:16], trade.closed_at.iso()[:16], trade.reason, f"{trade.profit:+.2f}")
print(*run.trades[-1].because, sep="\\n")""",
    "A signal that became no trade is counted under the rule that kept it.",
    """>dict(run.blocked)""",
    """A strategy of your own is a class with one method. The fields made by `param` can be swept; a check names every bar at which it would
say something else once later bars are known. This one cheats, and is caught.""",
    """>from dataclasses import dataclass
import numpy as np
from interlock.strategy import Bars, Columns, Strategy, looks_ahead, param

@dataclass(frozen=True, kw_only=True)
class Clairvoyant(Strategy):
    name: str = "clairvoyant"
    ahead: int = param(3, low=1, high=9)

    def rules(self, bars: Bars) -> Columns:
        tomorrow = bars.column("tomorrow", np.roll(bars.close.values, -self.ahead), 1)
        return Columns(buys=(tomorrow.above(bars.close, "rises"),))

window = lane("BTC_USDT", Clairvoyant(), amount=100).window.head(2000)
found = looks_ahead(Clairvoyant(), window, range(1990, 2000))
honest = looks_ahead(EmaCross(), window, range(1990, 2000))
len(found) > 0, len(honest)""",
    "The same rules on compiled floats try thousands of parameters; the best are then run exactly.",
    """>from interlock.research import Screen, Setup

setup = Setup()
screen = Screen(lane("BTC_USDT", EmaCross(), amount=100), setup)
grid = [EmaCross(fast=fast, slow=slow) for fast in range(5, 30, 5) for slow in range(30, 120, 10)]
tried = screen.sweep(grid)
best = max(range(len(grid)), key=lambda n: tried[n].profit)
exact = backtest([lane("BTC_USDT", grid[best], amount=100)], setup)
len(grid), grid[best].fast, grid[best].slow, f"{tried[best].profit:.2f}", f"{sum(t.profit for t in exact.trades):.2f}\"""",
)


def page() -> str:
    """The notebook as it is when its cells are run in turn, on the candles that ship and on no settings of anybody."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("INTERLOCK__DATA")  # noqa: TID251 - put back: the cells read settings as a person's do
        os.environ["INTERLOCK__DATA"] = folder  # noqa: TID251 - likewise
        try:
            cells = [_cell(n, text, names) for n, text in enumerate(CELLS)]
        finally:
            os.environ.pop("INTERLOCK__DATA")  # noqa: TID251 - likewise
            if before is not None:
                os.environ["INTERLOCK__DATA"] = before  # noqa: TID251 - likewise
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _cell(n: int, text: str, names: dict[str, Any]) -> dict[str, Any]:
    source = text.removeprefix(">").splitlines(keepends=True)
    kind = "code" if text.startswith(">") else "markdown"
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{n}", "metadata": {}, "source": source}
    if kind == "markdown":
        return cell
    return {**cell, "execution_count": n, "outputs": _said(n, text.removeprefix(">"), names)}


def _said(n: int, source: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell printed, and the value of its last line where that is an expression."""
    tree, printed = ast.parse(source), StringIO()
    outputs: list[dict[str, Any]] = []
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(printed):
        exec(compile(tree, f"cell {n}", "exec"), names)  # noqa: S102 - the cells are those above
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {n}", "eval"), names)  # noqa: S307 - likewise
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": text})
    if value is not None:
        result: dict[str, Any] = {"execution_count": n, "metadata": {}}
        data = {"text/plain": [repr(value)]}
        outputs.append({**result, "output_type": "execute_result", "data": data})
    return outputs


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

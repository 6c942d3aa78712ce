"""A backtest in the terminal: the figures that people look for, trades by symbol and by what ended them, and what was blocked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.columns import Columns
from rich.table import Table
from rich.text import Text

from interlock.cli.saying import DASH, say, say_rich, say_table
from interlock.research.kept import KeptRun
from interlock.research.report.words import RECALLED, recalled

PERCENT, FACTOR, MONEY, COUNT, HOURS = "{:+.2%}", "{:.2f}", "{:,.2f}", "{:,}", "{:.1f} h"
SHARE: Final = "{:.1%}"
FIGURES: Final = (
    (
        ("total return", "total_return", PERCENT),
        ("annualised return", "annualised_return", PERCENT),
        ("buy and hold", "buy_and_hold", PERCENT),
        ("max drawdown", "max_drawdown", SHARE),
        ("its duration", "max_drawdown_hours", HOURS),
        ("volatility (year)", "volatility", SHARE),
        ("best day", "best_day", PERCENT),
        ("worst day", "worst_day", PERCENT),
    ),
    (
        ("Sharpe (daily, x sqrt 365)", "sharpe", FACTOR),
        ("probably above 0", "probabilistic_sharpe", SHARE),
        ("deflated", "deflated_sharpe", SHARE),
        ("Sortino", "sortino", FACTOR),
        ("Calmar", "calmar", FACTOR),
        ("Omega", "omega", FACTOR),
        ("VaR 95 % (day)", "value_at_risk", SHARE),
        ("CVaR 95 % (day)", "expected_shortfall", SHARE),
    ),
    (
        ("trades", "trades", COUNT),
        ("win rate", "win_rate", SHARE),
        ("profit factor", "profit_factor", FACTOR),
        ("payoff", "payoff", FACTOR),
        ("expectancy", "expectancy", MONEY),
        ("SQN", "sqn", FACTOR),
        ("fees", "fees", MONEY),
        ("time in the market", "exposure_time", SHARE),
    ),
)
BLOCKED_SHOWN: Final = 20


def say_run(body: Mapping[str, Any], others: Sequence[KeptRun]) -> None:
    """Everything that a person looks for first."""
    names = ", ".join(body["strategies"])
    symbols = ", ".join(sorted({each["symbol"] for each in body["data"]}))
    say(f"{names} on {symbols}, {body['first']} to {body['last']}, {body['bars']:,} bars")
    say(f"equity {body['equity_start']:,.2f} -> {body['equity_end']:,.2f}")
    say("")
    say_rich(Columns([_figures(rows, body) for rows in FIGURES], padding=(0, 4)))
    _say_parts("by symbol", body["by_symbol"])
    _say_parts("by what ended them", body["by_exit"])
    _say_blocked(body)
    if others:
        _say_others(body, others)
    for check in body["checks"]:
        _say_check(check)
    _say_making(body)


def told(value: object, form: str) -> str:
    """A figure for a person; what is undefined is a dash."""
    return DASH if value is None else form.format(value)


def _figures(rows: Iterable[tuple[str, str, str]], body: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for title, name, form in rows:
        table.add_row(Text(title), Text(told(body[name], form)))
    return table


def _say_parts(title: str, parts: Mapping[str, Mapping[str, Any]]) -> None:
    if not parts:
        return
    say("")
    rows = (
        (
            name,
            row["trades"],
            told(row["win_rate"], SHARE),
            told(row["profit"], MONEY),
            told(row["average_ratio"], PERCENT),
            told(row["profit_factor"], FACTOR),
            told(row["held_mean_hours"], HOURS),
        )
        for name, row in parts.items()
    )
    say_table("", (title, "trades", "won", "profit", "average", "profit factor", "held"), rows)


def _say_blocked(body: Mapping[str, Any]) -> None:
    say("")
    say(f"{body['signals']:,} signals; kept by the rule:")
    ordered = sorted(body["blocked"].items(), key=lambda each: -each[1])[:BLOCKED_SHOWN]
    say_table("", ("rule", "signals"), ordered)


def _say_others(body: Mapping[str, Any], others: Sequence[KeptRun]) -> None:
    say("")
    shown = [row for rows in FIGURES for row in rows]
    columns = ("against", "this run", *(each.run_id for each in others))
    rows = (
        (title, told(body[name], form), *(told(o.figures.get(name), form) for o in others))
        for title, name, form in shown
    )
    say_table("", columns, rows)


def _say_check(check: Mapping[str, Any]) -> None:
    say("")
    name = f"{check['strategy']} on {check['symbol']}"
    if check["glimpses"]:
        say(f"LOOKS AHEAD: {name}")
        rows = ((g["what"], g["at"][:16], g["alone"], g["later"]) for g in check["glimpses"])
        say_table("", ("what", "bar", "when decided", "with later bars"), rows)
    else:
        say(
            f"No look ahead: {name} says the same at {check['bars']} bars without those after them."
        )
    say_table("", RECALLED, (recalled(each) for each in check["recursion"]))


def _say_making(body: Mapping[str, Any]) -> None:
    say("")
    for each in body["warm_up"]:
        first = each["first"][:16] if each["first"] else "never"
        say(
            f"warm-up of {each['strategy']} on {each['symbol']}: {each['bars']} bars, speaks from {first}"
        )
    for note in body["notes"]:
        say(note)
    say(
        f"{body['bars_per_second']:,} bars a second; run {body['run_id']}, config {body['config_hash'][:12]}, {body['code']}"
    )
    if body["report"]:
        say(f"Report: {body['report']}")

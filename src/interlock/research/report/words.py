"""Which figures are shown under which name, and how a figure is said."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Form(StrEnum):
    """How a figure is written."""

    SIGNED = "{:+.2%}"
    SHARE = "{:.1%}"
    FACTOR = "{:.2f}"
    MONEY = "{:,.2f}"
    COUNT = "{:,}"
    HOURS = "{:,.1f} h"
    DAYS = "days"
    DATE = "{}"


DASH: Final = "–"  # noqa: RUF001 - what is undefined is a dash
HOURS_PER_DAY: Final = 24
Row = tuple[str, str, Form]

CARDS: Final[tuple[tuple[str, tuple[Row, ...]], ...]] = (
    (
        "Return",
        (
            ("total", "total_return", Form.SIGNED),
            ("a year", "annualised_return", Form.SIGNED),
            ("buy and hold", "buy_and_hold", Form.SIGNED),
            ("best day", "best_day", Form.SIGNED),
            ("worst day", "worst_day", Form.SIGNED),
            ("time in the market", "exposure_time", Form.SHARE),
            ("mean exposure", "exposure_mean", Form.SHARE),
            ("turnover, times equity", "turnover", Form.FACTOR),
        ),
    ),
    (
        "Risk",
        (
            ("max drawdown", "max_drawdown", Form.SHARE),
            ("from", "max_drawdown_start", Form.DATE),
            ("lowest", "max_drawdown_bottom", Form.DATE),
            ("to", "max_drawdown_end", Form.DATE),
            ("duration", "max_drawdown_hours", Form.DAYS),
            ("volatility a year", "volatility", Form.SHARE),
            ("VaR 95 %, a day", "value_at_risk", Form.SHARE),
            ("CVaR 95 %, a day", "expected_shortfall", Form.SHARE),
        ),
    ),
    (
        "Ratios of days, a year of 365",
        (
            ("Sharpe", "sharpe", Form.FACTOR),
            ("probably above 0", "probabilistic_sharpe", Form.SHARE),
            ("deflated", "deflated_sharpe", Form.SHARE),
            ("Sortino", "sortino", Form.FACTOR),
            ("Calmar, of the whole run", "calmar", Form.FACTOR),
            ("Omega, above 0", "omega", Form.FACTOR),
        ),
    ),
    (
        "Trades",
        (
            ("trades", "trades", Form.COUNT),
            ("won", "win_rate", Form.SHARE),
            ("profit factor", "profit_factor", Form.FACTOR),
            ("payoff", "payoff", Form.FACTOR),
            ("expectancy", "expectancy", Form.MONEY),
            ("SQN", "sqn", Form.FACTOR),
            ("average, of the stake", "average_ratio", Form.SIGNED),
            ("best", "best_ratio", Form.SIGNED),
            ("worst", "worst_ratio", Form.SIGNED),
        ),
    ),
    (
        "Costs and times",
        (
            ("fees", "fees", Form.MONEY),
            ("interest", "interest", Form.MONEY),
            ("held, mean", "held_mean_hours", Form.HOURS),
            ("held, median", "held_median_hours", Form.HOURS),
            ("held, longest", "held_max_hours", Form.HOURS),
            ("won in a row", "wins_in_a_row", Form.COUNT),
            ("lost in a row", "losses_in_a_row", Form.COUNT),
        ),
    ),
)
PARTS: Final[tuple[Row, ...]] = (
    ("trades", "trades", Form.COUNT),
    ("won", "win_rate", Form.SHARE),
    ("profit", "profit", Form.MONEY),
    ("average", "average_ratio", Form.SIGNED),
    ("factor", "profit_factor", Form.FACTOR),
    ("held", "held_mean_hours", Form.HOURS),
)


def told(value: object, form: Form) -> str:
    """A figure for a person; what is undefined is a dash, and what is neither count nor figure is a date."""
    match value, form:
        case None, _:
            return DASH
        case int() | float(), Form.DAYS:
            return f"{value / HOURS_PER_DAY:,.1f} days"
        case _, Form.DATE:
            return str(value)[:10]
        case _:
            return form.format(value)


RECALLED: Final = (
    "history in bars",
    "unknown with it",
    "deviates by",
    "in",
    "decides otherwise at",
)


def recalled(row: Mapping[str, Any]) -> tuple[object, ...]:
    """One length of history, under these names."""
    return (
        row["history"],
        ", ".join(row["unknown"]) or DASH,
        f"{row['deviation']:.1e}" if row["deviation"] else "0",
        row["column"] or DASH,
        f"{row['decided_otherwise']} of {row['bars']}",
    )

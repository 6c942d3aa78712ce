"""`interlock watch` and `interlock mode`: what is watched and traded, and whether entries are admitted; each change with who and when.

A setting that could never trade is refused with the reason, and nothing is saved.
"""

import getpass
import sys
from dataclasses import replace
from typing import Annotated, Any

import typer

from interlock.account import Mode
from interlock.cli.strategy import check_name
from interlock.cli.switch import now_of
from interlock.errors import BadInput
from interlock.settings import read
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import check_symbol, decimal_of
from interlock.wiring.acts import select, watch_row

Number = Annotated[str | None, typer.Option(help="A decimal number.")]


def watch(  # noqa: PLR0913 - each is a field of the row
    symbol: Annotated[str, typer.Argument(help="Such as BTC_USDT.")],
    *,
    preset: Annotated[str | None, typer.Option(help="The strategy, such as trend-dip.")] = None,
    trade: Annotated[bool | None, typer.Option(help="Whether entries are made.")] = None,
    alert: Annotated[bool | None, typer.Option(help="Whether it is evaluated at all.")] = None,
    margin: Annotated[bool | None, typer.Option(help="On credit, within the caps.")] = None,
    amount: Annotated[str | None, typer.Option(help="The most that one entry spends.")] = None,
    share_pct: Annotated[
        str | None, typer.Option(help="One entry spends this % of the equity, not an amount.")
    ] = None,
    leverage: Number = None,
    stop_pct: Annotated[str | None, typer.Option(help="Stop-loss distance in percent.")] = None,
    target_pct: Annotated[str | None, typer.Option(help="Take-profit distance in %.")] = None,
    trailing_pct: Annotated[
        str | None, typer.Option(help="The stop follows the highest bid at this %; 0: it stays.")
    ] = None,
) -> None:
    """Watch a symbol, or change how it is watched and traded; what is not named stays as it is."""
    given: dict[str, Any] = {
        "preset": preset,
        "trade_enabled": trade,
        "alert_enabled": True if trade else alert,
        "buy_alert_enabled": True if trade else alert,
        "sell_alert_enabled": True if trade else alert,
        "trade_on_margin": margin,
        "trade_amount_usd": None if amount is None else decimal_of(amount),
        "leverage": None if leverage is None else decimal_of(leverage),
        "sl_percentage": None if stop_pct is None else decimal_of(stop_pct),
        "tp_percentage": None if target_pct is None else decimal_of(target_pct),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if share_pct is not None and amount is not None:
        raise BadInput("An entry spends an amount or a share of the equity, not both.")
    if share_pct is not None:
        changes |= {"trade_share_pct": decimal_of(share_pct), "trade_amount_usd": None}
    if amount is not None:
        changes["trade_share_pct"] = None
    if trailing_pct is not None:
        changes["trailing_pct"] = decimal_of(trailing_pct) or None

    def edited(row: WatchlistRow | None) -> WatchlistRow:
        return replace(row or WatchlistRow(check_symbol(symbol)), **changes)

    settings = read()
    if preset is not None:
        check_name(settings, preset)
    kept = watch_row(settings, check_symbol(symbol), edited, getpass.getuser(), now_of(settings))
    traded = "traded" if kept.trade_enabled else "watched"
    sys.stdout.write(f"{kept.symbol} is {traded} by {kept.preset} (version {kept.version})\n")


def mode(
    name: Annotated[str, typer.Argument(help="OFF, or the venue of the books: SIM or LIVE.")],
    why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")] = "",
) -> None:
    """Select the mode: OFF admits no entry."""
    if name not in Mode.__members__:
        raise BadInput(f"{name} is no mode: OFF, SIM, LIVE.")
    settings = read()
    chosen = select(settings, getpass.getuser(), why, now_of(settings), Mode(name))
    sys.stdout.write(f"mode {chosen.mode}, at most {chosen.bound}\n")

"""What a backtest is to play: which strategies on which series, with what account, limits and fills; and what is strange about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from interlock.errors import BadInput
from interlock.research import Fills, Lane, Setup
from interlock.research.candles.checking import check
from interlock.research.candles.shelf import Series, Shelf, between
from interlock.research.candles.timeframe import span_of
from interlock.settings import Settings
from interlock.strategist.loading import load
from interlock.strategy.contract import Strategy
from interlock.strategy.shelf import SHELF
from interlock.values import Instant, check_symbol, decimal_of
from interlock.wiring.candles import instrument_of, shelf_of, trading_row

SHARE_PCT: Final = Decimal(10)
OWN: Final = "strategies"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for, in their own words."""

    symbols: Sequence[str]
    strategies: Sequence[str]
    parameters: Sequence[str]
    timeframe: str | None
    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Stakes:
    """What one entry spends: an amount, or a share of equity in percent. As live, no limit is lifted for it."""

    amount: str | None
    share_pct: str | None
    as_live: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One lane for each symbol and strategy, the series of each, the account, and what is to be said of it."""

    lanes: tuple[Lane, ...]
    series: tuple[Series, ...]
    setup: Setup
    notes: tuple[str, ...]


def plan_of(settings: Settings, asked: Asked, setup: Setup, stakes: Stakes) -> Plan:
    """The plan, on series that may be used."""
    shelf, limits = shelf_of(settings), settings.limits()
    share = None if stakes.amount else _decimal(stakes.share_pct)
    if not (stakes.amount or stakes.share_pct or stakes.as_live):
        share = SHARE_PCT
    amount = (_decimal(stakes.amount) or limits.usd_per_order_max) if share is None else None
    lanes, series, notes = list[Lane](), list[Series](), dict[str, None]()
    for strategy in [_strategy(settings, name, asked) for name in asked.strategies]:
        for symbol in map(check_symbol, asked.symbols):
            found = _opened(shelf, symbol, strategy.timeframe, asked)
            notes |= dict.fromkeys(_notes(found))
            series.append(found)
            mine = trading_row(symbol, strategy.name, amount=amount, share_pct=share)
            book = instrument_of(found.window)
            lanes.append(Lane(mine, strategy, found.window, book))
    if not stakes.as_live:
        most = limits.max_order_notional_usd
        caps = f"MAX_USD_PER_ORDER ({limits.usd_per_order_max}) and the cap on exposure ({limits.exposure_usd_max})"
        notes[f"{caps} are lifted to {most} for the stake; --as-live keeps them."] = None
        limits = replace(limits, usd_per_order_max=most, exposure_usd_max=most)
    return Plan(tuple(lanes), tuple(series), replace(setup, limits=limits), tuple(notes))


# ---------------------------------------------------------------- strategies


def _strategy(settings: Settings, name: str, asked: Asked) -> Strategy:
    """A strategy of the platform, or of the owner's own folder, with the parameters and on the bars that were asked for."""
    found = SHELF.get(name) or _own(settings, name)
    given: dict[str, Any] = dict(_parameter(found, text) for text in asked.parameters)
    if asked.timeframe is not None:
        given["timeframe"] = span_of(asked.timeframe)
    return replace(found, **given) if given else found


def _own(settings: Settings, name: str) -> Strategy:
    loaded = load(settings.data / OWN)
    if name not in loaded.strategies:
        known = ", ".join((*SHELF, *loaded.strategies))
        broken = "".join(
            f" {place} cannot be loaded: {why}." for place, why in loaded.broken.items()
        )
        raise BadInput(f"{name!r} is no strategy; there are {known}.{broken}")
    return loaded.strategies[name]


def _parameter(strategy: Strategy, text: str) -> tuple[str, Any]:
    """A parameter that a sweep may change, as NAME=VALUE."""
    name, _, value = text.partition("=")
    if name not in strategy.ranges():
        known = ", ".join(strategy.ranges()) or "none"
        raise BadInput(f"{strategy.name} has no parameter {name!r}; there are: {known}.")
    kind = type(getattr(strategy, name))
    number = decimal_of(value)
    if kind is int and number != int(number):
        raise BadInput(f"{name} is a whole number, not {value}.")
    return name, number if kind is Decimal else kind(number)


# ---------------------------------------------------------------- series


def _opened(shelf: Shelf, symbol: str, span: timedelta, asked: Asked) -> Series:
    series = shelf.open(symbol, span)
    if asked.start is None and asked.end is None:
        return series
    return between(series, _instant(asked.start), _instant(asked.end))


def _notes(series: Series) -> list[str]:
    """What is strange about a series and does not keep it from being used."""
    found, name = check(series.window), f"{series.manifest.symbol} {series.manifest.timeframe}"
    notes = []
    if found.missing:
        notes.append(
            f"{name}: {found.missing} bars are missing in {len(found.holes)} holes; none was filled in."
        )
    if found.bad_ticks:
        first = found.bad_ticks[0]
        when = first.at.iso()[:16]
        notes.append(
            f"{name}: {len(found.bad_ticks)} bad ticks, the first {first.price:g} at {when}."
        )
    return notes


def _instant(text: str | None) -> Instant | None:
    try:
        return Instant.of_iso(text) if text else None
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else decimal_of(text)


# ---------------------------------------------------------------- fills


def fills_of(fee: str | None, slippage: str | None, volume_share: str | None) -> Fills:
    """The usual assumptions, but for what was said, each in percent."""
    fills = Fills()
    if fee is not None:
        fills = replace(fills, taker_rate=decimal_of(fee) / 100, maker_rate=decimal_of(fee) / 100)
    if slippage is not None:
        fills = replace(fills, slippage=decimal_of(slippage) / 100)
    if volume_share is not None:
        fills = replace(fills, volume_share=decimal_of(volume_share) / 100)
    return fills

"""`interlock backtest`: a strategy over candles, through the very rows that trade; without a word, the default over what ships.

The figures are those of the live guard's own limits; where one is lifted for the sake of a stake, that is said.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock.cli.backtest_tables import say_run
from interlock.cli.saying import AsJson, say, say_json
from interlock.errors import BadInput
from interlock.host.checkout import Repository
from interlock.host.clock import WallClock
from interlock.host.facts import own_rss_max_mb
from interlock.research import Fills, Lane, Run, Setup, backtest
from interlock.research.candles.checking import check
from interlock.research.candles.shelf import Series, Shelf, between
from interlock.research.candles.timeframe import span_of
from interlock.research.honesty import Lookahead, Memory, lookahead, recursion
from interlock.research.kept import KeptRun, keep, kept_of, recall
from interlock.research.manifest import Manifest, config_hash, config_of, source_of
from interlock.research.measures.measures import Measures, figures, measure
from interlock.research.measures.returns import sharpe_daily
from interlock.research.report.content import Subject
from interlock.research.report.page import can_draw, write
from interlock.settings import Settings, read
from interlock.strategy.contract import Strategy
from interlock.strategy.presets import named
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, check_symbol, decimal_of
from interlock.wiring.candles import instrument_of, shelf_of

SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")
STRATEGY: Final = "trend-dip"
SHARE_PCT: Final = Decimal(10)
WARM_UP: Final = "warm_up"

Symbols = Annotated[
    list[str] | None, typer.Option("--symbol", help="Such as BTC_USDT; may be repeated.")
]
Strategies = Annotated[
    list[str] | None, typer.Option("--strategy", help="Such as trend-dip; may be repeated.")
]
Money = Annotated[str | None, typer.Option(help="In the quote currency.")]


def backtest_command(  # noqa: PLR0913 - each is an option of the command
    *,
    symbol: Symbols = None,
    timeframe: Annotated[
        str | None, typer.Option(help="Other bars than the strategy's own.")
    ] = None,
    strategy: Strategies = None,
    start: Annotated[str | None, typer.Option("--from", help="ISO 8601; the first bar.")] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="ISO 8601; bars that open before it.")
    ] = None,
    cash: Money = "10000",
    stake: Annotated[str | None, typer.Option(help="What one entry spends.")] = None,
    share: Annotated[
        str | None, typer.Option(help="The same as % of equity; 10 unless said.")
    ] = None,
    as_live: Annotated[
        bool, typer.Option("--as-live", help="No limit is lifted for the stake.")
    ] = False,
    fee: Annotated[str | None, typer.Option(help="% of each side; 0.5 and 0.25 resting.")] = None,
    slippage: Annotated[
        str | None, typer.Option(help="% that taking costs beside the spread.")
    ] = None,
    volume_share: Annotated[str | None, typer.Option(help="% of a bar's volume at most.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of what is drawn: other orders of the trades.")
    ] = 0,
    check_lookahead: Annotated[
        bool, typer.Option("--check-lookahead", help="Prove that no later bar is looked at.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where the HTML goes; else the data folder.")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML.")] = False,
    against: Annotated[list[str] | None, typer.Option(help="A kept run to compare with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Backtest a strategy, exactly: sizing, judge, fills, protection and ledger are those that trade."""
    began = time.monotonic()
    settings = read()
    stakes = _Stakes(_decimal(stake), _decimal(share), as_live=as_live)
    account = Setup(cash=decimal_of(cash or "10000"), fills=_fills(fee, slippage, volume_share))
    asked = _Asked(
        symbols=tuple(check_symbol(each) for each in symbol or SYMBOLS),
        strategies=tuple(named(each) for each in strategy or (STRATEGY,)),
        timeframe=timeframe,
        start=_instant(start) if start else None,
        end=_instant(end) if end else None,
    )
    plan = _plan(settings, asked, account, stakes)
    others = tuple(recall(_runs(settings), each) for each in against or ())
    played = time.monotonic()
    run = backtest(plan.lanes, plan.setup)
    seconds = time.monotonic() - played
    done = _measured(plan, run, seed, others)
    honesty = [_honest(each) for each in plan.lanes] if check_lookahead else []
    keep(_runs(settings), done.kept)
    body = {
        **figures(done.measures),
        **_body(plan, run, done.manifest),
        "checks": honesty,
        "bars_per_second": round(run.bars / max(seconds, 1e-9)),
    }
    subject = Subject(
        done.kept.title, run, done.measures, plan.lanes, body, done.manifest.config, others
    )
    path = None if no_report else _reported(settings, subject, report)
    body |= {
        "report": str(path) if path else None,
        "elapsed_s": round(time.monotonic() - began, 3),
        "max_rss_mb": round(own_rss_max_mb(), 1),
    }
    if as_json:
        say_json(body)
    else:
        say_run(body, others)
        if path is None and not no_report:
            say("No HTML was written: it needs the extra, pip install 'interlock[research]'.")
    raise typer.Exit(1 if any(each["glimpses"] for each in honesty) else 0)


@dataclass(frozen=True, slots=True)
class _Asked:
    symbols: tuple[str, ...]
    strategies: tuple[Strategy, ...]
    timeframe: str | None
    start: Instant | None
    end: Instant | None


@dataclass(frozen=True, slots=True)
class _Stakes:
    amount: Decimal | None
    share_pct: Decimal | None
    as_live: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    lanes: tuple[Lane, ...]
    series: tuple[Series, ...]
    setup: Setup
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    run: Run
    measures: Measures
    manifest: Manifest
    kept: KeptRun


# ---------------------------------------------------------------- what is played


def _plan(settings: Settings, asked: _Asked, account: Setup, stakes: _Stakes) -> _Plan:
    """One lane for each symbol and strategy, on series that may be used."""
    shelf, limits = shelf_of(settings), settings.limits()
    lanes, series, notes = [], [], []
    for symbol in asked.symbols:
        for strategy in asked.strategies:
            fitted = _fitted(strategy, asked.timeframe)
            found = _opened(shelf, symbol, fitted, asked)
            notes += [note for note in _notes(found) if note not in notes]
            series.append(found)
            amount = stakes.amount or limits.usd_per_order_max
            share = stakes.share_pct if stakes.amount is None else None
            if share is None and stakes.amount is None and not stakes.as_live:
                share = SHARE_PCT
            row = WatchlistRow(
                symbol,
                preset=fitted.name,
                alert_enabled=True,
                buy_alert_enabled=True,
                sell_alert_enabled=True,
                trade_enabled=True,
                trade_amount_usd=amount,
            )
            book = instrument_of(found.window)
            lanes.append(Lane(row, fitted, found.window, book, share_pct=share))
    if not stakes.as_live:
        lifted = limits.max_order_notional_usd
        notes.append(
            f"MAX_USD_PER_ORDER is lifted from {limits.usd_per_order_max} to {lifted} for the stake; --as-live keeps it."
        )
        limits = replace(limits, usd_per_order_max=lifted, exposure_usd_max=lifted)
    setup = replace(account, limits=limits)
    return _Plan(tuple(lanes), tuple(series), setup, tuple(notes))


def _fitted(strategy: Strategy, timeframe: str | None) -> Strategy:
    return strategy if timeframe is None else replace(strategy, timeframe=span_of(timeframe))


def _opened(shelf: Shelf, symbol: str, strategy: Strategy, asked: _Asked) -> Series:
    series = shelf.open(symbol, strategy.timeframe)
    if asked.start is None and asked.end is None:
        return series
    return between(series, asked.start, asked.end)


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
        notes.append(
            f"{name}: {len(found.bad_ticks)} bad ticks, the first {first.price:g} at {first.at.iso()[:16]}."
        )
    return notes


def _fills(fee: str | None, slippage: str | None, volume_share: str | None) -> Fills:
    fills = Fills()
    if fee is not None:
        fills = replace(fills, taker_rate=decimal_of(fee) / 100, maker_rate=decimal_of(fee) / 100)
    if slippage is not None:
        fills = replace(fills, slippage=decimal_of(slippage) / 100)
    if volume_share is not None:
        fills = replace(fills, volume_share=decimal_of(volume_share) / 100)
    return fills


# ---------------------------------------------------------------- what came of it


def _measured(plan: _Plan, run: Run, seed: int, others: Sequence[KeptRun]) -> _Done:
    trials = [each.sharpe_daily for each in others if each.sharpe_daily is not None]
    windows = list({lane.row.symbol: lane.window for lane in plan.lanes}.values())
    found = measure(run, windows, seed, trials)
    manifest = _manifest(plan, seed)
    names = sorted({lane.strategy.name for lane in plan.lanes})
    title = f"{', '.join(names)} on {', '.join(sorted({w.symbol for w in windows}))}"
    kept = kept_of(manifest, title, figures(found), found.days, sharpe_daily(found.days))
    return _Done(run, found, manifest, kept)


def _manifest(plan: _Plan, seed: int) -> Manifest:
    config, now = config_of(plan.lanes, plan.setup), WallClock().now()
    hashed = config_hash(config)
    return Manifest(
        run_id=f"{now.iso()[:19].replace(':', '')}-{hashed[:8]}",
        started_at=now.iso(),
        code=_code(),
        seed=seed,
        config_hash=hashed,
        config=config,
        sources=tuple(source_of(s.window, s.manifest.origin.source) for s in plan.series),
    )


def _code() -> str:
    """The version, and where the code is a checkout its commit; a plus where files differ from it."""
    repository = Repository(Path(__file__).parent)
    head, dirty = repository.head(), repository.is_dirty()
    commit = head.value if isinstance(head, Known) else "no checkout"
    changed = "+" if isinstance(dirty, Known) and dirty.value else ""
    return f"interlock {version('interlock')} ({commit}{changed})"


def _body(plan: _Plan, run: Run, manifest: Manifest) -> dict[str, Any]:
    return {
        "run_id": manifest.run_id,
        "started_at": manifest.started_at,
        "code": manifest.code,
        "seed": manifest.seed,
        "config_hash": manifest.config_hash,
        "data": [
            {"symbol": s.symbol, "timeframe": s.timeframe, "bars": s.bars, "sha256": s.sha256}
            for s in manifest.sources
        ],
        "strategies": sorted({lane.strategy.name for lane in plan.lanes}),
        "first": min(source.first for source in manifest.sources),
        "last": max(source.last for source in manifest.sources),
        "bars": run.bars,
        "signals": run.signals,
        "blocked": dict(sorted(run.blocked.items())),
        "equity_start": run.equity_start,
        "equity_end": round(run.equity_end, 8),
        WARM_UP: [_warm_up(lane) for lane in plan.lanes],
        "notes": list(plan.notes),
    }


def _warm_up(lane: Lane) -> dict[str, Any]:
    """How many bars a strategy hears before it speaks, and the first bar of which it can."""
    needed, opens = lane.strategy.bars_needed, lane.window.opens_ms
    first = Instant.of_ms(int(opens[needed - 1])).iso() if needed <= len(opens) else None
    return {
        "symbol": lane.row.symbol,
        "strategy": lane.strategy.name,
        "bars": needed,
        "first": first,
    }


def _honest(lane: Lane) -> dict[str, Any]:
    seen: Lookahead = lookahead(lane.strategy, lane.window)
    memories: Sequence[Memory] = recursion(lane.strategy, lane.window)
    return {
        "symbol": lane.row.symbol,
        "strategy": lane.strategy.name,
        "bars": seen.bars,
        "glimpses": [
            {"what": g.what, "at": g.at.iso(), "alone": g.alone, "later": g.later}
            for g in seen.glimpses
        ],
        "recursion": [
            {
                "history": m.history,
                "bars": m.bars,
                "unknown": list(m.unknown),
                "deviation": m.deviation,
                "column": m.column,
                "decided_otherwise": m.decided_otherwise,
            }
            for m in memories
        ],
    }


def _reported(settings: Settings, subject: Subject, path: Path | None) -> Path | None:
    """Where the page was written; None where the script that draws is not installed and nobody named a place for it."""
    if path is None and not can_draw():
        return None
    place = path or settings.data / "research" / "reports" / f"{subject.body['run_id']}.html"
    write(place, subject)
    return place.absolute()


def _runs(settings: Settings) -> Path:
    return settings.data / "research" / "runs"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else decimal_of(text)


def _instant(text: str) -> Instant:
    try:
        return Instant.of_iso(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error

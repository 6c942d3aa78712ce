"""`interlock backtest`: a strategy over candles, through the very rows that trade; without a word, the default over what ships.

The figures are those of the live guard's own limits; where one is lifted for the sake of a stake, that is said.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock.cli.backtest_plan import Asked, Plan, Stakes, fills_of, plan_of
from interlock.cli.backtest_tables import say_run
from interlock.cli.saying import AsJson, say_json
from interlock.host.checkout import Repository
from interlock.host.clock import WallClock
from interlock.host.facts import own_rss_max_mb
from interlock.research import Lane, Run, Setup, backtest
from interlock.research.honesty import Lookahead, Memory, lookahead, recursion
from interlock.research.kept import KeptRun, keep, kept_of, recall
from interlock.research.manifest import Manifest, config_hash, config_of, source_of
from interlock.research.measures.measures import Measures, figures, measure
from interlock.research.measures.returns import sharpe_daily
from interlock.research.report.content import Subject
from interlock.research.report.page import can_draw, write
from interlock.settings import Settings, read
from interlock.values import Instant, Known, decimal_of

SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")
STRATEGY: Final = "trend-dip"

Symbols = Annotated[list[str] | None, typer.Option("--symbol", help="May be repeated.")]
Strategies = Annotated[
    list[str] | None, typer.Option("--strategy", help="Such as trend-dip; may be repeated.")
]
Parameters = Annotated[
    list[str] | None, typer.Option("--set", help="NAME=VALUE of a parameter; may be repeated.")
]
Timeframe = Annotated[str | None, typer.Option(help="Other bars than the strategy's own.")]
Start = Annotated[str | None, typer.Option("--from", help="ISO 8601; the first bar.")]
End = Annotated[str | None, typer.Option("--to", help="ISO 8601; bars that open before it.")]
Cash = Annotated[str, typer.Option(help="Quote currency at the start.")]
Stake = Annotated[str | None, typer.Option(help="Quote currency that one entry spends.")]
Share = Annotated[str | None, typer.Option(help="The same as % of equity; 10 unless said.")]
AsLive = Annotated[bool, typer.Option("--as-live", help="No limit is lifted for the stake.")]
Fee = Annotated[str | None, typer.Option(help="% of each side; else 0.5, and 0.25 resting.")]
Slippage = Annotated[str | None, typer.Option(help="% that taking costs beside the spread.")]
Volume = Annotated[str | None, typer.Option(help="% of a bar's volume at most.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the other draws of the trades.")]
Check = Annotated[
    bool, typer.Option("--check-lookahead", help="Prove that no later bar is looked at.")
]
Place = Annotated[Path | None, typer.Option(help="Where the HTML goes; else the data folder.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no HTML.")]
Against = Annotated[list[str] | None, typer.Option(help="A kept run to compare with.")]


def backtest_command(  # noqa: PLR0913 - each is an option of the command
    *,
    symbol: Symbols = None,
    timeframe: Timeframe = None,
    strategy: Strategies = None,
    parameters: Parameters = None,
    start: Start = None,
    end: End = None,
    cash: Cash = "10000",
    stake: Stake = None,
    share: Share = None,
    as_live: AsLive = False,
    fee: Fee = None,
    slippage: Slippage = None,
    volume_share: Volume = None,
    seed: Seed = 0,
    check_lookahead: Check = False,
    report: Place = None,
    no_report: NoReport = False,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Backtest a strategy, exactly: sizing, judge, fills, protection and ledger are those that trade."""
    began = time.monotonic()
    settings = read()
    asked = Asked(
        symbol or SYMBOLS, strategy or (STRATEGY,), parameters or (), timeframe, start, end
    )
    account = Setup(cash=decimal_of(cash), fills=fills_of(fee, slippage, volume_share))
    plan = plan_of(settings, asked, account, Stakes(stake, share, as_live))
    others = tuple(recall(_runs(settings), each) for each in against or ())
    done = _played(plan, seed, others)
    honesty = [_honest(each) for each in plan.lanes] if check_lookahead else []
    keep(_runs(settings), done.kept)
    body = {**_body(plan, done), "checks": honesty}
    if not no_report:
        config = done.manifest.config
        page = (done.kept.title, done.run, done.measures, plan.lanes, body, config, others)
        body["report"] = _reported(settings, Subject(*page), report)
    body["elapsed_s"] = round(time.monotonic() - began, 3)
    body["max_rss_mb"] = round(own_rss_max_mb(), 1)
    if as_json:
        say_json(body)
    else:
        say_run(body, others)
    raise typer.Exit(1 if any(each["glimpses"] for each in honesty) else 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    run: Run
    seconds: float
    measures: Measures
    manifest: Manifest
    kept: KeptRun


# ---------------------------------------------------------------- what came of it


def _played(plan: Plan, seed: int, others: Sequence[KeptRun]) -> _Done:
    began = time.monotonic()
    run = backtest(plan.lanes, plan.setup)
    seconds = time.monotonic() - began
    trials = [each.sharpe_daily for each in others if each.sharpe_daily is not None]
    windows = list({lane.row.symbol: lane.window for lane in plan.lanes}.values())
    found, manifest = measure(run, windows, seed, trials), _manifest(plan, seed)
    names = sorted({lane.strategy.name for lane in plan.lanes})
    title = f"{', '.join(names)} on {', '.join(sorted({w.symbol for w in windows}))}"
    kept = kept_of(manifest, title, figures(found), found.days, sharpe_daily(found.days))
    return _Done(run, seconds, found, manifest, kept)


def _manifest(plan: Plan, seed: int) -> Manifest:
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


def _body(plan: Plan, done: _Done) -> dict[str, Any]:
    run, manifest = done.run, done.manifest
    return {
        **figures(done.measures),
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
        "warm_up": [_warm_up(lane) for lane in plan.lanes],
        "notes": list(plan.notes),
        "bars_per_second": round(run.bars / max(done.seconds, 1e-9)),
        "report": None,
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


def _reported(settings: Settings, subject: Subject, path: Path | None) -> str | None:
    """Where the page was written; None where the script that draws is not installed and nobody named a place for it."""
    if path is None and not can_draw():
        typer.echo("No HTML was written: pip install 'interlock[research]' draws it.", err=True)
        return None
    place = path or settings.data / "research" / "reports" / f"{subject.body['run_id']}.html"
    write(place, subject)
    return str(place.absolute())


def _runs(settings: Settings) -> Path:
    return settings.data / "research" / "runs"

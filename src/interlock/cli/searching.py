"""What `sweep` and `walkforward` have in common: what is searched, on which account, by whom, and the study that keeps it."""

import hashlib
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from interlock.errors import BadInput, Misuse
from interlock.research import Fills, Setup
from interlock.research.candidates import Candidate, Chosen, Goal, Grid, Random, Search, Spaces
from interlock.research.candles.shelf import Shelf, data_hash
from interlock.research.candles.timeframe import name_of, span_of
from interlock.research.code import code_of
from interlock.research.manifest import plain
from interlock.research.pool import Crew, Make, Processes, Series
from interlock.research.results import EXACT, SCREEN, SUFFIX, Manifest, Row, Study
from interlock.research.space import read_params, space_of
from interlock.research.sweep import Progress as Told
from interlock.research.sweep import Stage
from interlock.research.trial import Account, Exactly, Subject, Trial
from interlock.settings import Settings
from interlock.strategy.contract import Strategy
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, check_symbol, decimal_of
from interlock.wiring.candles import instrument_of, shelf_of, trading_row
from interlock.wiring.strategies import Known, carried, known_strategies

STRATEGY: Final = "ema-cross"
SYMBOL: Final = "BTC_USDT"
DRAWS: Final = 200
# Of an entry, as a share of the cash: a stake that is fixed is the same screened and exact. It stays below the guard's share of
# equity (10 %) as long as half of the cash is there.
STAKE: Final = Decimal("0.05")

Strategies = Annotated[
    list[str] | None, typer.Option("--strategy", help="Such as ema-cross; may be repeated.")
]
Symbols = Annotated[
    list[str] | None, typer.Option("--symbol", help="Such as BTC_USDT; may be repeated.")
]
Each = Annotated[bool, typer.Option("--each", help="Every symbol is an account of its own.")]
Timeframe = Annotated[str | None, typer.Option(help="Other bars than the strategy's own.")]
Start = Annotated[str | None, typer.Option("--from", help="ISO 8601; bars before are warm-up.")]
End = Annotated[str | None, typer.Option("--to", help="ISO 8601; bars that open before it.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(help="A parameter, or NAME=LOW:HIGH:STEP; stop.pct=1:5:0.5 too. Else all of it."),
]
Where = Annotated[str, typer.Option(help="What must hold, such as 'fast < slow'.")]
IsGrid = Annotated[bool, typer.Option("--grid", help="Every point.")]
Draws = Annotated[
    int | None,
    typer.Option("--random", min=1, help=f"So many points by chance; {DRAWS} unless said."),
]
Learns = Annotated[
    int | None, typer.Option("--optuna", min=1, help="So many points that Optuna's TPE asks for.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn.")]
Metric = Annotated[
    str, typer.Option(help="What is searched for; -max_drawdown for the least of it.")
]
IsScreened = Annotated[
    bool, typer.Option("--screen", help="All in floats first, then the best exactly.")
]
Best = Annotated[int, typer.Option(min=1, help="How many are run exactly, and shown.")]
Money = Annotated[str, typer.Option(help="In the quote currency.")]
Stake = Annotated[str | None, typer.Option(help="What one entry spends; 5 % of the cash.")]
AsLive = Annotated[bool, typer.Option("--as-live", help="No limit is lifted for the stake.")]
Fee = Annotated[str | None, typer.Option(help="% of each side; 0.5 and 0.25 resting.")]
Slippage = Annotated[str | None, typer.Option(help="% that taking costs beside the spread.")]
Count = Annotated[int, typer.Option("--processes", min=0, help="0: one for each core.")]
Ray = Annotated[
    str | None, typer.Option("--ray", help="A Ray cluster: HOST:PORT, auto, or local to start one.")
]
Name = Annotated[str | None, typer.Option("--study", help="Its name; else one that it gets.")]


class NeedsExtra(Misuse):
    """What was asked for needs a library that is not installed."""

    remedy = "Install it: pip install 'interlock[research]' for Optuna and Parquet, 'interlock[ray]' for a cluster."


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be searched: strategies on symbols, along which parameters."""

    strategies: Sequence[str] | None
    symbols: Sequence[str] | None
    each: bool
    timeframe: str | None
    start: str | None
    end: str | None
    vary: Sequence[str] | None
    where: str


@dataclass(frozen=True, slots=True)
class Costs:
    """On what it trades."""

    cash: str
    stake: str | None
    fee: str | None
    slippage: str | None
    as_live: bool


@dataclass(frozen=True, slots=True)
class Way:
    """How it is searched, and by what it is judged."""

    grid: bool
    draws: int | None
    learns: int | None
    seed: int
    metric: str
    screened: bool
    best: int

    def __post_init__(self) -> None:
        if sum((self.grid, self.draws is not None, self.learns is not None)) > 1:
            raise BadInput("--grid, --random and --optuna are three ways: choose one.")

    @property
    def goal(self) -> Goal:
        """The figure."""
        return Goal(self.metric)

    def search(self, spaces: Spaces) -> Search:
        """The candidates of these spaces."""
        if self.grid:
            return Grid(spaces)
        if self.learns is None:
            return Random(spaces, self.seed, self.draws or DRAWS)
        try:
            from interlock.research.tpe import Tpe  # noqa: PLC0415 - Optuna is an extra, and costs a second
        except ImportError as error:
            raise NeedsExtra("Optuna is not installed.") from error
        return Tpe(spaces, self.seed, self.learns, self.goal)


@dataclass(frozen=True, slots=True)
class Hands:
    """Who evaluates."""

    processes: int
    ray: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is searched with all that it needs: bars, account, and the owner's own strategies."""

    trial: Trial
    series: Series
    known: Known
    notes: tuple[str, ...]


def planned(settings: Settings, asked: Asked, costs: Costs) -> Plan:
    """The subjects on bars that may be used: one account over all symbols for each strategy, or one for each of the symbols."""
    known, shelf = known_strategies(settings), shelf_of(settings)
    symbols = tuple(check_symbol(each) for each in asked.symbols or (SYMBOL,))
    groups = [(each,) for each in symbols] if asked.each else [symbols]
    chosen = [
        _fitted(known.named(each), asked.timeframe) for each in asked.strategies or (STRATEGY,)
    ]
    since, until = _instant(asked.start), _instant(asked.end)
    subjects = {
        f"{strategy.name} on {' '.join(group)}": Subject(
            space_of(strategy, asked.vary or (), asked.where), group, since, until
        )
        for strategy in chosen
        for group in groups
    }
    series = _series(shelf, symbols, chosen)
    books = {window.symbol: instrument_of(window) for window in series}
    setup, row, notes = _account(settings, costs)
    return Plan(Trial(subjects, Account(setup, row, books)), series, known, notes)


def manifest_of(plan: Plan, way: Way, seed: int, more: Mapping[str, Any]) -> Manifest:
    """What the results depend on; the study is named by it."""
    config = {"subjects": plain(plan.trial.subjects), "account": plain(plan.trial.account)}
    text = msgspec.json.encode({**config, "way": plain(way), **more}, order="sorted").decode()
    bars = hashlib.sha256("".join(data_hash(each) for each in plan.series).encode()).hexdigest()
    strategies = [subject.space.strategy for subject in plan.trial.subjects.values()]
    command = shlex.join(["interlock", *sys.argv[1:]])
    hashed = hashlib.sha256(text.encode()).hexdigest()
    return Manifest(bars, code_of(strategies), hashed, seed, command, text)


def path_of(settings: Settings, name: str | None, kind: str, manifest: Manifest) -> Path:
    """The file of a study; without a name it gets one by what it is about."""
    told = (manifest.data_hash, manifest.code, manifest.config_hash, str(manifest.seed))
    given = f"{kind}-{hashlib.sha256(' '.join(told).encode()).hexdigest()[:10]}"
    chosen = name or given
    if not chosen.replace("-", "").replace("_", "").replace(".", "").isalnum() or chosen[0] == ".":
        raise BadInput(f"{chosen!r} is no name of a study: letters, digits, '-', '_' and '.'.")
    return studies_of(settings) / f"{chosen}{SUFFIX}"


def studies_of(settings: Settings) -> Path:
    """The folder of all studies."""
    return settings.data / "research" / "studies"


def searched(study: Study, plan: Plan, way: Way, hands: Hands) -> tuple[str, list[Told]]:
    """Evaluates all candidates, screened first if asked; returns the stage that counts, and how each stage went."""
    spaces, told = plan.trial.spaces, list[Told]()
    if not way.screened:
        told.append(
            _stage(study, plan, way, hands, (EXACT, way.search(spaces), Exactly(plan.trial)))
        )
        return EXACT, told
    make = _screening(plan.trial)
    told.append(_stage(study, plan, way, hands, (SCREEN, way.search(spaces), make)))
    rows = [row for name in spaces for row in study.best(SCREEN, way.goal, way.best, name)]
    chosen = Chosen([candidate_of(row, plan.trial) for row in rows])
    told.append(_stage(study, plan, way, hands, (EXACT, chosen, Exactly(plan.trial))))
    return EXACT, told


def candidate_of(row: Row, trial: Trial) -> Candidate:
    """The candidate that a row is about."""
    space = trial.subjects[row.subject].space
    return Candidate(row.number, row.subject, read_params(row.params, space))


def _stage(
    study: Study, plan: Plan, way: Way, hands: Hands, what: tuple[str, Search, Make]
) -> Told:
    name, search, make = what
    with (
        crew_of(make, plan, hands, study.path) as crew,
        _bar(name, search.expected, way.metric) as tell,
    ):
        return Stage(study, name, way.goal, search.expected, tell).run(search, crew)


@contextmanager
def crew_of(make: Make, plan: Plan, hands: Hands, study: Path) -> Iterator[Crew]:
    """Processes of this machine, or those of a cluster; they end with the block."""
    packed = carried(make, plan.known)
    crew: Any
    if hands.ray is None:
        bars = study.with_suffix(".bars")
        crew = Processes(packed, plan.series, bars, hands.processes or os.cpu_count() or 1)
    else:
        try:
            from interlock.research.cluster import Cluster  # noqa: PLC0415 - Ray is an extra, and costs two seconds
        except ImportError as error:
            raise NeedsExtra("Ray is not installed.") from error
        crew = Cluster(packed, plan.series, hands.ray)
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def _bar(stage: str, expected: int, metric: str) -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(stage, total=expected, told="")

        def tell(now: Told) -> None:
            best = "none yet" if now.best is None else f"{now.best:.4g}"
            failed = f", {now.failed} failed" if now.failed else ""
            told = f"{now.rate:.0f} a second, best {metric} {best}{failed}"
            progress.update(task, completed=now.kept + now.done, told=told)

        yield tell


def _screening(trial: Trial) -> Make:
    try:
        from interlock.research.screening import InFloats  # noqa: PLC0415 - Numba is an extra, and costs a second
    except ImportError as error:
        raise NeedsExtra("Numba is not installed.") from error
    return InFloats(trial)


def _series(shelf: Shelf, symbols: Sequence[str], chosen: Sequence[Strategy]) -> Series:
    spans = sorted({strategy.timeframe for strategy in chosen})
    return [shelf.open(symbol, span).window for span in spans for symbol in symbols]


def _fitted(strategy: Strategy, timeframe: str | None) -> Strategy:
    return strategy if timeframe is None else replace(strategy, timeframe=span_of(timeframe))


def _account(settings: Settings, costs: Costs) -> tuple[Setup, WatchlistRow, tuple[str, ...]]:
    limits, cash, notes = settings.limits(), decimal_of(costs.cash), []
    stake = decimal_of(costs.stake) if costs.stake else cash * STAKE
    if not costs.as_live:
        lifted = limits.max_order_notional_usd
        limits = replace(limits, usd_per_order_max=lifted, exposure_usd_max=lifted)
        notes.append(f"MAX_USD_PER_ORDER is lifted to {lifted} for the stake; --as-live keeps it.")
    fills = Fills()
    if costs.fee is not None:
        rate = decimal_of(costs.fee) / 100
        fills = replace(fills, taker_rate=rate, maker_rate=rate)
    if costs.slippage is not None:
        fills = replace(fills, slippage=decimal_of(costs.slippage) / 100)
    row = trading_row(SYMBOL, STRATEGY, amount=stake)
    return Setup(cash=cash, limits=limits, fills=fills), row, tuple(notes)


def _instant(text: str | None) -> Instant | None:
    try:
        return None if text is None else Instant.of_iso(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error


def bars_told(plan: Plan) -> list[dict[str, Any]]:
    """The bars that were searched, as JSON has them."""
    return [
        {"symbol": w.symbol, "timeframe": name_of(w.span), "bars": len(w), "sha256": data_hash(w)}
        for w in plan.series
    ]

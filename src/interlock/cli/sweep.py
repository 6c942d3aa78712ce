"""`interlock sweep`: many candidates of a strategy on every core or on a Ray cluster, kept in a study that goes on after a kill.

`list`, `show` and `export` look at studies. What a sweep finds best is the luckiest too: `deflated_sharpe` says how credible it is.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from interlock.cli import searching as s
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import InterlockError
from interlock.research.candidates import Goal
from interlock.research.results import (
    EXACT,
    SUFFIX,
    Manifest,
    Row,
    Study,
    continued,
    looked_at,
    studies,
)
from interlock.research.sweep import Progress
from interlock.research.trial import deflated
from interlock.settings import read

SHOWN: Final = ("sharpe", "total_return", "max_drawdown", "trades", "profit_factor")
sweep: Final = typer.Typer(help="Search the parameters of strategies; list, show, export studies.")

StudyWord = Annotated[str, typer.Argument(help="The name of a study.")]


@sweep.callback(invoke_without_command=True)
def sweep_command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    strategy: s.Strategies = None,
    symbol: s.Symbols = None,
    each: s.Each = False,
    timeframe: s.Timeframe = None,
    start: s.Start = None,
    end: s.End = None,
    vary: s.Vary = None,
    where: s.Where = "",
    grid: s.IsGrid = False,
    random: s.Draws = None,
    optuna: s.Learns = None,
    seed: s.Seed = 0,
    metric: s.Metric = "sharpe",
    screen: s.IsScreened = False,
    best: s.Best = 10,
    cash: s.Money = "10000",
    stake: s.Stake = None,
    fee: s.Fee = None,
    slippage: s.Slippage = None,
    as_live: s.AsLive = False,
    processes: s.Count = 0,
    ray: s.Ray = None,
    study: s.Name = None,
    as_json: AsJson = False,
) -> None:
    """Search the parameters of a strategy; the same command goes on where a killed one was."""
    if context.invoked_subcommand is not None:
        return
    began, settings = time.monotonic(), read()
    asked = s.Asked(strategy, symbol, each, timeframe, start, end, vary, where)
    way = s.Way(grid, random, optuna, seed, metric, screen, best)
    plan = s.planned(settings, asked, s.Costs(cash, stake, fee, slippage, as_live))
    manifest = s.manifest_of(plan, way, seed, {})
    path = s.path_of(settings, study, "sweep", manifest)
    with stoppable(path), continued(path, manifest) as kept:
        stage, told = s.searched(kept, plan, way, s.Hands(processes, ray))
        found = kept.best(stage, way.goal, best)
        body = {
            **head_of(kept.path, kept.manifest),
            **_progress(told),
            "data": s.bars_told(plan),
            "metric": metric,
            "best": _best(found, _trials(kept, told[0].stage)),
            "elapsed_s": round(time.monotonic() - began, 3),
        }
    _say(body, as_json=as_json)
    raise typer.Exit(0 if found else 1)


@sweep.command("list")
def list_studies(*, as_json: AsJson = False) -> None:
    """List the studies, and how much is in each."""
    bodies = [_summary(path) for path in studies(s.studies_of(read()))]
    if as_json:
        say_json({"studies": bodies})
    else:
        columns = ("study", "results", "failed", "command")
        say_table("", columns, ([body.get(name) for name in columns] for body in bodies))


@sweep.command("show")
def show_study(
    study: StudyWord, *, metric: s.Metric = "sharpe", best: s.Best = 10, as_json: AsJson = False
) -> None:
    """Show the manifest of a study and its best results; those of the exact stage where there is one."""
    with looked_at(_path(study)) as kept:
        stages = {row.stage for row in kept.rows()}
        stage = EXACT if EXACT in stages or not stages else min(stages)
        found = kept.best(stage, Goal(metric), best)
        told = [{"stage": each, "results": len(kept.rows(each))} for each in sorted(stages)]
        trials = max((_trials(kept, each) for each in stages), key=len, default=[])
        body = {
            **head_of(kept.path, kept.manifest),
            "stages": told,
            "metric": metric,
            "best": _best(found, trials),
            "failures": _failures(kept),
        }
    _say(body, as_json=as_json)


@sweep.command("export")
def export_study(
    study: StudyWord,
    file: Annotated[Path | None, typer.Argument(help="Parquet; else beside the study.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a study as one Parquet table."""
    try:
        from interlock.research.export import export  # noqa: PLC0415 - Polars is an extra, and costs a second
    except ImportError as error:
        raise s.NeedsExtra("Polars is not installed.") from error
    path = _path(study)
    target = file or path.with_suffix(".parquet")
    with looked_at(path) as kept:
        rows = export(kept, target)
    if as_json:
        say_json({"file": str(target), "rows": rows})
    else:
        say(f"{rows} rows are in {target}.")


@contextmanager
def stoppable(path: Path) -> Iterator[None]:
    """Ctrl-C leaves a study that goes on."""
    try:
        yield
    except KeyboardInterrupt:
        line = (
            f"Stopped; what was found is kept in {path.stem}. The same command goes on from there."
        )
        typer.echo(line, err=True)
        raise typer.Exit(1) from None


def _path(study: str) -> Path:
    return s.studies_of(read()) / f"{Path(study).name.removesuffix(SUFFIX)}{SUFFIX}"


def head_of(path: Path, told: Manifest) -> dict[str, Any]:
    """What a study is, and what it was made of, as JSON has it."""
    return {
        "study": path.stem,
        "file": str(path),
        "data_hash": told.data_hash,
        "code": told.code,
        "config_hash": told.config_hash,
        "seed": told.seed,
        "command": told.command,
    }


def _progress(told: Sequence[Progress]) -> dict[str, Any]:
    return {
        "candidates": told[0].kept + told[0].done,
        "evaluated": sum(each.done for each in told),
        "failed": told[0].failed,
        "candidates_per_second": round(told[0].rate, 1),
        "stages": [
            {"stage": e.stage, "kept": e.kept, "evaluated": e.done, "seconds": round(e.seconds, 3)}
            for e in told
        ],
    }


def _trials(study: Study, stage: str) -> list[float]:
    """The daily Sharpe ratios of all that was tried in a stage."""
    ratio = Goal("sharpe_daily")
    return [value for row in study.rows(stage) if (value := ratio.of(row.figures)) is not None]


def _best(rows: Sequence[Row], trials: Sequence[float]) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "subject": row.subject,
            "params": msgspec.json.decode(row.params),
            "figures": row.figures,
            "deflated_sharpe": deflated(row.figures, trials),
        }
        for row in rows
    ]


def _failures(study: Study) -> dict[str, int]:
    """How many failed with which line, the most frequent first."""
    found: dict[str, int] = {}
    for row in study.rows():
        if row.failure:
            found[row.failure] = found.get(row.failure, 0) + 1
    return dict(sorted(found.items(), key=lambda each: -each[1])[:10])


def _summary(path: Path) -> dict[str, Any]:
    try:
        with looked_at(path) as study:
            rows = study.rows()
            failed = sum(bool(row.failure) for row in rows)
            return {**head_of(study.path, study.manifest), "results": len(rows), "failed": failed}
    except InterlockError as error:
        return {"study": path.stem, "command": error.line()}


def _say(body: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(body)
        return
    say(f"{body['study']}: {body['command']}")
    rows = [_line(each) for each in body["best"]]
    say_table("", ("subject", "parameters", *SHOWN, "deflated"), rows)
    if not rows:
        say(f"No candidate has {body['metric']}: it never traded, or the figure has another name.")
    for why, count in body.get("failures", {}).items():
        say(f"{count} failed: {why}")


def _line(each: dict[str, Any]) -> list[object]:
    params = " ".join(f"{name}={value}" for name, value in each["params"].items())
    figures = [_short(each["figures"].get(name)) for name in SHOWN]
    return [each["subject"], params, *figures, _short(each["deflated_sharpe"])]


def _short(value: object) -> object:
    return f"{value:.3f}" if isinstance(value, float) else value

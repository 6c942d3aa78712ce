"""`interlock walkforward`: the best of the past, tried on what comes after it, fold by fold; only the unseen parts count."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from interlock.cli import searching as s
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.cli.sweep import head_of, stoppable
from interlock.errors import BadInput
from interlock.research.candidates import Metrics
from interlock.research.manifest import plain
from interlock.research.results import continued
from interlock.research.trial import Exact
from interlock.research.walkforward import Fold, Walk, Walked, subjects_of, walked
from interlock.settings import read
from interlock.values import Instant

# Unless said: three parts are searched, the next is not.
SEARCHED: Final = 3
SHOWN: Final = ("total_return", "sharpe", "max_drawdown", "trades", "profit_factor")

TrainDays = Annotated[int | None, typer.Option("--train", min=1, help="Days that are searched.")]
TestDays = Annotated[int | None, typer.Option("--test", min=1, help="Days that come after them.")]
Folds = Annotated[int, typer.Option(min=1, help="How many, where no days are given.")]
IsAnchored = Annotated[
    bool, typer.Option("--anchored", help="What is searched always begins with the first bar.")
]


def walkforward(  # noqa: PLR0913 - each is an option of the command
    *,
    strategy: s.Strategies = None,
    symbol: s.Symbols = None,
    each: s.Each = False,
    timeframe: s.Timeframe = None,
    start: s.Start = None,
    end: s.End = None,
    train: TrainDays = None,
    test: TestDays = None,
    folds: Folds = 6,
    anchored: IsAnchored = False,
    vary: s.Vary = None,
    where: s.Where = "",
    grid: s.IsGrid = False,
    random: s.Draws = None,
    optuna: s.Learns = None,
    seed: s.Seed = 0,
    metric: s.Metric = "sharpe",
    screen: s.IsScreened = False,
    best: s.Best = 5,
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
    """Walk forward: search a part of the bars, hold its best to the part after it, and go on."""
    began, settings = time.monotonic(), read()
    asked = s.Asked(strategy, symbol, each, timeframe, start, end, vary, where)
    way = s.Way(grid, random, optuna, seed, metric, screen, best)
    whole = s.planned(settings, asked, s.Costs(cash, stake, fee, slippage, as_live))
    steps = _folds(whole, (train, test, folds), is_anchored=anchored)
    subjects = subjects_of(whole.trial.subjects, steps)
    plan = replace(whole, trial=replace(whole.trial, subjects=subjects))
    manifest = s.manifest_of(plan, way, seed, {"folds": plain(steps)})
    path = s.path_of(settings, study, "walk", manifest)
    with stoppable(path), continued(path, manifest) as kept:
        stage, told = s.searched(kept, plan, way, s.Hands(processes, ray))
        found = walked(
            kept, (told[0].stage, stage), way.goal, steps, Exact(plan.trial, plan.series)
        )
    body = {
        **head_of(path, manifest),
        "anchored": anchored,
        "metric": metric,
        "data": s.bars_told(plan),
        **_body(found),
        "evaluated": sum(each.done for each in told),
        "elapsed_s": round(time.monotonic() - began, 3),
    }
    if as_json:
        say_json(body)
    else:
        _say(body)


def _folds(
    plan: s.Plan,
    wanted: tuple[int | None, int | None, int],
    *,
    is_anchored: bool,
) -> Sequence[Fold]:
    """The folds over the time for which every symbol has bars."""
    train, test, count = wanted
    if (train is None) != (test is None):
        raise BadInput("--train and --test belong together: give both, or only --folds.")
    since = max(Instant.of_ms(int(window.opens_ms[0])) for window in plan.series)
    ends = [window.ends() for window in plan.series]
    until = min(each for each in ends if each is not None)
    subject = next(iter(plan.trial.subjects.values()))
    since, until = max(since, subject.since or since), min(until, subject.until or until)
    if train is not None and test is not None:
        walk = Walk(timedelta(days=train), timedelta(days=test), is_anchored)
    else:
        span = max(window.span for window in plan.series)
        part = (until - since) // (count + SEARCHED) // span * span
        walk = Walk(part * SEARCHED, part, is_anchored)
    return walk.folds(since, until)


def _body(found: Walked) -> dict[str, Any]:
    return {
        "folds": [
            {
                "fold": step.fold.number,
                "train": [at.iso()[:16] for at in step.fold.train],
                "test": [at.iso()[:16] for at in step.fold.test],
                "subject": step.chosen.subject,
                "params": dict(step.chosen.params),
                "tried": step.tried,
                "searched": step.searched,
                "unseen": step.unseen,
            }
            for step in found.steps
        ],
        "steadiness": found.steady,
        "unseen": found.figures,
        "equity_start": found.run.equity_start,
        "equity_end": round(found.run.equity_end, 8),
        "tried": found.tried,
        "deflated_sharpe": found.deflated_sharpe,
    }


def _say(body: dict[str, Any]) -> None:
    rows = [_row(each) for each in body["folds"]]
    columns = ("test from", "to", "parameters", "tried", "sharpe before")
    say_table(f"{body['study']}, what was not seen:", (*columns, *SHOWN), rows)
    say("")
    steady = [
        (
            each.subject,
            each.name,
            f"{each.mean:.4g}",
            f"{each.deviation:.4g}",
            f"{each.covered:.0%}",
        )
        for each in body["steadiness"]
    ]
    say_table("", ("subject", "parameter", "mean", "deviation", "of its axis"), steady)
    say("")
    whole = _figures(body["unseen"])
    told = ", ".join(f"{n.replace('_', ' ')} {f}" for n, f in zip(SHOWN, whole, strict=True))
    say(f"All unseen parts as one account: {told}.")
    luck = body["deflated_sharpe"]
    said = "not known" if luck is None else f"{luck:.3f}"
    say(f"After {body['tried']} trials the deflated Sharpe ratio is {said}.")


def _row(each: dict[str, Any]) -> list[object]:
    params = " ".join(f"{name}={value}" for name, value in each["params"].items())
    first, last = (at[:10] for at in each["test"])
    before = each["searched"].get("sharpe")
    return [first, last, params, each["tried"], _short(before), *_figures(each["unseen"])]


def _figures(figures: Metrics) -> list[object]:
    return [_short(figures.get(name)) for name in SHOWN]


def _short(value: object) -> object:
    return f"{value:.3f}" if isinstance(value, float) else value

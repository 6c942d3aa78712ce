"""Walk-forward: the best of the past is tried on what comes after it, again and again, and only that counts.

Every fold has a part that is searched and a later part that the search never saw. Rolling, the searched part is always as long; anchored,
it begins where the bars begin. The unseen parts are one account: each begins with the cash with which the one before it ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from statistics import fmean, pstdev

import numpy as np

from interlock.errors import BadInput
from interlock.research.candidates import Candidate, Goal, Metrics, Result
from interlock.research.results import UNSEEN, Row, Study, best_of
from interlock.research.run import Curve, Run
from interlock.research.space import Axis, read_params
from interlock.research.trial import Exact, Subject, Trial, deflated, figures_of
from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Fold:
    """One step: decided on `train`, held to it on `test`; each from its first instant on, up to and without its second."""

    number: int
    train: tuple[Instant, Instant]
    test: tuple[Instant, Instant]


@dataclass(frozen=True, slots=True)
class Walk:
    """How long the parts are, and whether the searched one is anchored at the beginning."""

    train: timedelta
    test: timedelta
    is_anchored: bool = False

    def folds(self, since: Instant, until: Instant) -> tuple[Fold, ...]:
        """As many folds as have a whole unseen part between the two; BadInput when there is none."""
        found: list[Fold] = []
        begins = since + self.train
        while begins + self.test <= until:
            first = since if self.is_anchored else begins - self.train
            ends = begins + self.test
            found.append(Fold(len(found) + 1, (first, begins), (begins, ends)))
            begins = ends
        if not found:
            text = f"From {since.iso()} to {until.iso()} there is no room for {self.train} and then {self.test}."
            raise BadInput(text)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Step:
    """What a fold came to: what was best of how many tried, its figures where it was searched, and those where it was not."""

    fold: Fold
    chosen: Candidate
    tried: int
    searched: Metrics
    unseen: Metrics


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How a parameter moved from fold to fold: its values, their mean and deviation, and how much of its axis they covered."""

    subject: str
    name: str
    values: tuple[float, ...]
    mean: float
    deviation: float
    covered: float


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """A whole walk: its steps, the one account over all unseen parts, and how credible that is after so many trials."""

    steps: tuple[Step, ...]
    run: Run
    figures: Metrics
    steady: tuple[Steadiness, ...]
    tried: int
    deflated_sharpe: float | None


def subjects_of(subjects: Mapping[str, Subject], folds: Sequence[Fold]) -> Mapping[str, Subject]:
    """Every subject on the searched part of every fold, by its name and the fold's number."""
    return {
        f"{name}{_mark(fold)}": replace(subject, since=fold.train[0], until=fold.train[1])
        for fold in folds
        for name, subject in subjects.items()
    }


def walked(
    study: Study, stages: tuple[str, str], goal: Goal, folds: Sequence[Fold], exact: Exact
) -> Walked:
    """Takes the best of every fold from the last stage and plays it on what comes after; the figures are kept in the study too.

    What the first stage tried counts as trials, whatever of it was run again.
    """
    tried, rows = (study.rows(stage) for stage in stages)
    steps, runs, cash = list[Step](), list[Run](), exact.trial.account.setup.cash
    for fold in folds:
        mine = [row for row in rows if row.subject.endswith(_mark(fold))]
        best = next(iter(best_of(mine, goal, 1)), None)
        if best is None:
            text = f"Of {len(mine)} candidates none has {goal.metric} in fold {fold.number}."
            raise BadInput(text)
        candidate = _candidate(best, exact.trial.subjects[best.subject])
        run = _unseen(exact, fold, candidate, cash)
        cash = run.equity_end
        runs.append(run)
        count = sum(row.subject.endswith(_mark(fold)) for row in tried)
        steps.append(Step(fold, candidate, count, best.figures, figures_of(run)))
    _keep(study, steps)
    whole = stitched(runs)
    figures = figures_of(whole)
    luck = deflated(figures, [d for row in tried if (d := _daily(row.figures)) is not None])
    return Walked(tuple(steps), whole, figures, _steady(steps, exact.trial), len(tried), luck)


def stitched(runs: Sequence[Run]) -> Run:
    """Runs that follow each other as one: each began with the equity with which the one before it ended."""
    curves = [run.curve for run in runs]
    curve = Curve(
        np.concatenate([each.at_ms for each in curves]),
        np.concatenate([each.equity for each in curves]),
        np.concatenate([each.exposure for each in curves]),
    )
    codes = sorted({code for run in runs for code in run.blocked})
    return Run(
        trades=tuple(trade for run in runs for trade in run.trades),
        blocked={code: sum(run.blocked.get(code, 0) for run in runs) for code in codes},
        signals=sum(run.signals for run in runs),
        bars=sum(run.bars for run in runs),
        equity_start=runs[0].equity_start,
        equity_end=runs[-1].equity_end,
        curve=curve,
    )


def _mark(fold: Fold) -> str:
    """What ends the name of every subject of a fold."""
    return f" | fold {fold.number}"


def _candidate(row: Row, subject: Subject) -> Candidate:
    return Candidate(row.number, row.subject, read_params(row.params, subject.space))


def _unseen(exact: Exact, fold: Fold, candidate: Candidate, cash: Decimal) -> Run:
    """The chosen one on the unseen part, with the cash that is there."""
    trial, name = exact.trial, candidate.subject
    after = replace(trial.subjects[name], since=fold.test[0], until=fold.test[1])
    later = replace(trial, subjects={name: after})
    return Exact(later, exact.series).run(candidate, replace(trial.account.setup, cash=cash))


def _keep(study: Study, steps: Sequence[Step]) -> None:
    """What the unseen parts came to, once."""
    kept = {row.number for row in study.rows(UNSEEN)}
    fresh = [step for step in steps if step.fold.number not in kept]
    study.keep(
        UNSEEN,
        [Result(replace(s.chosen, number=s.fold.number), s.unseen, "", 0.0) for s in fresh],
    )


def _steady(steps: Sequence[Step], trial: Trial) -> tuple[Steadiness, ...]:
    """Every parameter over the folds that chose its strategy."""
    values: dict[tuple[str, str], list[float]] = {}
    axes: dict[tuple[str, str], Axis] = {}
    for step in steps:
        name = step.chosen.subject.removesuffix(_mark(step.fold))
        for axis in trial.subjects[step.chosen.subject].space.axes:
            axes[name, axis.name] = axis
            values.setdefault((name, axis.name), []).append(float(step.chosen.params[axis.name]))
    return tuple(_steadiness(*key, axes[key], tuple(values[key])) for key in axes)


def _steadiness(subject: str, name: str, axis: Axis, values: tuple[float, ...]) -> Steadiness:
    width = float(axis.high - axis.low)
    covered = (max(values) - min(values)) / width if width else 0.0
    return Steadiness(subject, name, values, fmean(values), pstdev(values), covered)


def _daily(figures: Metrics) -> float | None:
    found = figures.get("sharpe_daily")
    return float(found) if isinstance(found, int | float) else None

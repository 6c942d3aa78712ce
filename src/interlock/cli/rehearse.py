"""`interlock rehearse`: the whole platform under virtual time against the simulated exchange, one hostile life after another.

Each seed draws what goes wrong; the exchange's own books judge. A seed that breaks a promise is printed with the command that plays it
again; `--shrink` makes it small, and what it prints is a file for `--schedule`.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import BadInput
from interlock.rehearsal.draw import draw
from interlock.rehearsal.perform import Performance, perform
from interlock.rehearsal.rehearse import Rehearsed, quietly, rehearse
from interlock.rehearsal.schedule import Schedule, read, text_of
from interlock.rehearsal.shrink import shrunk
from interlock.rehearsal.soak import Soaked, soak

SHOWN: Final = 10


def rehearse_command(  # noqa: PLR0913 - the options of one verb
    *,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds.")] = 1000,
    first: Annotated[int, typer.Option("--first", min=0, help="The first of them.")] = 0,
    processes: Annotated[
        int, typer.Option("--processes", min=0, help="How many at once; 0: one for each core.")
    ] = 0,
    days: Annotated[
        int | None, typer.Option("--soak", min=1, help="So many virtual days in one.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="One seed, and what it draws.")] = None,
    schedule: Annotated[
        Path | None, typer.Option("--schedule", help="One schedule from a file.")
    ] = None,
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Make a schedule that fails small, and print it.")
    ] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Print every seam it passes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rehearse hostile lives of the whole platform; exit 1 when any promise was broken."""
    if seed is not None or schedule is not None:
        _one(_chosen(seed, schedule), shrink=shrink, trace=trace, as_json=as_json)
        return
    if days is not None:
        _soaked(soak(days), as_json=as_json)
        return
    done = _many(first, seeds, processes or os.cpu_count() or 1)
    if as_json:
        say_json(_body(done))
    else:
        _say(done)
    raise typer.Exit(1 if done.wrong else 0)


def _chosen(seed: int | None, schedule: Path | None) -> Schedule:
    if schedule is None:
        return draw(seed or 0)
    try:
        return read(schedule.read_bytes(), str(schedule))
    except OSError as error:
        raise BadInput(f"{schedule} cannot be read: {error.strerror}.") from error


def _one(chosen: Schedule, *, shrink: bool, trace: bool, as_json: bool) -> None:
    quietly()
    if shrink:
        chosen = shrunk(chosen)
    done = perform(chosen, _tell if trace else None)
    if as_json:
        say_json(_performed(chosen, done))
    else:
        for line in chosen.lines():
            say(line)
        say(f"{done.lives} lives, {done.seams} seams, trace {done.trace[:16]}")
        for wrong in done.violations:
            say(wrong)
        say("Every promise was kept." if not done.violations else text_of(chosen).rstrip())
    raise typer.Exit(1 if done.violations else 0)


def _tell(number: int, at_s: float, seam: str) -> None:
    typer.echo(f"{number:6} {at_s:12.6f} {seam}", err=True)


def _many(first: int, seeds: int, processes: int) -> Rehearsed:
    columns = (
        TextColumn("rehearsing"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=seeds, told="")

        def tell(done: Rehearsed) -> None:
            rate = done.seeds / max(done.seconds, 0.001)
            told = f"{rate:.0f} a second, {len(done.wrong)} broke a promise"
            progress.update(task, completed=done.seeds, told=told)

        return rehearse(first, seeds, processes, tell)


def _say(done: Rehearsed) -> None:
    rows = [
        ("seeds", done.seeds),
        ("lives", done.lives),
        ("seams passed", done.seams),
        ("virtual days", round(done.virtual_s / 86400, 1)),
        ("seconds", round(done.seconds, 1)),
        ("seeds a second", round(done.seeds / done.seconds, 1)),
        ("faults that took effect", sum(done.marks.values())),
        ("seeds that broke a promise", len(done.wrong)),
        ("digest", done.digest[:16]),
    ]
    say_table("", ("rehearsed", ""), rows)
    for wrong in done.wrong[:SHOWN]:
        say(f"seed {wrong.seed}: {wrong.violations[0]}")
        say(f"  interlock rehearse --seed {wrong.seed} --shrink")


def _body(done: Rehearsed) -> dict[str, Any]:
    return {
        "seeds": done.seeds,
        "seeds_per_second": round(done.seeds / done.seconds, 1),
        "violations": len(done.wrong),
        "lives": done.lives,
        "seams": done.seams,
        "virtual_days": round(done.virtual_s / 86400, 1),
        "elapsed_s": round(done.seconds, 1),
        "digest": done.digest,
        "failing": [{"seed": w.seed, "violations": list(w.violations)} for w in done.wrong[:100]],
        "marks": dict(sorted(done.marks.items())),
    }


def _soaked(done: Soaked, *, as_json: bool) -> None:
    told = {
        "days": done.days,
        "lives": done.lives,
        "orders": done.orders,
        "faults": done.faults,
        "violations": len(done.violations),
        "rss_first_mb": done.rss_mb[0],
        "rss_last_mb": done.rss_mb[-1],
        "rss_slope_mb_per_day": round(done.slope_mb_per_day, 2),
        "books_kb_per_day": round(done.books_kb_per_day, 1),
        "elapsed_s": done.seconds,
    }
    if as_json:
        say_json(told)
    else:
        say_table("", ("soaked", ""), told.items())
        for wrong in done.violations[:SHOWN]:
            say(wrong)
    raise typer.Exit(0 if done.holds else 1)


def _performed(chosen: Schedule, done: Performance) -> dict[str, Any]:
    return {
        "violations": list(done.violations),
        "lives": done.lives,
        "seams": done.seams,
        "trace": done.trace,
        "size": chosen.size,
        "schedule": chosen,
    }

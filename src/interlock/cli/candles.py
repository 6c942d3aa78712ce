"""`interlock data import|list|check|resample|fetch`: the candles that research stands on, imported whole or refused with the line."""

import getpass
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import BadInput
from interlock.host.clock import WallClock
from interlock.market import Window
from interlock.research.candles.checking import Checkup, Stretch, check
from interlock.research.candles.fetching import Wanted, through_ccxt
from interlock.research.candles.folding import resample
from interlock.research.candles.reading import PARQUET, Import, bars_of, read
from interlock.research.candles.shelf import (
    Origin,
    Series,
    Shelf,
    joined,
    parquet,
    series_of,
)
from interlock.research.candles.timeframe import span_of
from interlock.settings import read as read_settings
from interlock.values import Instant, check_symbol
from interlock.wiring.candles import shelf_of
from interlock.wiring.fetching import fetched

SHOWN: Final = 12
BYTES_MAX: Final = 1 << 30
CCXT: Final = "ccxt"
data: Final = typer.Typer(
    no_args_is_help=True, help="Candles for research: import, list, check, resample, fetch."
)

Symbol = Annotated[str, typer.Option("--symbol", help="Such as BTC_USDT.")]
Timeframe = Annotated[
    str, typer.Option("--timeframe", help="1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h or 1D.")
]
SymbolWord = Annotated[str, typer.Argument(help="Such as BTC_USDT.")]
TimeframeWord = Annotated[str, typer.Argument(help="Such as 1h.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put it in the place of what is there.")]
AcceptHalt = Annotated[
    bool, typer.Option("--accept-halt", help="I looked: across its halts it is the same coin.")
]
Start = Annotated[str | None, typer.Option("--from", help="ISO 8601; the first bar.")]
End = Annotated[str | None, typer.Option("--to", help="ISO 8601; bars that open before it.")]


@data.command("import")
def import_file(  # noqa: PLR0913 - each is an option of the command
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet; gzip is unpacked.")],
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    replace: Replace = False,
    accept_halt: AcceptHalt = False,
    as_json: AsJson = False,
) -> None:
    """Import a file of bars: the whole of it, or nothing and the line that is wrong."""
    span = span_of(timeframe)
    try:
        raw = file.read_bytes() if file.stat().st_size <= BYTES_MAX else None
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if raw is None:
        raise BadInput(f"{file} is larger than 1 GiB.")
    made = _imported(raw, check_symbol(symbol), span)
    origin = Origin(file.name, hashlib.sha256(raw).hexdigest(), _now().iso(), made.notes)
    _keep(series_of(made.window, origin), _Ways(replace, accept_halt, as_json))


@data.command("list")
def list_series(*, as_json: AsJson = False) -> None:
    """List the series that there are, shipped ones among them."""
    shelf = _shelf()
    found = [shelf.look(symbol, span_of(timeframe)) for symbol, timeframe in shelf.names()]
    if as_json:
        say_json({"series": [each.manifest for each in found]})
        return
    rows = (
        (m.symbol, m.timeframe, m.bars, m.first[:16], m.last[:16], m.origin.source)
        for m in (each.manifest for each in found)
    )
    say_table("", ("symbol", "timeframe", "bars", "first", "last", "from"), rows)


@data.command("check")
def check_series(
    symbol: SymbolWord,
    timeframe: TimeframeWord,
    *,
    accept_halt: AcceptHalt = False,
    as_json: AsJson = False,
) -> None:
    """Look for holes, dead stretches, bad ticks, halts and changes of the tick; exit 1 when it must not be used as it is."""
    shelf = _shelf()
    series = shelf.look(check_symbol(symbol), span_of(timeframe))
    if accept_halt:
        shelf.accept(series.window, getpass.getuser(), _now())
    waiting = shelf.unaccepted(series.window)
    found = check(series.window)
    holds = not waiting and not found.bad_ticks
    if as_json:
        say_json({"holds": holds, **_body(series, found, waiting)})
    else:
        _say_found(series, found, waiting)
    raise typer.Exit(0 if holds else 1)


@data.command("resample")
def resample_series(
    symbol: SymbolWord,
    timeframe: TimeframeWord,
    to: Annotated[str, typer.Option("--to", help="The coarser timeframe.")],
    *,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Make coarser bars, of whole ones alone: a bar that lacks a part is left out and counted."""
    series = _shelf().look(check_symbol(symbol), span_of(timeframe))
    folded = resample(series.window, span_of(to))
    notes = (f"{folded.parted} bars of {to} lacked a part and were left out.",)
    origin = Origin(f"resampled from {timeframe}", series.manifest.data_sha256, _now().iso(), notes)
    _keep(series_of(folded.window, origin), _Ways(replace, accept=False, as_json=as_json))


@data.command("fetch")
def fetch_series(  # noqa: PLR0913 - each is an option of the command
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    start: Annotated[str, typer.Option("--from", help="ISO 8601; the first bar.")],
    end: End = None,
    via: Annotated[
        str | None, typer.Option(help="ccxt EXCHANGE, as in `--via ccxt:binance`.")
    ] = None,
    rest: Annotated[str, typer.Option(help="Another address for ccxt.")] = "",
    replace: Replace = False,
    accept_halt: AcceptHalt = False,
    as_json: AsJson = False,
) -> None:
    """Fetch closed bars from the exchange's public REST, or through ccxt from another, and add them to those that are kept."""
    now = _now()
    until = min(now, _instant(end)) if end else now
    wanted = Wanted(check_symbol(symbol), span_of(timeframe), _instant(start), until)
    made, source = _fetched(wanted, via, rest)
    window = made.window if replace else _with_kept(made.window)
    origin = Origin(source, "", now.iso(), made.notes)
    # What was kept is in it: nothing that stood there is lost by putting it in the same place.
    _keep(series_of(window, origin), _Ways(over=True, accept=accept_halt, as_json=as_json))


@dataclass(frozen=True, slots=True)
class _Ways:
    over: bool
    accept: bool
    as_json: bool


def _imported(raw: bytes, symbol: str, span: timedelta) -> Import:
    if raw.startswith(PARQUET):
        return bars_of(parquet().table_of(raw), symbol, span)
    return read(raw, symbol, span)


def _fetched(wanted: Wanted, via: str | None, rest: str) -> tuple[Import, str]:
    columns = (SpinnerColumn(), TextColumn("fetching{task.fields[so_far]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", so_far="")
        if via is not None:
            exchange = via.removeprefix(CCXT).lstrip(": ")
            return through_ccxt(exchange, wanted, rest), f"ccxt {exchange}"

        def tell(bars: int) -> None:
            progress.update(task, so_far=f", {bars} bars so far")

        settings = read_settings()
        return Import(fetched(settings, wanted, tell), ()), settings.exchange.rest_url


def _with_kept(window: Window) -> Window:
    kept = _shelf().kept(window.symbol, window.span)
    return window if kept is None else joined(kept.window, window)


def _keep(series: Series, ways: _Ways) -> None:
    """Puts a series on the shelf and says what it is; its halts are accepted by whoever says so."""
    shelf = _shelf()
    path = shelf.put(series, over=ways.over)
    if ways.accept:
        shelf.accept(series.window, getpass.getuser(), _now())
    found, waiting = check(series.window), shelf.unaccepted(series.window)
    if ways.as_json:
        say_json({"file": str(path), **_body(series, found, waiting)})
        return
    for note in series.manifest.origin.notes:
        say(note)
    _say_found(series, found, waiting)
    say(f"Kept as {path}.")


# ---------------------------------------------------------------- telling


def _say_found(series: Series, found: Checkup, waiting: Iterable[Stretch]) -> None:
    told = series.manifest
    first, last = _short(found.first), _short(found.last)
    say(f"{told.symbol} {told.timeframe}: {found.bars} bars from {first} to {last}.")
    say(f"{found.missing} bars are missing in {len(found.holes)} holes.")
    _say_stretches(found.holes)
    say(f"In {found.zero_volume} bars nothing was traded, in {found.flat} the price did not move.")
    if found.dead:
        longest = max(found.dead, key=lambda each: each.bars)
        say(f"The longest dead stretch: {longest.bars} bars from {_short(longest.start)}.")
    for tick in found.bad_ticks[:SHOWN]:
        say(
            f"Bad tick: {tick.place} of {tick.price:g} at {_short(tick.at)}, where all around is {tick.around:g}."
        )
    for size in found.ticks:
        say(f"From {size.month} on prices move in steps of {size.tick}.")
    for halt in waiting:
        say(
            f"HALT: away from {_short(halt.start)} to {_short(halt.end)}; not used until `--accept-halt`."
        )


def _say_stretches(holes: tuple[Stretch, ...]) -> None:
    largest = sorted(holes, key=lambda hole: -hole.bars)[:SHOWN]
    if largest:
        rows = ((_short(hole.start), _short(hole.end), hole.bars) for hole in largest)
        say_table("", ("missing from", "to", "bars"), rows)


def _body(series: Series, found: Checkup, waiting: Iterable[Stretch]) -> dict[str, Any]:
    told = series.manifest
    return {
        "symbol": told.symbol,
        "timeframe": told.timeframe,
        "bars": found.bars,
        "first": told.first,
        "last": told.last,
        "data_sha256": told.data_sha256,
        "notes": list(told.origin.notes),
        "missing": found.missing,
        "holes": [_stretch(hole) for hole in found.holes],
        "zero_volume": found.zero_volume,
        "flat": found.flat,
        "dead": len(found.dead),
        "halts": [_stretch(halt) for halt in found.halts],
        "halts_unaccepted": [_stretch(halt) for halt in waiting],
        "bad_ticks": [
            {"at": tick.at.iso(), "place": tick.place, "price": tick.price, "around": tick.around}
            for tick in found.bad_ticks
        ],
        "ticks": {size.month: size.tick for size in found.ticks},
    }


def _short(at: Instant | None) -> str:
    return at.iso()[:16] if at else "nowhere"


def _stretch(each: Stretch) -> dict[str, Any]:
    return {"from": each.start.iso(), "to": each.end.iso(), "bars": each.bars}


def _instant(text: str) -> Instant:
    try:
        return Instant.of_iso(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error


def _now() -> Instant:
    return WallClock().now()


def _shelf() -> Shelf:
    return shelf_of(read_settings())

"""The page itself: words and tables from the figures, charts by its own script over Plotly's, everything inline.

It asks nobody: its own policy forbids every origin. What a person wrote (names, notes, reasons) is text in it, never markup.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from interlock.errors import Misuse
from interlock.research.report.content import Subject, content, months
from interlock.research.report.words import CARDS, PARTS, RECALLED, Form, recalled, told

HERE: Final = files("interlock.research.report")
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The strongest colour of a month, in percent: its figure must still be read.
COLOUR_MAX: Final = 75
Cells = Sequence[object]


class NeedsPlotly(Misuse):
    """Charts are drawn by Plotly's script, which is not installed."""

    remedy: ClassVar[str] = "Install the extra: pip install 'interlock[research]'."


def can_draw() -> bool:
    """Whether the script that draws is installed."""
    return find_spec("plotly") is not None


def write(path: Path, subject: Subject) -> None:
    """Writes the page, whole or not at all."""
    text = page(subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def page(subject: Subject) -> str:
    """The whole page as one text."""
    if not can_draw():
        raise NeedsPlotly("Plotly is not installed.")
    # Not imported: the file is all that is needed of it, and it takes a second to import.
    drawing = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    drawing = drawing.replace("</script", "<\\/script")
    data = msgspec.json.encode(content(subject)).decode().replace("<", "\\u003c")
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(subject.title)} · Interlock</title>",
            f"<style>{_own('page.css')}</style></head><body>",
            *_sections(subject),
            f'<script type="application/json" id="run">{data}</script>',
            f"<script>{drawing}</script>",
            f"<script>{_own('page.js')}</script>",
            "</body></html>",
        )
    )


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _sections(subject: Subject) -> Iterable[str]:
    body = subject.body
    yield _header(subject)
    yield f'<div class="cards">{"".join(_card(title, rows, body) for title, rows in CARDS)}</div>'
    yield _card_of("Equity", '<div id="equity" class="chart tall"></div>')
    yield _card_of("Prices and trades", _PRICES)
    yield f'<div class="two">{_months(subject)}{_card_of("Rolling Sharpe", _chart("rolling"))}</div>'
    yield (
        f'<div class="two">{_card_of("Return of trades", _chart("trades-returns"))}'
        f"{_card_of('Return of days', _chart('days-returns'))}</div>"
    )
    yield _parts(body)
    yield f'<div class="two">{_blocked(body)}{_luck(body)}</div>'
    yield _comparison(subject)
    yield _card_of("Trades", '<div id="trades"></div>')
    yield _honesty(body)
    yield _making(subject)


_PRICES: Final = (
    '<div class="bar"><select id="lane" aria-label="Symbol and strategy"></select>'
    '<span id="spans" class="buttons"></span><span id="resolution" class="quiet"></span></div>'
    '<div id="prices" class="chart taller"></div><p id="why"></p>'
)


def _chart(name: str) -> str:
    return f'<div id="{name}" class="chart"></div>'


def _header(subject: Subject) -> str:
    body = subject.body
    grown = body["total_return"]
    colour = "" if grown is None else "good" if grown >= 0 else "bad"
    start, end = (f"{body[name]:,.2f}" for name in ("equity_start", "equity_end"))
    return (
        f'<header><div><h1>{escape(subject.title)}</h1><p class="quiet">{escape(body["first"])} to '
        f"{escape(body['last'])} UTC · {body['bars']:,} bars · {start} to {end}</p></div>"
        f'<div class="headline {colour}">{told(grown, Form.SIGNED)}<span class="quiet">buy and hold '
        f"{told(body['buy_and_hold'], Form.SIGNED)}</span></div>"
        '<button id="theme" type="button" title="Light or dark">◐</button></header>'
    )


def _card_of(title: str, inside: str) -> str:
    return f'<section class="card"><h2>{escape(title)}</h2>{inside}</section>'


def _card(title: str, rows: Iterable[tuple[str, str, Form]], body: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{told(body.get(key), form)}</td></tr>"
        for name, key, form in rows
    )
    return _card_of(title, f'<table class="pairs">{lines}</table>')


def _table(columns: Cells, rows: Iterable[Cells]) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in columns)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>'


def _months(subject: Subject) -> str:
    found = list(months(subject.measures.monthly))
    month_max = max(
        (abs(each) for _, row, _ in found for each in row if each is not None), default=0
    )
    year_max = max((abs(total) for _, _, total in found), default=0)
    rows = "".join(
        f"<tr><th>{year}</th>{''.join(_heat(each, month_max) for each in row)}{_heat(total, year_max)}</tr>"
        for year, row, total in found
    )
    names = "".join(f"<th>{name}</th>" for name in (*MONTHS, "year"))
    table = f'<div class="wide"><table class="months"><tr><th></th>{names}</tr>{rows}</table></div>'
    return _card_of("Return by month, %", table)


def _heat(value: float | None, full: float) -> str:
    """A cell whose colour is as strong as its value is near the largest."""
    if value is None:
        return "<td></td>"
    share = round(COLOUR_MAX * abs(value) / full) if full else 0
    colour = f"color-mix(in srgb, var(--{'good' if value >= 0 else 'bad'}) {share}%, transparent)"
    return f'<td style="background:{colour}">{100 * value:.1f}</td>'


def _parts(body: Mapping[str, Any]) -> str:
    cards = []
    for title, key in (
        ("By symbol", "by_symbol"),
        ("By strategy", "by_entry"),
        ("By exit", "by_exit"),
    ):
        rows = [
            (name, *(told(row[k], form) for _, k, form in PARTS)) for name, row in body[key].items()
        ]
        cards.append(_card_of(title, _table(("", *(name for name, _, _ in PARTS)), rows)))
    return f'<div class="three">{"".join(cards)}</div>'


def _blocked(body: Mapping[str, Any]) -> str:
    ordered = sorted(body["blocked"].items(), key=lambda each: -each[1])
    traded, signals = body["trades"], body["signals"]
    said = (
        f'<p class="quiet">{signals:,} signals; {traded:,} became trades, the others were kept:</p>'
    )
    return _card_of("Blocked signals by rule", said + _table(("rule", "signals"), ordered))


def _luck(body: Mapping[str, Any]) -> str:
    drawn = body["monte_carlo"]
    if drawn is None:
        return _card_of("Other draws of these trades", '<p class="quiet">Too few trades.</p>')
    said = (
        f'<p class="quiet">{drawn["draws"]:,} draws with replacement, seed {drawn["seed"]}, stakes not '
        f"compounded; {told(drawn['loss'], Form.SHARE)} of them lose money.</p>"
    )
    rows = [
        ("return", *(told(each, Form.SIGNED) for each in drawn["returns"])),
        ("max drawdown", *(told(each, Form.SHARE) for each in drawn["drawdowns"])),
    ]
    table = _table(("", "5 %", "median", "95 %"), rows)
    return _card_of("Other draws of these trades", said + table)


def _comparison(subject: Subject) -> str:
    if not subject.others:
        return ""
    columns = ("", "this run", *(each.run_id for each in subject.others))
    rows = [("", subject.title, *(each.title for each in subject.others))]
    rows += [
        (
            name,
            told(subject.body.get(key), form),
            *(told(o.figures.get(key), form) for o in subject.others),
        )
        for _, group in CARDS
        for name, key, form in group
    ]
    return _card_of("Compared", _table(columns, rows))


def _honesty(body: Mapping[str, Any]) -> str:
    return "".join(_checked(check) for check in body["checks"])


def _checked(check: Mapping[str, Any]) -> str:
    name = f"{check['strategy']} on {check['symbol']}"
    memory = _table(RECALLED, [recalled(each) for each in check["recursion"]])
    if not check["glimpses"]:
        said = f'<p class="good">No look ahead: {check["bars"]} bars say the same without those after them.</p>'
        return _card_of(f"Honesty: {name}", said + memory)
    seen = _table(
        ("what", "bar", "when decided", "with later bars"),
        [(g["what"], g["at"][:16], g["alone"], g["later"]) for g in check["glimpses"]],
    )
    return _card_of(f"Honesty: {name}", f'<p class="bad">It looks ahead.</p>{seen}{memory}')


def _making(subject: Subject) -> str:
    body = subject.body
    data = _table(
        ("symbol", "timeframe", "bars", "SHA-256"),
        [(s["symbol"], s["timeframe"], f"{s['bars']:,}", s["sha256"]) for s in body["data"]],
    )
    warm = _table(
        ("symbol", "strategy", "warm-up", "speaks from"),
        [
            (w["symbol"], w["strategy"], w["bars"], (w["first"] or "never")[:16])
            for w in body["warm_up"]
        ],
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in body["notes"])
    rows = [(name, body[name]) for name in ("run_id", "started_at", "code", "seed", "config_hash")]
    lines = "".join(
        f"<tr><td>{name}</td><td>{escape(str(value))}</td></tr>" for name, value in rows
    )
    config = escape(msgspec.json.format(msgspec.json.encode(subject.config)).decode())
    return _card_of(
        "How it was made",
        f'<table class="pairs left">{lines}</table>{data}{warm}<ul>{notes}</ul>'
        f"<details><summary>Every assumption</summary><pre>{config}</pre></details>",
    )

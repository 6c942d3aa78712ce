"""The status page as HTML, pure: a few facts, then tables. Every text is escaped, nothing is loaded from anywhere, nothing runs in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Final

REFRESH_SECONDS: Final = 2
HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
)
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #66707b; --line: #d9dee3; --ground: #fff; --card: #f6f8fa; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ee; --dim: #8d98a5; --line: #2f3742; --ground: #12161b; --card: #1a2027; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 20px; background: var(--ground); color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 20px; margin: 0 0 2px; }
h2 { font-size: 13px; margin: 0 0 8px; color: var(--dim); text-transform: uppercase; letter-spacing: .05em; }
p { margin: 0 0 16px; color: var(--dim); }
dl { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0 0 18px; }
dt { color: var(--dim); font-size: 12px; }
dd { margin: 0; font-size: 16px; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; overflow-x: auto; }
section.wide { grid-column: 1 / -1; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 3px 14px 3px 0; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th { border-top: 0; font-weight: 500; color: var(--dim); }
td.long { white-space: normal; overflow-wrap: anywhere; min-width: 160px; }
.none { color: var(--dim); margin: 0; }
.bad { color: var(--bad); }
"""
LONG: Final = 32


@dataclass(frozen=True, slots=True)
class Table:
    """One part of the page. `is_bad` marks the rows, by their place, that went wrong."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    is_wide: bool = False
    bad: frozenset[int] = frozenset()


def page(title: str, lead: str, facts: Mapping[str, object], tables: Iterable[Table]) -> str:
    """The whole page; it asks for itself again after a moment."""
    figures = "".join(
        f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items()
    )
    parts = "".join(_section(table) for table in tables)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><style>{STYLE}</style></head>'
        f"<body><h1>{_text(title)}</h1><p>{_text(lead)}</p><dl>{figures}</dl><main>{parts}</main></body></html>"
    )


def _section(table: Table) -> str:
    wide = ' class="wide"' if table.is_wide else ""
    return f"<section{wide}><h2>{_text(table.title)}</h2>{_body(table)}</section>"


def _body(table: Table) -> str:
    if not table.rows:
        return '<p class="none">None.</p>'
    head = "".join(f'<th scope="col">{_text(each)}</th>' for each in table.columns)
    rows = "".join(_row(row, is_bad=n in table.bad) for n, row in enumerate(table.rows))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(row: Sequence[object], *, is_bad: bool) -> str:
    cells = "".join(_cell(str("" if each is None else each)) for each in row)
    return f'<tr class="bad">{cells}</tr>' if is_bad else f"<tr>{cells}</tr>"


def _cell(text: str) -> str:
    long = ' class="long"' if len(text) > LONG else ""
    return f"<td{long}>{_text(text)}</td>"


def _text(value: object) -> str:
    return escape(str(value))

"""The page: header, health strip, equity, positions, decisions, orders; redrawn each second from what the feed last heard.

User text appears as text nodes alone. Only what changed is sent to the browser.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from nicegui import ui

from interlock.dashboard import tables
from interlock.dashboard.chart import equity_options
from interlock.dashboard.feed import Feed
from interlock.dashboard.lights import lamps, tone_of
from interlock.dashboard.words import DASH, age, clock, money, percent, tone

STYLE: Final = Path(__file__).with_name("style.css")
REDRAW_S: Final = 1.0
STALE_S: Final = 5.0
# One template for every cell of every table; `{{ }}` writes text, never markup.
BODY: Final = """
<q-tr :props="props">
  <q-td v-for="col in props.cols" :key="col.name" :props="props" :data-label="col.label" :class="'c-' + col.name.toLowerCase()">
    <span v-if="props.row[col.name].text" :class="[props.row[col.name].chip ? 'chip' : 'text', props.row[col.name].tone]">{{ props.row[col.name].text }}</span>
    <small v-if="props.row[col.name].sub">{{ props.row[col.name].sub }}</small>
    <ul v-if="props.row[col.name].lines.length" class="lines">
      <li v-for="line in props.row[col.name].lines" :class="line.tone">{{ line.text }}</li>
    </ul>
  </q-td>
</q-tr>
"""  # noqa: E501 (a template is read as the browser reads it)

Draw = Callable[[], None]


def page(feed: Feed) -> None:
    """Builds the page for one visitor, and keeps it current for as long as they look."""
    ui.add_css(STYLE)
    ui.page_title("Interlock")
    ui.dark_mode(value=None)
    draws: list[Draw] = []
    with ui.element("div").classes("page"):
        draws.append(_header(feed))
        draws.append(_notice(feed))
        draws.append(_strip(feed))
        with ui.element("div").classes("wide"):
            draws.append(_equity(feed))
            draws.append(_table(feed, "Watchlist", "watchlist", tables.WATCHLIST, tables.watched))
        draws.append(_table(feed, "Open positions", "positions", tables.POSITIONS, tables.position))
        draws.append(_decisions(feed))
        draws.append(_table(feed, "Last orders", "orders", tables.ORDERS, tables.order))
        draws.append(_footer(feed))

    def redraw() -> None:
        for draw in draws:
            draw()

    redraw()
    ui.timer(REDRAW_S, redraw)


def _text(label: ui.label, text: str, classes: str) -> None:
    """Says it, in these classes; what did not change is not sent."""
    if label.text != text:
        label.set_text(text)
    if label.classes != classes.split():
        label.classes(replace=classes)


def _header(feed: Feed) -> Draw:
    with ui.element("header").classes("header"):
        with ui.element("div").classes("brand"):
            ui.element("span").classes("semaphore")
            ui.label("Interlock").classes("name")
            mode, kill = ui.label(), ui.label()
        with ui.element("div").classes("figures"):
            clock_name, time = _figure("Time")
            (_, equity), (_, day) = _figure("Equity"), _figure("Today")
        night = ui.dark_mode(None)
        with ui.element("button").classes("toggle").props('aria-label="Dark or light"') as toggle:
            ui.label("◐")
        # What is shown is known to the browser alone; what is chosen is kept here, so that nothing sets it back.
        toggle.on(
            "click",
            lambda shown: night.set_value(not shown.args),
            js_handler="() => emit(Quasar.Dark.isActive)",
        )

    def draw() -> None:
        status = feed.part("status")
        word = status.get("mode")
        is_rehearsal = status.get("venue") == "SIM"
        _text(clock_name, "Simulated time" if is_rehearsal else "Time", "caption")
        _text(mode, word or "UNKNOWN", f"badge mode-{(word or 'unknown').lower()}")
        _kill(kill, status)
        _text(time, f"{clock(feed.as_of)} UTC", "value")
        _text(equity, money(status.get("equity")), "value")
        gain, pct = status.get("day_pnl"), status.get("day_pnl_pct")
        shown = DASH if gain is None else f"{money(gain, sign=True)} ({percent(pct)})"
        _text(day, shown, f"value {tone(gain)}")

    return draw


def _figure(name: str) -> tuple[ui.label, ui.label]:
    with ui.element("div").classes("figure"):
        return ui.label(name).classes("caption"), ui.label(DASH).classes("value")


def _kill(label: ui.label, status: dict[str, Any]) -> None:
    kill = status.get("kill")
    if not status:
        _text(label, "kill switch unknown", "badge dark-badge")
    elif kill:
        _text(label, f"KILLED by {kill['who']}: {kill['why']}", "badge killed")
    else:
        _text(label, "kill switch clear", "badge clear")


def _notice(feed: Feed) -> Draw:
    """One line that says whether an entry could be made now, or that the platform is silent."""
    label = ui.label().classes("notice")

    def draw() -> None:
        trouble, oldest = feed.trouble(), feed.oldest_s()
        status = feed.part("status")
        if trouble is not None or oldest is None:
            seen = (
                "Nothing was heard yet."
                if oldest is None
                else f"What is shown is {age(oldest)} old."
            )
            _text(label, f"{trouble or 'Asking the platform.'} {seen}", "notice stale")
        elif status["ready_to_trade"]:
            _text(label, "Proceed: an entry would be judged on its merit.", "notice proceed")
        else:
            _text(label, f"Danger: no entry. {'; '.join(status['why_not'])}", "notice danger")

    return draw


def _strip(feed: Feed) -> Draw:
    with ui.element("section").classes("strip"):
        whole = _lamp("System")
        each = [_lamp(lamp.name) for lamp in lamps({})]

    def draw() -> None:
        health = feed.health
        word = health.get("global_status")
        drawn = feed.age_s("health")
        _light(whole, word or "UNKNOWN", tone_of(word), f"asked {age(drawn)} ago" if drawn else "")
        for labels, lamp in zip(each, lamps(health), strict=True):
            _light(labels, lamp.word, lamp.tone, lamp.detail)

    return draw


def _lamp(name: str) -> tuple[ui.element, ui.label, ui.label]:
    with ui.element("div").classes("lamp"):
        bulb = ui.element("span").classes("bulb dark")
        with ui.element("div"):
            ui.label(name).classes("caption")
            word = ui.label()
            detail = ui.label()
    return bulb, word, detail


def _light(
    labels: tuple[ui.element, ui.label, ui.label], word: str, tone: str, detail: str
) -> None:
    bulb, shown, why = labels
    if tone not in bulb.classes:
        bulb.classes(replace=f"bulb {tone}")
    _text(shown, word, "word")
    _text(why, detail, "detail")


def _card(title: str) -> tuple[ui.element, ui.element, ui.label]:
    """A card, its head with the title, and the place for its age."""
    card = ui.element("section").classes("card")
    with card, ui.element("div").classes("head") as head:
        ui.label(title).classes("title")
        stamp = ui.label()
    return card, head, stamp


def _stamp(label: ui.label, feed: Feed, count: str = "") -> None:
    """How many, as of when, and how long ago it was heard; amber when that is too long."""
    seconds = feed.age_s("snapshot")
    if seconds is None:
        _text(label, "not heard yet", "stamp stale")
        return
    is_old = seconds > STALE_S
    _text(label, f"{count}heard {age(seconds)} ago", f"stamp {'stale' if is_old else 'fresh'}")


def _equity(feed: Feed) -> Draw:
    card, _, stamp = _card("Equity")
    with card:
        chart = ui.echart(equity_options(())).classes("chart")
    drawn: list[Any] = [None]

    def draw() -> None:
        _stamp(stamp, feed)
        series = feed.part("portfolio").get("equity_series", [])
        if series == drawn[0]:
            return
        drawn[0] = series
        chart.options.clear()
        chart.options.update(equity_options(series))
        chart.update()

    return draw


def _table(
    feed: Feed,
    title: str,
    part: str,
    columns: Sequence[str],
    row: Callable[[dict[str, Any]], dict[str, Any]],
) -> Draw:
    card, _, stamp = _card(title)
    with card.classes(f"of-{part}"):
        fill = _grid(columns)

    def draw() -> None:
        found = feed.rows(part)
        _stamp(stamp, feed, f"{len(found)} · ")
        fill([row(each) for each in found])

    return draw


def _decisions(feed: Feed) -> Draw:
    card, head, stamp = _card("Last decisions")
    with head:
        every = ui.checkbox("with WAIT and suppressed").props("dense size=xs").classes("choice")
    stamp.move(head)
    with card.classes("of-decisions"):
        fill = _grid(tables.DECISIONS)

    def draw() -> None:
        found = feed.rows("all_decisions" if every.value else "decisions")
        _stamp(stamp, feed, f"{len(found)} · ")
        fill([tables.decision(each) for each in found])

    every.on_value_change(draw)
    return draw


def _grid(columns: Sequence[str]) -> Callable[[list[dict[str, Any]]], None]:
    """An empty table, and what fills it; no rows is said in words."""
    heads = [{"name": name, "label": name, "field": name, "align": "left"} for name in columns]
    table = ui.table(columns=heads, rows=[], row_key="key")
    table.props('flat dense hide-bottom wrap-cells :rows-per-page-options="[0]"').classes("grid")
    table.add_slot("body", BODY)
    nothing = ui.label("None.").classes("nothing")

    def fill(rows: list[dict[str, Any]]) -> None:
        nothing.set_visibility(not rows)
        table.set_visibility(bool(rows))
        if table.rows != rows:
            table.rows = rows

    return fill


def _footer(feed: Feed) -> Draw:
    label = ui.label().classes("footer")

    def draw() -> None:
        passes = feed.health.get("details", {}).get("passes", {})
        beats = " · ".join(f"{who} {age(one['age_s'])}" for who, one in sorted(passes.items()))
        venue = feed.part("status").get("venue")
        told = f"Venue {venue}. " if venue else ""
        _text(label, f"{told}Last cycle of each loop: {beats or 'none yet'}.", "footer")

    return draw

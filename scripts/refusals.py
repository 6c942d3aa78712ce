"""Writes docs/refusals.md from the tables of the rules and of the exchange's codes: nobody edits that page by hand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from interlock.ports import Reply
from interlock.protocol.crypto_com.codes import CODES, CodeRow
from interlock.protocol.crypto_com.outcome import classify
from interlock.protocol.crypto_com.wire import Asked
from interlock.risk.guard import CODE, RULES
from interlock.risk.limits import BOUNDS, Limits
from interlock.risk.order_rules import ORDER_RULES
from interlock.risk.remedies import REMEDIES
from interlock.settings import Settings

PAGE: Final = Path(__file__).parents[1] / "docs" / "refusals.md"
CREATE: Final = "private/create-order"
HEAD: Final = """# Refusals

*Written by `python scripts/refusals.py` from the tables in the code; a test compares them.*

**Blocked** is said by us, before anyone heard; **Refused** is said by the exchange. Every rule below is asked, all objections are kept,
and the first in this order gives the stored reason code. What is unknown or stale blocks; nothing is read as zero. PROTECT, REDUCE and
FLATTEN are asked only the rules that bind *all*: no stop switch and no cap keeps a lot from its stop or its sale.

`interlock why SYMBOL` shows what each rule that objected found, its limit and its remedy;
`interlock probe … --scope order` shows every rule of both tables. *Found* and *limit* are texts in the unit of the default below
(ages in seconds); `missing` is what could not be known, and `not evaluated` what could not be asked: neither passes. A figure is shown with
four decimals, rounded away from its limit, and compared exactly.
"""
OURS: Final = """
## The risk guard (scope GUARD)

Stored as `{code}`. B to F are asked once the figures are known.

| rule | allowed when | binds | limit | default | remedy |
|---|---|---|---|---|---|
"""
ORDERS: Final = """
## The order (scope ORDER)

The guard comes after all of these. *No.* is the row of the guardrails; *limit* the setting that a person may change.

| no. | rule | code | allowed when | binds | limit | default | remedy |
|---|---|---|---|---|---|---|---|
"""
THEIRS: Final = """
## Refused by the exchange

*Class* is what the code is worth as the answer to a request that acts: GATEWAY_REJECT and DEFINITE_REJECT prove that nothing was placed,
SEEN_BEFORE that an order with this id exists or existed, and AMBIGUOUS proves nothing: the outcome is unknown until evidence ends it.

| code | name | class | remedy |
|---|---|---|---|
"""
CONTROLS: Final = """
## Where each control stands

Modelled on the controls that supervisors ask of automated trading (SEC 15c3-5, MiFID II RTS 6) and on FIA's guidance.

| control | rule |
|---|---|
| aggregate capital and margin threshold | `CAP_EXPOSURE`, `CAP_MARGIN`, and D as a share of equity |
| largest order by value and by quantity | `ORDER_VALUE`, `SIZE`, C; `ORDER_QUANTITY` |
| price collar | `PRICE_COLLAR` |
| message rate | `MESSAGE_RATE` |
| repeated executions, disabled until a person arms anew | `REPEATED_EXECUTION` |
| all orders sent count at once, unknown ones as filled | each intent's reservation: `PORTFOLIO_CAP`, `AVAILABLE`, `CAP_EXPOSURE`, D |
| duplicate orders | `DUPLICATE_INTENT`, `ONE_IN_FLIGHT`; the store returns the earlier intent of a key |
| restricted or unknown instruments, tick and lot | `ALLOWLIST`, `TRADE_ENABLED`, `INSTRUMENT`, `GRID` |
| leverage, liquidation buffer, equity per trade, margin exposure, daily loss, kill switch | A to F, `KILL` |
| stale or jumping market data | `PRICE_AGE`, `BAR_AGE`, `INDICATORS`; `DATA_JUMP` |
| self-cross | `SELF_CROSS` |
| clock | `CLOCK_SKEW` |
| positions and their protection | `OPEN_PER_BASE`, `OPEN_TOTAL`, `COOLDOWN`, `PER_DAY`; `PROTECTION`, `NAKED_LOT` |
"""


def page() -> str:
    """The whole page."""
    guard = (f"| {name} | {_law(ask)} | ENTRY | {_told(name)} |\n" for name, ask in RULES)
    orders = (
        f"| {r.number} | {r.name} | `{r.code}` | {_law(r.ask)} | {r.binds} | {_told(r.name)} |\n"
        for r in ORDER_RULES
    )
    theirs = (_of_theirs(row) for row in CODES.values() if row.code)
    ours = OURS.format(code=CODE)
    return "".join((HEAD, ours, *guard, ORDERS, *orders, CONTROLS, THEIRS, *theirs))


def _law(ask: Any) -> str:  # noqa: ANN401 (a rule of either table)
    """The rule's own sentence."""
    told = (ask.__doc__ or "").strip().split("\n", maxsplit=1)[0]
    return str(told).rstrip(".").replace("|", "\\|")


def _told(name: str) -> str:
    field = BOUNDS.get(name)
    remedy = REMEDIES[name]
    if field is None:
        return f" | | {remedy}"
    return f"{_setting(field)} | {_shown(getattr(Limits(), field))}{_unit(field)} | {remedy}"


def _setting(field: str) -> str:
    """The setting that moves this limit, found by moving each; a limit that no setting moves is fixed."""
    return next((f"`{path}`" for path in _settings() if _moves(path, field)), "fixed")


def _settings() -> Iterator[str]:
    for section in ("risk", "trading"):
        yield from (f"{section}.{name}" for name in type(getattr(Settings(), section)).model_fields)


def _moves(path: str, field: str) -> bool:
    section, name = path.split(".")
    settings = Settings()
    own = getattr(settings, section)
    moved = own.model_copy(update={name: _other(getattr(own, name))})
    limits = settings.model_copy(update={section: moved}).limits()
    return bool(getattr(limits, field) != getattr(settings.limits(), field))


def _other(value: Any) -> Any:  # noqa: ANN401 (a setting of any kind)
    return ("BTC_USDT",) if isinstance(value, tuple) else value + 1


def _shown(default: object) -> str:
    match default:
        case timedelta():
            return f"{default.total_seconds():g} s"
        case frozenset():
            return "all"
        case _:
            return str(default)


def _unit(field: str) -> str:
    """What found and limit are counted in, by the name of the limit."""
    words = {"pct": " %", "usd": " USD", "multiple": " amounts", "leverage": " x"}
    return next((unit for word, unit in words.items() if word in field.split("_")), "")


def _of_theirs(row: CodeRow) -> str:
    said = {"id": 1, "method": CREATE, "code": row.code, "result": {}}
    worth = classify(Reply(row.status, json.dumps(said).encode()), Asked(CREATE, 1, "ours"))
    return f"| {row.code} | {row.name} | {worth} | {row.remedy} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

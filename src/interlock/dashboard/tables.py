"""The rows of the page's tables: each cell is text with a tone, a second line, and lines of reasons; nothing is recomputed."""

from collections.abc import Mapping
from typing import Any, Final

from interlock.dashboard.words import DASH, age, moment, money, price, size, tone

Cell = dict[str, Any]
Row = dict[str, Any]
Json = Mapping[str, Any]

PROTECTION: Final = {
    "PROTECTED": "good",
    "SL_ONLY": "warn",
    "HALF": "warn",
    "PLACING": "warn",
    "CLOSING": "warn",
    "DUST": "quiet",
    "UNPROTECTED": "bad",
    "UNKNOWN": "bad",
}
STATES: Final = {
    "FILLED": "good",
    "WORKING": "info",
    "ACKED": "info",
    "SENDING": "warn",
    "CANCELLING": "warn",
    "UNKNOWN": "bad",
    "REJECTED": "bad",
    "NOT_PLACED": "bad",
}
OUTCOMES: Final = {"ORDERED": "good", "EXIT": "info", "BLOCKED": "bad", "SUPPRESSED": "quiet"}
SIDES: Final = {"BUY": "buy", "SELL": "sell"}

POSITIONS: Final = (
    "Symbol",
    "Quantity",
    "Average",
    "Last",
    "Unrealised",
    "Protection",
    "Stop",
    "Target",
    "Age",
)
ORDERS: Final = ("Time", "Symbol", "Side", "Purpose", "Quantity", "Price", "Filled", "State")
DECISIONS: Final = ("Time", "Symbol", "Decision", "Outcome", "Reasons")
WATCHLIST: Final = ("Symbol", "Price", "Decision", "Trading")


def cell(text: str, tone: str = "", *, sub: str = "", chip: bool = False) -> Cell:
    """One cell: its text, the tone in which it is said, a second line, and whether it is a chip."""
    return {"text": text, "tone": tone, "sub": sub, "chip": chip, "lines": []}


def position(row: Json) -> Row:
    """An open lot with its protection."""
    protection = row["protection"]
    word = "OVERDUE" if row["overdue"] else protection
    kind = "margin" if row["is_margin"] else "spot"
    return {
        "key": row["lot_id"],
        "Symbol": cell(row["symbol"], "strong", sub=kind),
        "Quantity": cell(size(row["quantity"])),
        "Average": cell(price(row["average"])),
        "Last": cell(price(row["last"]), sub=f"{age(row['last_age_s'])} old"),
        "Unrealised": cell(money(row["unrealised"], sign=True), tone(row["unrealised"])),
        "Protection": cell(
            word, "bad" if row["overdue"] else PROTECTION.get(protection, "bad"), chip=True
        ),
        "Stop": cell(price(row["stop"]), sub=row["exit_reason"] or ""),
        "Target": cell(price(row["target"])),
        "Age": cell(age(row["age_s"]), "quiet"),
    }


def order(row: Json) -> Row:
    """An order with the state that it has in the one life table."""
    asked = row["trigger"] if row["trigger"] is not None else row["limit"]
    what = "market" if asked is None else price(asked)
    kind = {"STOP_LOSS": "stop", "LIMIT": "limit", "MARKET": ""}.get(row["type"], "")
    filled = size(row["filled"]) if row["filled"] else DASH
    return {
        "key": row["client_oid"],
        "Time": cell(moment(row["created_at"]), "quiet", sub=f"{age(row['age_s'])} ago"),
        "Symbol": cell(row["symbol"], "strong"),
        "Side": cell(row["side"], SIDES.get(row["side"], ""), chip=True),
        "Purpose": cell(str(row["purpose"]).capitalize(), "quiet"),
        "Quantity": cell(size(row["quantity"])),
        "Price": cell(what, sub=kind),
        "Filled": cell(filled, sub=f"at {price(row['average'])}" if row["average"] else ""),
        "State": cell(
            row["state"], STATES.get(row["state"], "quiet"), chip=True, sub=row["refusal"] or ""
        ),
    }


def decision(row: Json) -> Row:
    """A decision with its because, and every objection when it was blocked."""
    said = row["signal"]
    return {
        "key": f"{row['signal_id']}:{row['at']}",
        "Time": cell(moment(row["at"]), "quiet", sub=f"{age(row['age_s'])} ago"),
        "Symbol": cell(row["symbol"], "strong", sub=f"{price(said['close'])} · {said['strategy']}"),
        "Decision": cell(said["decision"], SIDES.get(said["decision"], "quiet"), chip=True),
        "Outcome": cell(
            row["outcome"], OUTCOMES.get(row["outcome"], "quiet"), chip=True, sub=_code(row)
        ),
        "Reasons": {**cell(""), "lines": [*_objections(row), *_because(said)]},
    }


def _code(row: Json) -> str:
    return str(row["code"]).replace("_", " ").lower() if row["code"] else ""


def _objections(row: Json) -> list[Cell]:
    objections = (row["verdict"] or {}).get("objections", ())
    return [
        cell(f"{o['reason']} (found {o['found']}, limit {o['limit']})", "bad") for o in objections
    ]


def _because(said: Json) -> list[Cell]:
    """The conditions of the side that was decided; of WAIT those of the entry that did not come."""
    side = "sell_" if said["decision"] == "SELL" else "buy_"
    asked = [f for f in said["flags"] if f["holds"] is not None and f["name"].startswith(side)]
    return [cell(flag["because"], "holds" if flag["holds"] else "fails") for flag in asked]


def watched(row: Json) -> Row:
    """A watched symbol with its price and the last decision about it."""
    said = row["decision"]
    return {
        "key": row["symbol"],
        "Symbol": cell(row["symbol"], "strong", sub=row["preset"]),
        "Price": cell(price(row["last"]), sub=f"{age(row['price_age_s'])} old"),
        "Decision": cell(said or DASH, SIDES.get(said, "quiet"), chip=bool(said), sub=_ago(row)),
        "Trading": cell(*_trading(row), chip=True),
    }


def _ago(row: Json) -> str:
    return "" if row["decision_age_s"] is None else f"{age(row['decision_age_s'])} ago"


def _trading(row: Json) -> tuple[str, str]:
    if not row["trade_enabled"]:
        return "OFF", "quiet"
    return ("MARGIN", "warn") if row["trade_on_margin"] else ("SPOT", "info")

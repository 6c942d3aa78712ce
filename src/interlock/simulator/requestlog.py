"""What was asked and what came of it, one JSON line each, of which no secret is part.

Of the parameters only those are written whose names the exchange knows; of the others, the name at most. A key shows as its
fingerprint, a signature never, and what is left of a secret of this exchange is taken out at the end.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

import msgspec

from interlock.simulator.answers import Answer
from interlock.simulator.faults import Silence
from interlock.simulator.rest.requests import query_params, split
from interlock.values import Instant, Secret

NEWEST: Final = 20
LENGTH_MAX: Final = 64
DEPTH_MAX: Final = 3
HIDDEN: Final = "***"
METHOD: Final = re.compile(r"[a-z]+(?:/[a-z-]{1,40}){0,3}")
NAME: Final = re.compile(r"[a-z_]{1,32}")
SIGNATURE: Final = re.compile(r"[0-9a-fA-F]{64}")
KNOWN: Final = frozenset(
    {
        "book_subscription_type",
        "channels",
        "client_oid",
        "contingency_type",
        "count",
        "depth",
        "end_time",
        "end_ts",
        "exec_inst",
        "fee_instrument_name",
        "instrument_name",
        "journal_type",
        "leverage",
        "limit",
        "list_id",
        "list_id_list",
        "new_price",
        "new_quantity",
        "new_ref_price",
        "notional",
        "order_id",
        "order_list",
        "orig_client_oid",
        "price",
        "quantity",
        "ref_price",
        "ref_price_type",
        "scope",
        "side",
        "spot_margin",
        "start_time",
        "start_ts",
        "stp_id",
        "stp_inst",
        "stp_scope",
        "time_in_force",
        "timeframe",
        "type",
        "valuation_type",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request over HTTP, or one frame of a socket (`via` says of which), as it came; how it was answered, and after how long."""

    at: Instant
    via: str
    source: str
    path: str
    body: bytes | str
    answer: Answer | Silence | bytes | None
    faults: tuple[str, ...]
    micros: int

    def row(self) -> dict[str, object]:
        """What of it may be told."""
        sent = _object(self.body)
        method, query = split(self.path)
        said, asked = sent.get("method"), sent.get("params", query_params(query))
        method = method or (said if isinstance(said, str) else "")
        key, told = sent.get("api_key"), _told(self.answer)
        return {
            "at": self.at.iso(),
            "via": self.via,
            "source": self.source,
            "method": method if METHOD.fullmatch(method) else HIDDEN,
            "id": sent["id"] if isinstance(sent.get("id"), int) else None,
            "client_oid": _shown(asked.get("client_oid")) if isinstance(asked, Mapping) else None,
            "key": Secret(key).fingerprint() if isinstance(key, str) else None,
            "params": _shown(asked),
            **told,
            "faults": list(self.faults),
            "us": self.micros,
        }


class RequestLog:
    """The newest entries, and a file that gets every one (None: none does)."""

    def __init__(self, secrets: Sequence[Secret], out: TextIO | None = None) -> None:
        self._secrets: Final = secrets
        self._out: Final = out
        self._newest: Final[deque[Entry]] = deque(maxlen=NEWEST)

    def add(self, entry: Entry) -> None:
        """One more."""
        self._newest.append(entry)
        if self._out is not None:
            self._out.write(self.line(entry) + "\n")
            self._out.flush()

    @property
    def newest(self) -> list[dict[str, object]]:
        """The last of them, newest first, as they are told."""
        lines = (self.line(entry) for entry in reversed(self._newest))
        return [msgspec.json.decode(line) for line in lines]

    def line(self, entry: Entry) -> str:
        """One entry in one line."""
        line = SIGNATURE.sub(HIDDEN, msgspec.json.encode(entry.row()).decode())
        for secret in self._secrets:
            line = secret.hide(line)
        return line


def _told(answer: Answer | Silence | bytes | None) -> dict[str, object]:
    """Status and code of an answer, or why there was none."""
    if isinstance(answer, Silence):
        return {"status": None, "code": None, "heard": answer.value}
    if isinstance(answer, Answer):
        return {"status": answer.status, "code": _object(answer.body).get("code")}
    return {"status": None, "code": _object(answer or b"").get("code")}


def _object(body: bytes | str) -> dict[str, object]:
    """The JSON object of a body; empty when it is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shown(value: object, depth: int = 0) -> object:
    """A parameter as it may be told: names that are known, texts that are short."""
    match value:
        case str():
            return value if len(value) <= LENGTH_MAX else value[:LENGTH_MAX] + "…"
        case bool() | int() | float() | None:
            return value
        case dict() if depth < DEPTH_MAX:
            known = {name: _shown(value[name], depth + 1) for name in value if name in KNOWN}
            others = {name: HIDDEN for name in value if name not in KNOWN and NAME.fullmatch(name)}
            return known | others
        case list() if depth < DEPTH_MAX:
            return [_shown(each, depth + 1) for each in value[:NEWEST]]
        case _:
            return HIDDEN

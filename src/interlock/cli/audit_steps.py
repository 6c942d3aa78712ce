"""The five steps of the nightly audit: each gathers its facts, asks the row to judge them, and says what came of it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Final

import msgspec

from interlock.cli.here import BACKEND, Here, tries
from interlock.cli.one_word import explain
from interlock.evidence.guard_proof import guard_proof
from interlock.evidence.ports_proof import ports_proof
from interlock.evidence.proof import CheckRow
from interlock.evidence.stability import (
    Baseline,
    Life,
    Metrics,
    StabilityLimits,
    cycles_of,
    stability,
)
from interlock.host.compose import Container
from interlock.host.lives import container_lives, unit_lives
from interlock.host.public_api import public_look
from interlock.host.published import Published, published
from interlock.host.sockets import listeners
from interlock.host.vitals import vitals
from interlock.host.web import get
from interlock.values import Known, Unknown

GUARD_TRIES: Final = 5
ANSWER: Final = timedelta(seconds=5)
ANSWERS: Final = (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)


def ports(here: Here) -> bool:
    """Nobody but this host reaches our ports."""
    doors = (here.settings.api.port, here.settings.dashboard.port)
    return _said(here, ports_proof(doors, listeners(), _published(here)))


def _published(here: Here) -> tuple[Published, ...] | Unknown | None:
    if here.compose is None:
        return None
    rendered = here.compose.rendered()
    return rendered if isinstance(rendered, Unknown) else published(rendered)


def guard(here: Here) -> bool:
    """The backend stands, at one of five looks."""
    seen: list[CheckRow] = []

    def look() -> bool:
        seen.append(_guard(here))
        return seen[-1].holds

    tries(here, GUARD_TRIES, here.every, look)
    return _said(here, seen[-1])


def _guard(here: Here) -> CheckRow:
    live, ready = (here.status(path, ANSWER) for path in ("/api/health", "/api/health/ready"))
    return guard_proof(_backend(here), live, ready)


def _backend(here: Here) -> Container | Unknown | None:
    if here.compose is None:
        return None
    found = here.compose.containers()
    if isinstance(found, Unknown):
        return found
    return found.get(BACKEND) or Unknown(f"compose lists no {BACKEND}")


def stability_check(here: Here) -> bool:
    """The host holds; what was seen is what the next audit counts from."""
    seen = _metrics(here)
    limits = here.settings.host
    row = stability(seen, StabilityLimits(limits.disk_pct_max, limits.memory_free_pct_min))
    lives = {} if isinstance(seen.lives, Unknown) else seen.lives
    zombies = None if isinstance(seen.zombies, Unknown) else seen.zombies
    here.notes.keep_seen(Baseline(lives, zombies))
    return _said(here, row)


def _metrics(here: Here) -> Metrics:
    host = vitals(here.root)
    pending = here.notes.undelivered()
    return Metrics(
        lives=_lives(here),
        disk_pct=host.disk_pct,
        memory_free_pct=host.memory_free_pct,
        zombies=host.zombies,
        offset=_offset(here),
        cycles=_cycles(here),
        undelivered=pending if isinstance(pending, Unknown) else len(pending),
        baseline=here.notes.baseline(),
    )


def _lives(here: Here) -> Mapping[str, Life] | Unknown:
    return unit_lives() if here.compose is None else container_lives(here.compose)


def _offset(here: Here) -> timedelta | Unknown:
    given = here.settings.exchange
    look = public_look(given.rest_url, source_address=given.source_address)
    if isinstance(look, Unknown):
        return look
    return look.offset.value if isinstance(look.offset, Known) else look.offset


def _cycles(here: Here) -> Mapping[str, Decimal] | Unknown:
    page = get(here.address("/api/health/system"), wait=ANSWER)
    if isinstance(page, Unknown):
        return page
    if page.status not in ANSWERS:
        return Unknown(f"health answers HTTP {page.status}")
    try:
        said = json.loads(page.body, parse_float=Decimal)
    except ValueError:
        return Unknown("health answers no JSON")
    return cycles_of(said) if isinstance(said, dict) else Unknown("health answers no object")


def portfolio(here: Here) -> bool:
    """Our ledger and the exchange's wallet agree, by the backend's own settings."""
    return _said(here, _inside(here, "portfolio", "portfolio_consistency_check"))


def reconcile(here: Here) -> bool:
    """Our orders and the exchange's lists agree, by the backend's own settings."""
    return _said(here, _inside(here, "reconcile", "reconcile_order_intents"))


def _inside(here: Here, word: str, step: str) -> CheckRow:
    """The row that the backend's own audit makes; anything but a whole one whose exit code agrees has failed."""
    ran = here.interlock(("audit", word, "--json"))
    if isinstance(ran, Unknown):
        return CheckRow(step, passed=False, compared=0, found=f"could not look: {ran.why}")
    try:
        row = msgspec.json.decode(ran.last_line, type=CheckRow)
    except msgspec.MsgspecError:
        why = f"could not look: interlock audit {word} ended with {ran.code}: {_last(ran.stderr)}"
        return CheckRow(step, passed=False, compared=0, found=why)
    passed = row.holds and ran.code == 0 and row.step == word
    return CheckRow(step, passed, row.compared, row.found, row.threshold, row.code)


def _last(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "it said nothing"


def _said(here: Here, row: CheckRow) -> bool:
    """Hands the row over to whoever asked for it, and explains it to whoever looks."""
    explain(row.found)
    if here.row is not None:
        here.row.write_bytes(msgspec.json.encode(row))
    return row.holds

"""What health looks at, gathered from one snapshot and the settings; each part alone, so that one that breaks breaks alone."""

from collections.abc import Callable
from typing import Final, TypeVar

from interlock.account import Mode, Standing
from interlock.api.memory import Snapshot
from interlock.errors import InterlockError
from interlock.evidence.picture import Picture
from interlock.evidence.telling import Delivery
from interlock.health.consistency import Ending, inconsistencies, missing_intents
from interlock.health.cover import Covered, covered
from interlock.health.observations import (
    AccountSeen,
    GuardSeen,
    LoopSeen,
    MarketSeen,
    Observed,
    RecordSeen,
    TelegramSeen,
    TradeSeen,
)
from interlock.host.notes import Notes
from interlock.risk.question import is_latched
from interlock.settings import Settings
from interlock.values import Known, Unknown
from interlock.wiring.certified import doubt_of

# What a row that cannot be read raises; anything else is a defect and ends the request, not the look at one part.
TROUBLE: Final = (
    InterlockError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
UPDATER: Final = "updater"
MONITOR: Final = "monitor"
INTENTS: Final = "order_intents"
Part = TypeVar("Part")


def observe(snapshot: Snapshot, settings: Settings) -> Observed:
    """Everything health looks at, as the snapshot shows it."""
    picture = snapshot.picture
    return Observed(
        limits=settings.health_limits(),
        max_leverage=settings.risk.max_leverage,
        market=_look(lambda: _market(snapshot)),
        updater=_look(lambda: _loop(snapshot, UPDATER)),
        monitor=_look(lambda: _loop(snapshot, MONITOR)),
        telegram=_look(lambda: _telegram(picture, settings)),
        trade=_look(lambda: _trade(snapshot, settings)),
        guard=_look(lambda: _guard(snapshot.standing, settings)),
        account=_look(lambda: _account(snapshot)),
        record=_look(lambda: _record(snapshot, settings)),
    )


def covers(snapshot: Snapshot, settings: Settings) -> tuple[Covered, ...]:
    """How each open lot is covered now."""
    tenure = snapshot.picture.tenure
    began_at, deadline = tenure.began_at if tenure else None, settings.limits().protection_deadline
    return tuple(
        covered(lot, legs, began_at, snapshot.as_of, deadline) for lot, legs in snapshot.open_lots
    )


def _look(at: Callable[[], Part]) -> Part | Unknown:
    try:
        return at()
    except TROUBLE as error:
        return Unknown(type(error).__name__)


def _market(snapshot: Snapshot) -> MarketSeen:
    watched = (row.symbol for row in snapshot.picture.watchlist if not row.is_deleted)
    ticks = snapshot.ticks
    return MarketSeen({s: ticks[s].at if s in ticks else None for s in watched})


def _loop(snapshot: Snapshot, who: str) -> LoopSeen:
    tenure = snapshot.picture.tenure
    began_at = tenure.began_at if tenure else None
    return LoopSeen(tenure is not None and snapshot.is_led, snapshot.heartbeats.get(who), began_at)


def _telegram(picture: Picture, settings: Settings) -> TelegramSeen:
    told, mute = settings.telegram, picture.delivery.mute
    # What waits or failed while nothing is sent is no failure of the messenger.
    delivery = picture.delivery if told.can_send and mute is None else Delivery()
    return TelegramSeen(
        run_env=told.enabled,
        chat_id_set=bool(told.chat_id),
        bot_token_set=bool(told.bot_token),
        sending_allowed=mute is None,
        mode=picture.switches.mode,
        last_send_ok=delivery.last_send_ok,
        failures_in_row=delivery.failures_in_row,
        oldest_unsent=delivery.oldest_unsent,
    )


def _trade(snapshot: Snapshot, settings: Settings) -> TradeSeen:
    picture, standing = snapshot.picture, snapshot.standing
    decided = picture.decisions
    endings = [Ending(d.signal.id, d.at, d.outcome, d.code, d.intent_id) for d in decided]
    return TradeSeen(
        open_positions=standing.open_positions(),
        intents_table=INTENTS not in picture.missing,
        checked_at=snapshot.as_of,
        inconsistencies=(*_gaps(picture), *inconsistencies(picture.intents, picture.lots)),
        covers=tuple(covers(snapshot, settings)),
        missing_intents=missing_intents(endings, snapshot.as_of),
        unknown_outcomes=tuple(i.intent_id for i in standing.in_flight if i.state == "UNKNOWN"),
        freezes=tuple(f"{f.scope} {f.code}: {f.why}" for f in standing.freezes),
        breaker=standing.breaker or standing.disarmed,
    )


def _gaps(picture: Picture) -> tuple[str, ...]:
    """Tables without which the others say too little."""
    return tuple(f"table {name} is missing" for name in picture.missing if name != INTENTS)


def _guard(standing: Standing, settings: Settings) -> GuardSeen:
    is_open = standing.switches.closed_by() is None and settings.trading_enabled
    return GuardSeen(settings.risk.max_leverage, is_latched(standing), is_open)


def _account(snapshot: Snapshot) -> AccountSeen:
    picture, clock = snapshot.picture, snapshot.standing.clock
    figures = picture.figures
    if isinstance(figures, Known):
        return AccountSeen(figures.as_of, None, clock)
    return AccountSeen(picture.equity[0].at if picture.equity else None, figures.why, clock)


def _record(snapshot: Snapshot, settings: Settings) -> RecordSeen:
    picture = snapshot.picture
    tenure, audit = picture.tenure, next(iter(picture.audits), None)
    mute = picture.delivery.mute
    is_open = (i for i in picture.incidents if i.closed_at is None)
    is_live = picture.switches.venue is Mode.LIVE
    return RecordSeen(
        switches=picture.switches,
        epoch=tenure.epoch if tenure else None,
        began_at=tenure.began_at if tenure else None,
        incidents=tuple((i.fingerprint, i.severity, i.opened_at, i.count) for i in is_open),
        audit=(audit.passed, audit.at) if audit else None,
        heartbeats=snapshot.heartbeats,
        mute=(mute.who, mute.why, mute.at) if mute else None,
        undelivered=_undelivered(settings),
        doubt=doubt_of(settings, snapshot.as_of) if is_live else None,
        stream=picture.listening,
    )


def _undelivered(settings: Settings) -> tuple[str, str] | Unknown | None:
    """The newest alert that nobody heard, where the notes of the host's audit can be reached from here."""
    alerts = Notes(settings.host.evidence_dir).undelivered()
    if isinstance(alerts, Unknown):
        return alerts
    return (alerts[-1].message, alerts[-1].at) if alerts else None

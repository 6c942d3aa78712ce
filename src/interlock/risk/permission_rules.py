"""Who may trade what at all: lease, switches, mode, the owner's row, the allowlist, freezes."""

from typing import Final

from interlock.account import Freeze, Margin, Mode
from interlock.risk.finding import MISSING, Said
from interlock.risk.question import Question

RANK: Final = {Mode.OFF: 0, Mode.SIM: 1, Mode.LIVE: 2}
CLEAR: Final = "clear"
UNKNOWN_OUTCOME: Final = "UNKNOWN_OUTCOME_FREEZE"
MARGIN_LOCK: Final = "MARGIN_ERROR_609_LOCK"


def lease(asked: Question) -> Said:
    """The engine that asks holds the account."""
    ours, current = asked.facts.epoch, asked.standing.epoch
    found = MISSING if ours is None else str(ours)
    limit = MISSING if current is None else str(current)
    if ours is not None and ours == current:
        return Said(found, limit)
    return Said(found, limit, "NOT_LEASE_HOLDER", "This engine does not hold the account.")


def kill(asked: Question) -> Said:
    """The kill switch is clear, and could be read."""
    switches = asked.standing.switches
    if not switches.readable:
        reason = "The kill switch cannot be read, and counts as engaged."
        return Said(MISSING, CLEAR, "KILL_SWITCH_ON", reason)
    if switches.kill is not None:
        who, why = switches.kill.who, switches.kill.why
        return Said("engaged", CLEAR, "KILL_SWITCH_ON", f"{who} engaged the kill switch: {why}.")
    return Said(CLEAR, CLEAR)


def pause(asked: Question) -> Said:
    """Nobody has paused entering."""
    paused = asked.standing.switches.pause
    if paused is None:
        return Said(CLEAR, CLEAR)
    reason = f"{paused.who} paused entering: {paused.why}."
    return Said("paused", CLEAR, "TRADING_PAUSED", reason)


def mode(asked: Question) -> Said:
    """The mode selected is the venue of these books."""
    selected, venue = asked.standing.switches.mode, asked.standing.switches.venue
    if selected is not Mode.OFF and selected is venue:
        return Said(selected, venue)
    reason = f"The mode is {selected}; these books belong to {venue}."
    return Said(selected, venue, "TRADING_MODE_OFF", reason)


def bound(asked: Question) -> Said:
    """The environment admits the mode, and trading."""
    switches = asked.standing.switches
    if not switches.enabled:
        return Said("off", "on", "ENV_UPPER_BOUND", "The environment has trading disabled.")
    if RANK[switches.mode] <= RANK[switches.bound]:
        return Said(switches.mode, switches.bound)
    reason = f"The environment admits {switches.bound}, not {switches.mode}."
    return Said(switches.mode, switches.bound, "ENV_UPPER_BOUND", reason)


def certificate(asked: Question) -> Said:
    """In LIVE a certificate proves this code and configuration."""
    if asked.standing.switches.venue is not Mode.LIVE:
        return Said("not needed", "not needed")
    if asked.facts.certified:
        return Said("valid", "valid")
    reason = f"No valid certificate: LIVE enters nothing. {asked.facts.doubt.capitalize()}."
    return Said(MISSING, "valid", "CERTIFICATE", reason)


def trade_enabled(asked: Question) -> Said:
    """The owner lets exactly this symbol be traded."""
    row = asked.facts.row
    if row is None or row.is_deleted or row.symbol != asked.symbol:
        reason = f"{asked.symbol} is not on the watchlist."
        return Said(MISSING, "on", "TRADE_DISABLED", reason)
    if row.trade_enabled:
        return Said("on", "on")
    return Said("off", "on", "TRADE_DISABLED", f"Trading of {asked.symbol} is off.")


def not_forced(asked: Question) -> Said:
    """The signal belongs to the settings now in use; one forced by their change is an alert and never an order."""
    if not asked.facts.forced:
        return Said("decided", "decided")
    reason = "The settings changed: orders follow from the first bar that closes under them."
    return Said("forced", "decided", "FORCED_ALERT_ONLY", reason)


def allowlist(asked: Question) -> Said:
    """The allowlist, when there is one, names the symbol."""
    allowed = asked.limits.allowlist
    limit = ", ".join(sorted(allowed)) or "all"
    if not allowed or asked.symbol in allowed:
        return Said(asked.symbol, limit)
    reason = f"{asked.symbol} is not on the allowlist."
    return Said(asked.symbol, limit, "GUARDRAIL_BLOCKED", reason)


def no_unknown_outcome(asked: Question) -> Said:
    """No order of the symbol is of unknown outcome."""
    unknown = [i for i in asked.standing.in_flight if i.symbol == asked.symbol]
    count = sum(i.state == "UNKNOWN" for i in unknown)
    frozen = [freeze for freeze in _freezes(asked) if freeze.code == UNKNOWN_OUTCOME]
    found = str(max(count, len(frozen)))
    if found == "0":
        return Said(found, "0")
    reason = f"Nobody knows yet what became of an order of {asked.symbol}."
    return Said(found, "0", UNKNOWN_OUTCOME, reason)


def not_frozen(asked: Question) -> Said:
    """No freeze covers the symbol, its base or its quote; a margin lock binds margin alone."""
    is_margin = isinstance(asked.funding, Margin)
    frozen = [
        freeze
        for freeze in _freezes(asked)
        if freeze.code != UNKNOWN_OUTCOME and (is_margin or freeze.code != MARGIN_LOCK)
    ]
    if not frozen:
        return Said(CLEAR, CLEAR)
    scope, why = frozen[0].scope, frozen[0].why
    return Said("frozen", CLEAR, frozen[0].code, f"{scope} is frozen: {why}.")


def _freezes(asked: Question) -> list[Freeze]:
    scopes = (asked.symbol, asked.base, asked.symbol.rpartition("_")[2])
    return [freeze for freeze in asked.standing.freezes if freeze.scope in scopes]

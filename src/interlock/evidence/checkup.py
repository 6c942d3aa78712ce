"""What the doctor says, row by row: a fact, a verdict, what was found, and what to do about it. Facts come first, guesses never.

What stops us is said to stop us; what could not be asked is unknown, and stops us where nothing may be done without it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from interlock.evidence.diagnosis import (
    OFFSET_MAX,
    STEPS,
    AccessFacts,
    Cause,
    LastGood,
    No,
    Yes,
    diagnose,
    last_good_in_words,
    offset_in_words,
)
from interlock.values import Known, Unknown


class Verdict(StrEnum):
    """What a fact means for trading. NOTE is worth knowing and stops nothing."""

    OK = "OK"
    NOTE = "NOTE"
    UNKNOWN = "UNKNOWN"
    STOPS = "STOPS"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row. `needed` says that without knowing it nothing may be done."""

    fact: str
    verdict: Verdict
    found: str
    remedy: str = ""
    needed: bool = False

    @property
    def stops(self) -> bool:
        """Whether it keeps us from trading."""
        return self.verdict is Verdict.STOPS or (self.verdict is Verdict.UNKNOWN and self.needed)


def unknown(fact: str, why: Unknown, remedy: str = "", *, needed: bool = False) -> Finding:
    """A fact that could not be had."""
    return Finding(fact, Verdict.UNKNOWN, why.why, remedy, needed)


def may_trade(findings: Iterable[Finding]) -> bool:
    """Whether nothing stops us."""
    return not any(finding.stops for finding in findings)


def access_findings(facts: AccessFacts) -> tuple[Finding, ...]:
    """The rows about the exchange and our access to it, the diagnosis last."""
    return (
        _public(facts),
        _clock(facts),
        _key(facts),
        _signer(facts),
        *_methods(facts),
        *_egress(facts),
        _last_good(facts),
        _access(facts),
    )


def _public(facts: AccessFacts) -> Finding:
    if isinstance(facts.public, Unknown):
        return unknown(
            "public API", facts.public, "Check network, name service and firewall.", needed=True
        )
    return Finding("public API", Verdict.OK, facts.public.value)


def _clock(facts: AccessFacts) -> Finding:
    if isinstance(facts.offset, Unknown):
        return unknown("clock against the exchange", facts.offset)
    is_off = abs(facts.offset) > OFFSET_MAX
    return Finding(
        "clock against the exchange",
        Verdict.STOPS if is_off else Verdict.OK,
        f"the exchange's is {offset_in_words(facts.offset)}",
        "Fix the clock of this host (NTP)." if is_off else "",
    )


def _key(facts: AccessFacts) -> Finding:
    if not facts.fingerprint:
        return Finding(
            "key fingerprint", Verdict.STOPS, "no key is set", diagnose(facts).remedy, needed=True
        )
    return Finding("key fingerprint", Verdict.OK, facts.fingerprint)


def _signer(facts: AccessFacts) -> Finding:
    if facts.signer_works:
        return Finding("signature self-test", Verdict.OK, "known requests get their known answers")
    return Finding(
        "signature self-test",
        Verdict.STOPS,
        "a known request gets another signature",
        "Our signer is broken: stop, and install this version anew.",
    )


def _methods(facts: AccessFacts) -> Iterator[Finding]:
    for method, said in facts.private.items():
        match said:
            case Yes():
                yield Finding(method, Verdict.OK, str(said))
            case No():
                yield Finding(method, Verdict.STOPS, str(said), "See the row `signed access`.")
            case Unknown():
                yield unknown(method, said, needed=True)


def _egress(facts: AccessFacts) -> Iterator[Finding]:
    for source, told in facts.egress_sources.items():
        if isinstance(told, Known):
            yield Finding(f"egress address by {source}", Verdict.OK, told.value)
        else:
            yield unknown(f"egress address by {source}", told)
    if isinstance(facts.egress, Unknown):
        yield unknown("egress address", facts.egress, "Ask from this host when it is online.")
    else:
        yield Finding("egress address", Verdict.OK, facts.egress)


def _last_good(facts: AccessFacts) -> Finding:
    last = facts.last_good
    if isinstance(last, Unknown):
        return unknown("last known good egress address", last)
    has_moved = not isinstance(facts.egress, Unknown) and facts.egress != last.address
    verdict = Verdict.NOTE if has_moved or _is_another_key(facts, last) else Verdict.OK
    return Finding("last known good egress address", verdict, last_good_in_words(last))


def _is_another_key(facts: AccessFacts, last: LastGood) -> bool:
    return bool(facts.fingerprint) and facts.fingerprint != last.fingerprint


def _access(facts: AccessFacts) -> Finding:
    found = diagnose(facts)
    match found.cause:
        case Cause.NONE:
            return Finding("signed access", Verdict.OK, "the exchange lets us in")
        case Cause.NETWORK | Cause.SILENCE:
            why = Unknown("nobody answers, so nobody refuses")
            return unknown("signed access", why, found.remedy, needed=True)
        case Cause.ADDRESS | Cause.KEY:
            remedy = " ".join((found.remedy, *STEPS))
            return Finding("signed access", Verdict.STOPS, _likely(found.cause), remedy)
        case _:
            return Finding("signed access", Verdict.STOPS, _likely(found.cause), found.remedy)


def _likely(cause: Cause) -> str:
    return f"most likely cause: {cause}"

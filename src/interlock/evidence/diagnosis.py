"""Why the exchange does not let us in: facts, and a tree of questions over them.

40101 has several causes and 40103 belongs to the same family: the code alone proves none. So the facts are listed first, verbatim,
and what follows from them is the most likely cause, never the proven one. What could not be asked is said to be unknown.
(platform 25)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from typing_extensions import override

from interlock.values import Instant, Known, Unknown

FAMILY: Final = frozenset({40101, 40102, 40103, 40104})
BAD_NONCE: Final = 40102
ADDRESS_NAMED: Final = 40103
OFFSET_MAX: Final = timedelta(seconds=30)
LIKELY_CAUSE: Final = "egress IP not allowlisted"
REMEDY: Final = (
    f"Most likely: {LIKELY_CAUSE}. Add the IP returned by `curl -s https://api.ipify.org` on this host to the API key "
    "allowlist in the exchange's API key settings, save, wait 1–2 minutes, confirm that the backend uses that key, run again. "  # noqa: RUF001 (the seed's own dash)
    "If it still fails follow steps 2–6."  # noqa: RUF001 (likewise)
)
STEPS: Final = (
    "1. Is the public API unreachable? Then it is the network, not authentication.",
    "2. Is the code 40102, or the clock more than 30 s off (limit 60 s)? Fix the clock.",
    "3. Does the signature self-test fail? Our signer is broken: stop.",
    "4. Do only some private methods fail? A permission of the key is missing (read / trade).",
    "5. Does the egress IP differ from the last good one, or was none ever good from this host? Most likely: egress IP not allowlisted.",
    "6. Is the egress IP unchanged and listed? The key is disabled, rotated, or the secret is another key's: compare the fingerprint.",
)


@dataclass(frozen=True, slots=True)
class No:
    """The exchange's refusal of one private method, in its own words; HTTP status 0 where nobody kept it."""

    status: int
    code: int
    message: str

    @override
    def __str__(self) -> str:
        status = f"HTTP {self.status}, " if self.status else ""
        return f"{status}code {self.code}, {self.message!r}"


@dataclass(frozen=True, slots=True)
class Yes:
    """The exchange let us in."""

    @override
    def __str__(self) -> str:
        return "succeeds"


@dataclass(frozen=True, slots=True)
class LastGood:
    """From where, when and with which key a signed call last succeeded."""

    address: str
    at: Instant
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """What was found out about our access at one instant. `fingerprint` is empty without a key; `private` is by method."""

    at: Instant
    fingerprint: str
    signer_works: bool
    public: Known[str] | Unknown
    offset: timedelta | Unknown
    private: Mapping[str, Yes | No | Unknown]
    egress: str | Unknown
    last_good: LastGood | Unknown
    egress_sources: Mapping[str, Known[str] | Unknown] = field(default_factory=dict)

    def refusals(self) -> Iterator[tuple[str, No]]:
        """The methods that were refused, in the order of asking."""
        yield from ((m, said) for m, said in self.private.items() if isinstance(said, No))


class Cause(StrEnum):
    """What most likely keeps us out."""

    NONE = "NONE"
    NO_KEY = "NO_KEY"
    NETWORK = "NETWORK"
    CLOCK = "CLOCK"
    SIGNER = "SIGNER"
    PERMISSION = "PERMISSION"
    ADDRESS = "ADDRESS"
    KEY = "KEY"
    SILENCE = "SILENCE"
    REFUSAL = "REFUSAL"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The most likely cause, and what to do; NONE needs nothing."""

    cause: Cause
    remedy: str


def diagnose(facts: AccessFacts) -> Diagnosis:
    """The first question of the tree that is answered with yes."""
    if not facts.fingerprint:
        return Diagnosis(
            Cause.NO_KEY,
            "No key is set: give INTERLOCK__EXCHANGE__API_KEY and __API_SECRET, or their _FILE forms.",
        )
    if _is_let_in(facts):
        return Diagnosis(Cause.NONE, "")
    return _network(facts) or _clock(facts) or _signer(facts) or _refused(facts)


def facts_in_words(facts: AccessFacts) -> tuple[str, ...]:
    """The facts, one a line, in the order in which they are reported."""
    refused = [f"{method}: {said}" for method, said in facts.refusals()]
    others = [f"{m}: {_said(s)}" for m, s in facts.private.items() if not isinstance(s, No)]
    return (
        f"refused: {'; '.join(refused) or 'nothing'}",
        f"at: {facts.at}",
        f"clock offset to the exchange: {offset_in_words(facts.offset)}",
        f"key fingerprint: {facts.fingerprint or 'no key is set'}",
        f"signature self-test: {'passed' if facts.signer_works else 'FAILED'}",
        f"egress IP now: {_said(facts.egress)}",
        f"last known good egress IP: {last_good_in_words(facts.last_good)}",
        f"other private methods: {'; '.join(others) or 'not asked'}",
        f"public API: {facts.public.value if isinstance(facts.public, Known) else _said(facts.public)}",
    )


def last_good_in_words(last: LastGood | Unknown) -> str:
    """The address, the time and the key with which a signed call last succeeded."""
    if isinstance(last, Unknown):
        return _said(last)
    return f"{last.address} at {last.at} with key {last.fingerprint}"


def _is_let_in(facts: AccessFacts) -> bool:
    return bool(facts.private) and all(isinstance(said, Yes) for said in facts.private.values())


def _network(facts: AccessFacts) -> Diagnosis | None:
    if isinstance(facts.public, Known):
        return None
    return Diagnosis(
        Cause.NETWORK,
        f"A network problem, not authentication: the public API does not answer ({facts.public.why}). "
        "Check name service, firewall and INTERLOCK__EXCHANGE__REST_URL on this host.",
    )


def _clock(facts: AccessFacts) -> Diagnosis | None:
    is_off = not isinstance(facts.offset, Unknown) and abs(facts.offset) > OFFSET_MAX
    if not is_off and all(said.code != BAD_NONCE for _, said in facts.refusals()):
        return None
    return Diagnosis(
        Cause.CLOCK,
        f"Fix the clock of this host (NTP): the exchange's is {offset_in_words(facts.offset)}, and it refuses beyond 60 s.",
    )


def _signer(facts: AccessFacts) -> Diagnosis | None:
    if facts.signer_works:
        return None
    return Diagnosis(
        Cause.SIGNER, "Our signer is broken: stop, install this version anew, and trade nothing."
    )


def _refused(facts: AccessFacts) -> Diagnosis:
    family = [(method, said) for method, said in facts.refusals() if said.code in FAMILY]
    if not family:
        return _otherwise(facts)
    if any(isinstance(said, Yes) for said in facts.private.values()):
        methods = ", ".join(method for method, _ in family)
        return Diagnosis(
            Cause.PERMISSION,
            f"The key misses a permission (read / trade): the exchange refuses {methods} and lets us do the rest. "
            "Set the permission in the exchange's API key settings.",
        )
    if _address_is_known_good(facts) and all(said.code != ADDRESS_NAMED for _, said in family):
        return Diagnosis(Cause.KEY, _key_remedy(facts))
    return Diagnosis(Cause.ADDRESS, REMEDY)


def _address_is_known_good(facts: AccessFacts) -> bool:
    last, now = facts.last_good, facts.egress
    return isinstance(last, LastGood) and not isinstance(now, Unknown) and now == last.address


def _key_remedy(facts: AccessFacts) -> str:
    return (
        f"Most likely the key is disabled, rotated, or the secret is another key's: {facts.egress} was good before "
        f"(last good: {last_good_in_words(facts.last_good)}). Compare the fingerprint {facts.fingerprint} with the key in use, and "
        f"look whether the address still stands on its allowlist. If it does not: {REMEDY}"
    )


def _otherwise(facts: AccessFacts) -> Diagnosis:
    refused = "; ".join(f"{method}: {said}" for method, said in facts.refusals())
    if refused:
        return Diagnosis(
            Cause.REFUSAL, f"The exchange refuses for another reason than our access ({refused})."
        )
    return Diagnosis(
        Cause.SILENCE,
        "The public API answers and the signed one does not: ask again; if it stays so, look at the exchange's status page.",
    )


def offset_in_words(offset: timedelta | Unknown) -> str:
    """How far the exchange's clock is from ours, and on which side."""
    if isinstance(offset, Unknown):
        return _said(offset)
    seconds = offset.total_seconds()
    return f"{abs(seconds):.1f} s {'behind' if seconds < 0 else 'ahead of'} ours"


def _said(found: object) -> str:
    return f"UNKNOWN — {found.why}" if isinstance(found, Unknown) else str(found)

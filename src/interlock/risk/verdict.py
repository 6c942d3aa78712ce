"""What the judge says: approved, or blocked with every objection, gravest first.

`Approved` is made in one place, `risk/judge.py`, and the trader accepts nothing else.
"""

from dataclasses import dataclass

from interlock.strategy.proposal import Proposal
from interlock.values import Instant, digest


@dataclass(frozen=True, slots=True)
class Objection:
    """One rule that says no: what it found and what it would have admitted, as texts; `code` is its stored reason code."""

    rule: str
    code: str
    found: str
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Approved:
    """Every rule was asked about exactly this proposal, and none objected."""

    proposal: Proposal
    at: Instant

    @property
    def id(self) -> str:
        """The verdict's own id: this proposal judged at this instant."""
        return digest("verdict", self.proposal.key, str(self.at.micros))


@dataclass(frozen=True, slots=True)
class Blocked:
    """Blocked by us, before anyone heard; never empty."""

    proposal: Proposal | None
    at: Instant
    objections: tuple[Objection, ...]

    @property
    def code(self) -> str:
        """The stored reason code: that of the gravest objection."""
        return self.objections[0].code

    @property
    def id(self) -> str:
        """The verdict's own id."""
        key = self.proposal.key if self.proposal else self.objections[0].rule
        return digest("verdict", key, str(self.at.micros))


Verdict = Approved | Blocked

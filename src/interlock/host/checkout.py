"""The code of this host, by git: which commit stands there, whether files differ from it, and how a pull went.

What git says of a remote is never repeated: an address may hold a token.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from interlock.evidence.seen import Checkout, Fact
from interlock.host.clock import WallClock
from interlock.host.commands import Ran, run
from interlock.values import Known, Unknown

PULL_WAIT: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Repository:
    """The checkout at `root`."""

    root: Path

    def head(self) -> Fact[str]:
        """The short hash of HEAD."""
        ran = self._git("rev-parse", "--short", "HEAD")
        return ran if isinstance(ran, Unknown) else Known(ran.stdout.strip(), WallClock().now())

    def is_dirty(self) -> Fact[bool]:
        """Whether anything differs from HEAD, or stands there that git neither knows nor ignores."""
        ran = self._git("status", "--porcelain")
        return ran if isinstance(ran, Unknown) else Known(bool(ran.stdout), WallClock().now())

    def as_it_stands(self, why: str) -> Checkout:
        """The checkout when nothing is pulled, and why not."""
        head = self.head()
        return Checkout(head, Unknown(why), head, self.is_dirty())

    def pulled(self) -> Checkout:
        """The checkout after one fast-forward pull."""
        before = self.head()
        ran = self._git("pull", "--ff-only", "--quiet", wait=PULL_WAIT)
        after = self.head()
        said = "already up to date" if before_equals(before, after) else "fast-forwarded"
        pulled = ran if isinstance(ran, Unknown) else Known(said, WallClock().now())
        return Checkout(before, pulled, after, self.is_dirty())

    def _git(self, *words: str, wait: timedelta = timedelta(seconds=15)) -> Ran | Unknown:
        trust = (
            f"safe.directory={self.root}"  # root may look at the checkout of the unprivileged user
        )
        ran = run(("git", "-c", trust, "-C", str(self.root), *words), wait=wait)
        if isinstance(ran, Unknown) or ran.code == 0:
            return ran
        return Unknown(f"git {words[0]} ended with {ran.code}")


def before_equals(before: Fact[str], after: Fact[str]) -> bool:
    """Whether both are known and name the same commit."""
    return isinstance(before, Known) and isinstance(after, Known) and before.value == after.value

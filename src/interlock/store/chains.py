"""The two chains of migrations: what each keeps, the revisions that this version knows, and how durable a commit of it is."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations of one file: their folder, the revisions known to this version, the newest last; how durable a commit is.

    A file that `must_stay` is asked for at its place each time: what is written into one that was taken away is lost.
    """

    name: str
    revisions: tuple[str, ...]
    synchronous: Literal["FULL", "NORMAL"]
    must_stay: bool

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


BOOKS: Final = Chain(
    "books",
    ("b0001", "b0002", "b0003", "b0004", "b0005", "b0006", "b0007", "b0008"),
    "FULL",
    must_stay=True,
)
MARKET: Final = Chain("market", ("m0001",), "NORMAL", must_stay=False)

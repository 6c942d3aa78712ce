"""The rooms whose mutants are bred, each with what is not bred of it and why, and the tests that judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "interlock"
_BYTES: Final = "Its words are compared by their own tests, byte for byte."
_DATA: Final = "It holds figures and words alone, and they are compared by their own tests."
# What every store promises of orders, executions and lots.
_BOOKS: Final = (
    "tests/promises/test_books.py",
    "tests/promises/test_books_evidence.py",
    "tests/promises/test_books_pairs.py",
    "tests/promises/test_books_margin.py",
)
# A desk at work: what a wrong room would do to an account, in a second or two.
_DESK: Final = (
    "tests/rehearsal/test_the_guardian.py",
    "tests/rehearsal/test_on_margin.py",
    "tests/rehearsal/test_promises_of_the_desk.py",
)


@dataclass(frozen=True, slots=True)
class Room:
    """One room: where its modules lie, the tests that judge it, and which of its modules are not bred, with the reason."""

    name: str
    tests: tuple[str, ...]
    not_bred: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package as Python imports it."""
        return f"interlock.{self.name}"

    def modules(self) -> list[Path]:
        """The modules that are bred."""
        folder = SOURCE.joinpath(*self.name.split("."))
        all_of_it = sorted(folder.glob("*.py"))
        return [
            path for path in all_of_it if path.stem != "__init__" and path.stem not in self.not_bred
        ]


ROOMS: Final = {
    room.name: room
    for room in (
        Room(
            "risk",
            ("tests/rooms/risk", "tests/house/test_generated_docs.py"),
            {
                "limits": _DATA,
                "remedies": _DATA,
                "rule": _DATA,
                "verdict": _DATA,
                "probe_request": _BYTES,
            },
        ),
        Room("orders", ("tests/rooms/orders", *_BOOKS, *_DESK)),
        Room("ledger", ("tests/rooms/ledger", *_BOOKS, *_DESK)),
        Room(
            "protection",
            (
                "tests/rooms/protection",
                "tests/rooms/health/test_cover_and_consistency.py",
                *_DESK,
            ),
        ),
        Room(
            "reconcile",
            ("tests/rooms/reconcile", "tests/rehearsal/test_one_pass_converges.py", *_DESK),
        ),
        Room(
            "protocol.crypto_com",
            (
                "tests/rooms/protocol",
                "tests/rooms/exchange/test_client.py",
                "tests/foreign/test_recorded_refusals.py",
                "tests/foreign/test_sign_vectors.py",
            ),
        ),
    )
}
# What walks very many cases again that a smaller test walks too, or a real file where the dictionary keeps the same promise.
NOT_ASKED: Final = "not any_bytes and not 3-spot and not 3-margin and not sqlite"

"""Whether nobody but this host reaches our ports: by what compose publishes and by who really listens, two words for one thing.

A port that is published without an address is published to everybody. The peer's address says nothing about it, so it is not asked for.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from interlock.evidence.proof import CheckRow, joined
from interlock.values import Unknown

STEP: Final = "verify_no_public_ports"
HERE: Final = "127.0.0.1"
# Canary, database, metrics of ours and of those that watch us: whoever listens on them, nobody else may reach them.
PRIVATE: Final = frozenset({8003, 5432, 9090, 9093, 9100, 9101, 9119})


class Bound(Protocol):
    """A port at an address: of a listening socket, or published by compose."""

    @property
    def address(self) -> str:
        """The address, as it was written; empty where none was."""
        ...

    @property
    def port(self) -> int:
        """The port on this host; 0 where the engine chooses one."""
        ...

    @property
    def is_loopback(self) -> bool:
        """Whether only this very host reaches it."""
        ...


def ports_proof(
    doors: Sequence[int],
    listening: Sequence[Bound] | Unknown,
    published: Sequence[Bound] | Unknown | None,
) -> CheckRow:
    """Every door stands at 127.0.0.1, and no door or private port anywhere else; `published` is None where compose has no part."""
    guarded = PRIVATE | set(doors)
    heard = (
        listening if isinstance(listening, Unknown) else [b for b in listening if b.port in guarded]
    )
    rows = [_row("sockets", doors, heard)]
    if published is not None:
        rows.append(_row("compose", doors, published))
    return joined(STEP, tuple(rows))


def _row(source: str, doors: Iterable[int], bound: Sequence[Bound] | Unknown) -> CheckRow:
    if isinstance(bound, Unknown):
        return CheckRow(source, passed=False, compared=0, found=f"could not look: {bound.why}")
    public = sorted(
        {f"{each.address or 'any address'}:{each.port}" for each in bound if not each.is_loopback}
    )
    here = {each.port for each in bound if each.address == HERE}
    missing = [f"{HERE}:{port}" for port in doors if port not in here]
    found = f"public={','.join(public) or 'none'} missing={','.join(missing) or 'none'}"
    return CheckRow(source, passed=not public and not missing, compared=len(bound), found=found)

"""Whether the backend stands: its container runs and is healthy, it answers, and it says that it is ready.

Signed access to the exchange is no part of it: a platform that the exchange shuts out still stands.
"""

from typing import Final, Protocol

from interlock.evidence.proof import CheckRow, joined
from interlock.values import Unknown

STEP: Final = "health_guard"
OK: Final = 200


class Standing(Protocol):
    """A container."""

    @property
    def state(self) -> str:
        """What the engine calls its state."""
        ...

    @property
    def health(self) -> str:
        """What its health check says."""
        ...

    @property
    def is_well(self) -> bool:
        """Whether it runs and is healthy."""
        ...


def guard_proof(
    container: Standing | Unknown | None, live: int | Unknown, ready: int | Unknown
) -> CheckRow:
    """The statuses of liveness and readiness, and the backend's container; None where the backend is no container."""
    rows = [_answer("live", live), _answer("ready", ready)]
    if container is not None:
        rows.append(_container(container))
    return joined(STEP, tuple(rows))


def _answer(path: str, status: int | Unknown) -> CheckRow:
    if isinstance(status, Unknown):
        return CheckRow(path, passed=False, compared=0, found=f"no answer: {status.why}")
    return CheckRow(path, passed=status == OK, compared=1, found=f"HTTP {status}")


def _container(container: Standing | Unknown) -> CheckRow:
    if isinstance(container, Unknown):
        return CheckRow("container", passed=False, compared=0, found=container.why)
    found = f"{container.state}, {container.health or 'without a health check'}"
    return CheckRow("container", passed=container.is_well, compared=1, found=found)

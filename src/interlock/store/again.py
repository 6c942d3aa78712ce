"""A transaction that was undone is done again, from its beginning and on what stands now; what follows its commit has not begun yet."""

import contextlib
import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from interlock.errors import Undone

P = ParamSpec("P")
R = TypeVar("R")

TIMES: Final = 3


def again(transaction: Callable[P, R]) -> Callable[P, R]:
    """Done up to three times; whoever is undone each time raises Undone, and nothing of it was kept."""

    @functools.wraps(transaction)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TIMES - 1):
            with contextlib.suppress(Undone):
                return transaction(*args, **kwargs)
        return transaction(*args, **kwargs)

    return done

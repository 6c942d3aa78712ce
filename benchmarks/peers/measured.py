"""What every peer's program needs: the series, the candidates, the clock of the processor, and one line of JSON. NumPy alone."""

import json
import resource
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

T = TypeVar("T")

WARM_UP = 200
STOPS = [n / 400 for n in range(4, 14)]
TARGETS = [n / 200 for n in range(4, 24)]


def bars(path: str) -> dict[str, np.ndarray]:
    """The series by column."""
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


def measure(call: Callable[[], T], times: int = 3) -> tuple[float, T]:
    """The fewest seconds of processor time, after a warm-up that compiles, and what came out."""
    found = call()
    spans = []
    for _ in range(times):
        began = time.process_time()
        found = call()
        spans.append(time.process_time() - began)
    return min(spans), found


def tell(  # noqa: PLR0913, PLR0917 - one line of a table
    name: str,
    version: str,
    count: int = 0,
    one: tuple[float, int] | None = None,
    candidates: int = 0,
    sweep: tuple[float, object] | None = None,
    more: Mapping[str, float] | None = None,
) -> None:
    """The last line of stdout."""
    told: dict[str, object] = {"name": name, "version": version}
    if one is not None:
        told["bars"] = count
        told["seconds"] = round(one[0], 6)
        told["bars_per_second"] = round(count / one[0])
        told["trades"] = int(one[1])
    if sweep is not None:
        told["combinations_per_second"] = round(candidates / sweep[0], 2)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told["max_rss_mb"] = round(usage.ru_maxrss / 1024, 1)
    print(json.dumps({**told, **(more or {})}))

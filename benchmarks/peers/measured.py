"""What every peer's program needs: the series, the candidates, the clock of the processor, and one line of JSON. NumPy alone."""

import json
import resource
import time
from collections.abc import Callable

import numpy as np

WARM_UP = 200
STOPS = [n / 400 for n in range(4, 14)]
TARGETS = [n / 200 for n in range(4, 24)]


def bars(path: str) -> dict[str, np.ndarray]:
    """The series by column."""
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


def measure(call: Callable[[], object], times: int = 3) -> tuple[float, object]:
    """The fewest seconds of processor time, after a warm-up that compiles, and what came out."""
    call()
    spans = []
    for _ in range(times):
        began = time.process_time()
        found = call()
        spans.append(time.process_time() - began)
    return min(spans), found


def tell(  # noqa: PLR0913, PLR0917 - one line of a table
    name: str,
    version: str,
    count: int,
    one: tuple[float, object],
    candidates: int = 0,
    sweep: tuple[float, object] | None = None,
    **more: float,
) -> None:
    """The last line of stdout."""
    told: dict[str, object] = {
        "name": name,
        "version": version,
        "bars": count,
        "seconds": round(one[0], 6),
        "bars_per_second": round(count / one[0]),
        "trades": int(one[1]),  # type: ignore[call-overload] # a count
        "max_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        **more,
    }
    if sweep is not None:
        told["combinations_per_second"] = round(candidates / sweep[0], 2)
    print(json.dumps(told))

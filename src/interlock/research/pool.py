"""The local pool: processes that map the bars once and evaluate candidates in chunks. What one candidate does ends no sweep.

The bars are one file of plain arrays that every process maps, so that memory holds them once. A process that dies takes its chunk with it:
each of that chunk is tried again alone, and the one that kills its process again is a result with that name.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from interlock.market import Window
from interlock.research.candidates import Candidate, Metrics, Result

AHEAD: Final = 2
CHUNK_MAX: Final = 256
# So long a chunk aims to last: short enough for a bar of progress, long enough to be worth sending.
CHUNK_S: Final = 0.25
DIED: Final = "Its process died."
WIDTH: Final = 8

Series = Sequence[Window]
Evaluate = Callable[[Candidate], Metrics]
Make = Callable[[Series], Evaluate]
"""Called once in every process; it crosses from one to the other, so it is a module's own function or a dataclass."""


class Died(Exception):
    """The process that had a chunk is no more."""


class Crew(Protocol):
    """Whoever evaluates: processes of this machine, or a cluster."""

    @property
    def hands(self) -> int:
        """How many candidates it evaluates at once."""

    def send(self, chunk: Sequence[Candidate]) -> Any:  # noqa: ANN401 - a ticket means something to its crew alone
        """Has a chunk evaluated; returns a ticket."""

    def first(self, tickets: Collection[Any]) -> Any:  # noqa: ANN401 - likewise
        """Waits for one of them."""

    def take(self, ticket: Any) -> list[Result]:  # noqa: ANN401 - likewise
        """The results of a chunk that is done; Died when there are none."""


def evaluated(
    crew: Crew, candidates: Iterable[Candidate], chunk_max: int = CHUNK_MAX
) -> Iterator[list[Result]]:
    """The results of all candidates as they come, in any order, each once."""
    left, flying = iter(candidates), dict[Any, list[Candidate]]()
    pace, suspects = Pace(), list[Candidate]()
    while True:
        while len(flying) < AHEAD * crew.hands:
            chunk = list(islice(left, min(pace.chunk, chunk_max)))
            if not chunk:
                break
            flying[crew.send(chunk)] = chunk
        if not flying:
            break
        ticket = crew.first(flying)
        chunk = flying.pop(ticket)
        try:
            results = crew.take(ticket)
        except Died:
            suspects += chunk
        else:
            pace.heed(results)
            yield results
    for each in suspects:
        yield [_alone(crew, each)]


def tried(evaluate: Evaluate, candidate: Candidate) -> Result:
    """What came of a candidate; whatever its strategy raises is what came of it."""
    began = time.perf_counter()
    try:
        metrics, failure = evaluate(candidate), ""
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it belongs to the candidate, not to the sweep
        metrics, failure = {}, f"{type(error).__name__}: {error}"
    return Result(candidate, metrics, failure, time.perf_counter() - began)


@dataclass(slots=True)
class Pace:
    """How large a chunk is, by how long candidates took so far."""

    count: int = 0
    seconds: float = 0.0

    @property
    def chunk(self) -> int:
        """As many as take a quarter of a second."""
        mean = self.seconds / self.count if self.count else CHUNK_S
        return max(1, min(CHUNK_MAX, int(CHUNK_S / max(mean, 1e-9))))

    def heed(self, results: Sequence[Result]) -> None:
        """Counts these in."""
        self.count += len(results)
        self.seconds += sum(each.elapsed_s for each in results)


class Processes:
    """So many processes of this machine. They end with the process that started them, however it ends."""

    def __init__(self, make: Make, series: Series, file: Path, count: int) -> None:
        self.hands: Final = count
        self._job: Final = Job(make, file, lay(series, file))
        self._pool = self._started()

    def send(self, chunk: Sequence[Candidate]) -> "Future[list[Result]]":
        """Has a chunk evaluated by the next process that is free."""
        with suppress(BrokenProcessPool):
            return self._pool.submit(_evaluate, self._job, chunk)
        self._pool = self._started()
        return self._pool.submit(_evaluate, self._job, chunk)

    def first(self, tickets: "Collection[Future[list[Result]]]") -> "Future[list[Result]]":
        """Waits for one of them."""
        return next(iter(wait(tickets, return_when=FIRST_COMPLETED).done))

    def take(self, ticket: "Future[list[Result]]") -> list[Result]:
        """The results of a chunk; Died when any process died while it was out."""
        try:
            return ticket.result()
        except BrokenProcessPool as error:
            raise Died from error

    def close(self) -> None:
        """Ends all processes at once, whatever they are at."""
        processes = list((self._pool._processes or {}).values())  # noqa: SLF001 - the pool has no word for "now"
        self._pool.shutdown(wait=False, cancel_futures=True)
        for each in processes:
            each.kill()
        for each in processes:
            each.join()
        self._job.file.unlink(missing_ok=True)

    def _started(self) -> ProcessPoolExecutor:
        context = get_context("forkserver")
        context.set_forkserver_preload([__name__, self._job.make.__module__])
        return ProcessPoolExecutor(self.hands, mp_context=context, initializer=_begin)


@dataclass(frozen=True, slots=True)
class Plate:
    """Where the arrays of one window lie in the file: one after the other, from `first` on."""

    symbol: str
    span: timedelta
    first: int
    bars: int


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to begin: what makes an evaluation of bars, and where they lie."""

    make: Make
    file: Path
    plates: list[Plate]


def lay(series: Series, file: Path) -> list[Plate]:
    """Writes the arrays of all windows into one file."""
    plates, first = [], 0
    with file.open("wb") as out:
        for window in series:
            plates.append(Plate(window.symbol, window.span, first, len(window)))
            for array in (window.opens_ms, *window.arrays):
                out.write(np.ascontiguousarray(array).tobytes())
            first += 6 * WIDTH * len(window)
    return plates


def mapped(file: Path, plates: Sequence[Plate]) -> list[Window]:
    """The windows that lie in the file; their arrays are the file itself, and nobody writes them."""
    whole = np.memmap(file, dtype=np.uint8, mode="r") if any(p.bars for p in plates) else b""
    return [_window(np.frombuffer(whole, dtype=np.uint8), each) for each in plates]


def _window(whole: np.ndarray[Any, np.dtype[np.uint8]], plate: Plate) -> Window:
    size = WIDTH * plate.bars
    parts = [whole[plate.first + n * size : plate.first + (n + 1) * size] for n in range(6)]
    prices = (part.view(np.float64) for part in parts[1:])
    return Window(plate.symbol, plate.span, parts[0].view(np.int64), *prices)


def _alone(crew: Crew, candidate: Candidate) -> Result:
    ticket = crew.send([candidate])
    try:
        return crew.take(crew.first([ticket]))[0]
    except Died:
        return Result(candidate, {}, DIED, 0.0)


# What this process has made of the bars, by the file that they lie in; a process of a pool has one.
_made: Final[dict[str, Evaluate]] = {}


def _begin() -> None:
    """A process of the pool leaves Ctrl-C to its parent, and goes when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_go_with_parent, daemon=True).start()


def _go_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _evaluate(job: "Job", chunk: Sequence[Candidate]) -> list[Result]:
    file = str(job.file)
    if file not in _made:
        _made[file] = job.make(mapped(job.file, job.plates))
    return [tried(_made[file], each) for each in chunk]

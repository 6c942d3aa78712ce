"""The process in which an owner's strategies run: it loads them, says what they are, and answers one question at a time until it is left.

Its memory is bounded before the first line of theirs is read, it dies with whoever started it, and what they print goes nowhere.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from interlock.errors import BadInput
from interlock.strategist.loading import REFUSED, Loaded, load, said_of
from interlock.strategist.words import (
    HEAD,
    Ask,
    Failed,
    Reply,
    Shelf,
    ask_of,
    card_of,
    framed,
    length,
    lots_of,
    reply_of,
    spoken,
    window_of,
)
from interlock.strategy.decide import managed, opinion_at

PR_SET_PDEATHSIG: Final = 1
# Where the whole unit runs out of memory the kernel ends this process, and not the platform.
FIRST_TO_GO: Final = "1000"


def serve(folder: Path, memory: int, questions: BinaryIO, answers: BinaryIO) -> None:
    """Answers until there are no more questions."""
    with suppress(OSError):  # a host that hides its /proc keeps the bound on memory all the same
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.insert(0, str(folder))
    loaded = load(folder)
    _say(answers, shelf_of(loaded))
    while head := questions.read(HEAD):
        _say(answers, answer(loaded, ask_of(questions.read(length(head)))))


def answer(loaded: Loaded, ask: Ask) -> Reply:
    """The opinion of one strategy, or what it raised."""
    try:
        strategy = loaded.strategies[ask.name]
        window = window_of(ask)
        newest = len(window) - 1
        said = opinion_at(strategy.columns(window), newest)
        return checked(spoken(managed(strategy, said, window, newest, lots_of(ask))))
    except REFUSED as error:
        return Failed(said_of(error))


def shelf_of(loaded: Loaded) -> Shelf:
    """What was loaded, and what could not be; a strategy that cannot be described is among the latter."""
    cards, broken = [], dict(loaded.broken)
    for name, strategy in loaded.strategies.items():
        try:
            card = card_of(strategy, loaded.sources[name])
            checked(Shelf([card], {}))
            cards.append(card)
        except REFUSED as error:
            broken[loaded.sources[name]] = said_of(error)
    return Shelf(cards, broken)


def checked(reply: Reply) -> Reply:
    """The reply, when it is one that will be heard; what a strategy says too much of is its own trouble, not the process's."""
    reply_of(framed(reply)[HEAD:])
    return reply


def _say(answers: BinaryIO, reply: Reply) -> None:
    answers.write(framed(reply))
    answers.flush()


def main() -> None:
    """`python -I -m interlock.strategist.worker FOLDER MEMORY PARENT`: questions on stdin, answers on what was stdout."""
    folder, memory, parent = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise BadInput("Whoever started this is gone.")
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        serve(folder, memory, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

"""A disk of five megabytes under the books, in a mount namespace of its own: filled to the last block, or turned read-only.

`python -m tests.host.small_disk full|closed FOLDER` mounts it, does its worst, and prints as JSON what the books did about it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from interlock.account import Mode
from interlock.errors import InterlockError
from interlock.orders.evidence import Accepted
from interlock.strategy.proposal import Purpose
from tests.house.tree import ROOT
from tests.promises.wishes import MINUTE, NOON, armed, ask, entry
from tests.rehearsal.disks import integrity, looking, missing, opened, work

SIZE: Final = "5m"
BALLAST: Final = 1_500_000
MANY: Final = 1000
Found = dict[str, object]


def on_a_small_disk(what: str, folder: Path) -> Found:
    """What is printed by this program, run where it may mount."""
    words = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    ran = subprocess.run(
        [*words, sys.executable, "-m", __name__, what, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: Found = json.loads(ran.stdout.splitlines()[-1])
    return found


def said_of(act: Callable[[], object]) -> str:
    """The error that it raises, or nothing."""
    try:
        act()
    except InterlockError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def full(folder: Path) -> Found:
    """Orders are asked for until there is no room; then one is cancelled, the kill switch thrown, and the platform started again."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(BALLAST))
    place = folder / "data"
    books = opened(place)
    tenure = armed(books)
    resting, attempt = ask(books, tenure, entry("resting"))
    books.answered(attempt, Accepted("resting"), NOON)
    said: list[tuple[str, str, int]] = []
    found: Found = {}
    found["full"] = said_of(lambda: said.extend(work(books, tenure, MANY)))
    found["rows"] = len(said)
    found["again"] = said_of(lambda: ask(books, tenure, entry("more")))
    cancel = books.cancel_attempt(tenure.epoch, NOON, resting.id)
    assert cancel is not None
    found["may_send"] = books.may_send(cancel, NOON, Purpose.ENTRY)
    found["answered"] = str(books.answered(cancel, Accepted("resting"), NOON).state)
    found["killed"] = books.switch("ann", "full", NOON, mode=None, kill=True).kill is not None
    found["new"] = said_of(lambda: ask(books, tenure, entry("new")))
    found["epoch"] = opened(place).open(Mode.SIM, NOON + MINUTE).epoch
    with looking(place) as connection:
        found["wrong"] = [*missing(connection, said), *integrity(connection)]
    ballast.unlink()
    books = opened(place)
    tenure = books.open(Mode.SIM, NOON + MINUTE)
    found["roomy"] = said_of(lambda: ask(books, tenure, entry("roomy"), NOON + MINUTE))
    return found


def closed(folder: Path) -> Found:
    """The file system is turned read-only between two lives, as the kernel does with one that is damaged, and back again."""
    place = folder / "data"
    books = opened(place)
    tenure = armed(books)
    said = list(work(books, tenure, 2))
    books.close()
    _mount(folder, "remount,ro")
    found: Found = {"closed": said_of(lambda: armed(opened(place)))}
    _mount(folder, "remount,rw")
    books = opened(place)
    found["epoch"] = books.open(Mode.SIM, NOON + MINUTE).epoch
    with looking(place) as connection:
        found["wrong"] = [*missing(connection, said), *integrity(connection)]
    return found


def _mount(folder: Path, options: str) -> None:
    subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True
    )


if __name__ == "__main__":
    where = Path(sys.argv[2])
    _mount(where, f"size={SIZE}")
    sys.stdout.write(json.dumps({"full": full, "closed": closed}[sys.argv[1]](where)))

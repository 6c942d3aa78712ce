"""Zombies on a real PostgreSQL: each run on a database of its own, several programs side by side, since they mostly wait for a lease."""

from contextlib import closing
from typing import Any

from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store import open_books, open_market
from tests.host.postgresql import Server
from tests.rehearsal.rivalry import begun, ended


def template_of(server: Server) -> str:
    """A database in which every table stands already, to be copied: a migration for each run would cost a second."""
    name = server.database()
    url = server.url(name)
    with closing(open_books(url, limits=Limits(), bound=Mode.SIM, enabled=True)) as books:
        books.switches()
    with closing(open_market(url)) as market:
        market.ticks()
    return name


def zombies_on_postgresql(
    server: Server, template: str, side_by_side: int, runs: int, seed: int = 0
) -> list[dict[str, Any]]:
    """So many runs in each of so many programs."""
    children = []
    for number in range(side_by_side):
        urls = [server.url(server.database(template)).reveal() for _ in range(runs)]
        children.append(begun("zombies", runs, seed + number * runs, *urls))
    return [ended(child) for child in children]

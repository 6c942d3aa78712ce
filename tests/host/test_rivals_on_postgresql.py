"""Two engines on one PostgreSQL, as real processes: a zombie that wakes inside its work ends, and sends nothing more."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.host.postgresql import Server
from tests.rehearsal.rivals import Tally, exchange, started_at_once, take_over

pytestmark = pytest.mark.host

SIDE_BY_SIDE = 4
TURNS = 5
RACES = 20


def test_a_zombie_that_wakes_after_a_takeover_ends_and_there_was_never_a_second_sender(
    server: Server, template: str
) -> None:
    def turns(seed: int) -> Tally:
        url = server.url(server.database(template)).reveal()
        with exchange() as at:
            return take_over(url, at, TURNS, seed)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tallies = list(pool.map(turns, range(SIDE_BY_SIDE)))

    assert [tally.violations for tally in tallies] == [[]] * SIDE_BY_SIDE
    assert sum(tally.done for tally in tallies) == SIDE_BY_SIDE * TURNS
    assert [tally.epochs for tally in tallies] == [TURNS + 1] * SIDE_BY_SIDE


def test_of_two_engines_that_begin_at_once_one_leads(server: Server, template: str) -> None:
    """Each race on books of its own: a lease whose holder was killed would make both wait for its end. Faults N1, N2."""
    with exchange() as at, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        places = [server.url(server.database(template)).reveal() for _ in range(RACES)]
        found = list(pool.map(lambda place: started_at_once(place, at), places))

    assert found == [("leads", "stands by")] * RACES

"""Two engines on one PostgreSQL, as real processes: a zombie that wakes inside its work ends, and sends nothing more."""

import pytest

from tests.host.postgresql import Server
from tests.host.zombies import zombies_on_postgresql
from tests.rehearsal.rivalry import met

pytestmark = pytest.mark.host

SIDE_BY_SIDE = 4
TURNS = 5
RACES = 20


def test_a_zombie_that_wakes_after_a_takeover_ends_and_there_was_never_a_second_sender(
    server: Server, template: str
) -> None:
    tallies = zombies_on_postgresql(server, template, SIDE_BY_SIDE, TURNS)

    assert [tally["violations"] for tally in tallies] == [[]] * SIDE_BY_SIDE
    assert [tally["zombies"] for tally in tallies] == [TURNS] * SIDE_BY_SIDE


def test_of_two_engines_that_begin_at_once_one_leads(server: Server, template: str) -> None:
    """Each race on books of its own: a lease whose holder was killed would make both wait for its end."""
    urls = [server.url(server.database(template)).reveal() for _ in range(RACES)]
    tally = met("races", RACES, 0, *urls)

    assert (tally["races"], tally["epochs"], tally["violations"]) == (RACES, RACES, [])
